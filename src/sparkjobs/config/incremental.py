"""How a job finds the rows that it has not published yet: one model per way."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from sparkjobs.config.model import ColumnName, Model

_SPAN = re.compile(r"([1-9][0-9]{0,6})([smhd]?)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _span(text: str) -> str:
    if not _SPAN.fullmatch(text):
        raise ValueError(f"{text!r} is not a span; for example 3d, 12h, 90m, or 100 for a number")
    return text


def span_of(text: str) -> int | timedelta:
    """`3d` as a time, `100` as a number."""
    match = _SPAN.fullmatch(text)
    assert match, text  # noqa: S101 (the model has checked it)
    count = int(match[1])
    return timedelta(**{_UNITS[match[2]]: count}) if match[2] else count


def instant_of(text: str) -> datetime:
    """An ISO date or time as an instant; without a zone it is UTC.

    Raises:
        ValueError: it is neither.
    """
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _instant(text: str) -> str:
    try:
        instant_of(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a date or time; for example 2013-01-01") from error
    return text


class _Incremental(Model):
    on_change: Literal["fail", "full_refresh"] = "fail"
    """What to do when the job's code or conf is not what the table was made with."""


class ByFiles(_Incremental):
    """Files that are new or changed, by path, size and time."""

    by: Literal["files"]


class ByColumn(_Incremental):
    """Rows whose `column` has reached the high-water mark less `lookback`, both included."""

    by: Literal["column"]
    column: ColumnName
    lookback: Annotated[str, AfterValidator(_span)] | None = None


class ByVersion(_Incremental):
    """What was added to a Delta table since the published version.

    With mode overwrite_partitions: all rows of the partitions in which anything has changed.
    """

    by: Literal["version"]
    on_rewrite: Literal["fail", "full_refresh"] = "fail"
    """What to do when rows that were published before have been rewritten or deleted since."""


class ByInterval(_Incremental):
    """Half-open UTC intervals of `column` that were not published yet."""

    by: Literal["interval"]
    column: ColumnName
    every: Literal["hour", "day", "month"]
    start: Annotated[str, AfterValidator(_instant)]
    end: Annotated[str, AfterValidator(_instant)] | None = None
    """No interval ends after it; default: none that is not over yet."""
    lookback: Annotated[int, Field(ge=0, le=10_000)] = 0
    """How many published intervals before the newest are taken again, for rows that came late."""


Incremental = Annotated[ByFiles | ByColumn | ByVersion | ByInterval, Field(discriminator="by")]
