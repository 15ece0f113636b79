"""Half-open UTC intervals, and which of them a table still lacks. No clock, no session, no files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Every = Literal["hour", "day", "month"]
_DECEMBER = 12


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """The instants `start <= t < end`. Never empty, never without a time zone."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if not (self.start.tzinfo is self.end.tzinfo is UTC and self.start < self.end):
            raise ValueError(f"{self.start} to {self.end} is no interval")

    def __str__(self) -> str:
        return f"{_shown(self.start)} to {_shown(self.end)}"


def floor(instant: datetime, every: Every) -> datetime:
    """The start of the hour, day or month that holds `instant`."""
    hour = instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    match every:
        case "hour":
            return hour
        case "day":
            return hour.replace(hour=0)
        case "month":
            return hour.replace(hour=0, day=1)


def following(start: datetime, every: Every) -> datetime:
    """The start of the hour, day or month after the one that starts at `start`."""
    match every:
        case "hour":
            return start + timedelta(hours=1)
        case "day":
            return start + timedelta(days=1)
        case "month" if start.month == _DECEMBER:
            return start.replace(year=start.year + 1, month=1)
        case "month":
            return start.replace(month=start.month + 1)


def whole(start: datetime, end: datetime, every: Every) -> Iterator[Interval]:
    """The whole hours, days or months from the one that holds `start` on, none of them past `end`."""
    reached = floor(start, every)
    while (after := following(reached, every)) <= end:
        yield Interval(reached, after)
        reached = after


def joined(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same instants in as few intervals as can be, oldest first."""
    result: list[Interval] = []
    for one in sorted(intervals):
        if result and one.start <= result[-1].end:
            result[-1] = Interval(result[-1].start, max(result[-1].end, one.end))
        else:
            result.append(one)
    return tuple(result)


def covers(published: Iterable[Interval], one: Interval) -> bool:
    """Whether every instant of `one` lies in `published`, which is joined."""
    return any(done.start <= one.start and one.end <= done.end for done in published)


_DAY = len("2013-01-31")


def extent_of(text: str) -> Interval | None:
    """The month, day or hour that a partition's value names: `2013-01`, `2013-01-31`, `2013-01-31T05`.

    None for what names none of them.
    """
    unit: Every = "hour" if len(text) > _DAY else "day"
    spellings: tuple[tuple[str, Every], ...] = ((text, unit), (f"{text}-01", "month"))
    for spelled, every in spellings:
        try:
            found = datetime.fromisoformat(spelled)
        except ValueError:
            continue
        start = floor(found.replace(tzinfo=UTC) if found.tzinfo is None else found, every)
        return Interval(start, following(start, every))
    return None


def _shown(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d}" if instant == floor(instant, "day") else f"{instant:%Y-%m-%dT%H:%MZ}"
