"""The profile of a result: what the footers of its staged files say of the rows, at no cost."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sparkjobs.checks.footers import nulls_of
from sparkjobs.results import ColumnProfile, Profile, Staged

_MAX_TEXT = 64
"""Longer texts are left out; a record is no place for them."""


def profile_of(staged: Staged) -> Profile:
    """Rows, bytes, and of each column its nulls and bounds where the footers tell them."""
    fields = json.loads(staged.schema)["fields"]
    columns = ((field["name"], _column(staged, field["name"], field["type"])) for field in fields)
    return Profile(staged.rows, staged.size, tuple(columns))


def _column(staged: Staged, name: str, kind: Any) -> ColumnProfile:  # noqa: ANN401 (JSON)
    facts = dict(staged.columns).get(name)
    low, high = (_told(facts.low), _told(facts.high)) if facts else (None, None)
    told = kind if isinstance(kind, str) else json.dumps(kind, ensure_ascii=False)
    return ColumnProfile(told, nulls_of(staged, name), low, high)


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
