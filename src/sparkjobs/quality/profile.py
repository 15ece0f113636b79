"""The profile of a result, which the footers of its staged files tell, and what it is compared with."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sparkjobs.checks.footers import nulls_of
from sparkjobs.results import ColumnProfile, Estimates, History, PastRun, Profile, Staged

_MAX_TEXT = 64
"""Longer texts are left out; a record is no place for them."""


def profile_of(staged: Staged, estimates: Mapping[str, Estimates] | None = None) -> Profile:
    """Rows, bytes, and of each column its nulls and bounds where the footers tell them."""
    fields = json.loads(staged.schema)["fields"]
    known = estimates or {}
    columns = (
        (field["name"], _column(staged, field["name"], field["type"], known.get(field["name"])))
        for field in fields
    )
    return Profile(staged.rows, staged.size, tuple(columns))


def history_of(staged: Staged, kind: str, now: datetime, past: tuple[PastRun, ...]) -> History:
    """The result beside those runs of its job, oldest first, that it may be compared with.

    They have published; a refused result says nothing of what is usual. They are of the same `kind`: a first
    run or full refresh has as many rows as the table, an increment has not. And they have the same columns,
    or bytes and bounds are of something else. Runs with other code or conf stay in: what a change
    of those does to the result is what the comparison has to show.
    """
    profile = profile_of(staged)
    kinds = _kinds(profile)
    alike = (
        one
        for one in past
        if one.published is not None and one.kind == kind
        if one.profile and _kinds(one.profile) == kinds
    )
    return History(now, profile, tuple(alike))


def _kinds(profile: Profile) -> dict[str, str]:
    return {name: one.kind for name, one in profile.columns}


def _column(staged: Staged, name: str, kind: Any, estimates: Estimates | None) -> ColumnProfile:  # noqa: ANN401 (JSON)
    facts = dict(staged.columns).get(name)
    low, high = (_told(facts.low), _told(facts.high)) if facts else (None, None)
    told = kind if isinstance(kind, str) else json.dumps(kind, ensure_ascii=False)
    return ColumnProfile(told, nulls_of(staged, name), low, high, estimates)


def _told(value: object) -> int | str | None:
    """A bound as JSON holds it, without losing a digit; times in UTC."""
    match value:
        case int():
            return value
        case Decimal():
            return format(value, "f")
        case datetime(tzinfo=None):
            return value.isoformat()
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case str() if len(value) <= _MAX_TEXT:
            return value
        case _:
            return None
