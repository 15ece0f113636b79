"""What Parquet's footers and the folder names of staged files answer, at no cost.

Each function takes the staged files, and the columns and arguments of its check; it returns None where the
footers cannot tell.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from operator import le, lt
from typing import Any

from sparkjobs.checks.questions import Finding, bounds
from sparkjobs.results import ColumnFacts, Staged

_CONVERSIONS: dict[type, Callable[[str], object]] = {
    int: Decimal,
    Decimal: Decimal,
    date: date.fromisoformat,
}


def filled(staged: Staged, column: str) -> Finding | None:
    """How many rows hold no value."""
    nulls = nulls_of(staged, column)
    return None if nulls is None else _rows(nulls, staged.rows)


def empty(staged: Staged, column: str) -> Finding | None:
    """How many rows hold a value."""
    nulls = nulls_of(staged, column)
    return None if nulls is None else _rows(staged.rows - nulls, staged.rows)


def in_range(
    staged: Staged,
    column: str,
    *,
    min: object | None = None,
    max: object | None = None,
    strict: bool = False,
) -> Finding | None:
    """That all values lie in a range. How many do not, footers cannot tell."""
    facts = dict(staged.columns).get(column)
    if facts is None or not _within(min, max, facts, lt if strict else le):
        return None
    return _rows(0, staged.rows - facts.nulls)


positive = partial(in_range, min=0, strict=True)
non_negative = partial(in_range, min=0)


def row_count(
    staged: Staged, *, min: int | None = None, max: int | None = None, equals: int | None = None
) -> Finding:
    """How many rows there are."""
    low, high = (equals, equals) if equals is not None else (min or 0, max)
    holds = low <= staged.rows and (high is None or staged.rows <= high)
    return Finding(holds, f"{staged.rows:,} rows, wanted {bounds(low, high)}")


def nulls_of(staged: Staged, column: str) -> int | None:
    """How many rows hold no value in `column`; None when the footers do not say."""
    if not staged.files:
        return 0
    if column in staged.partition_by:
        return sum(file.rows for file in staged.files if dict(file.partition)[column] is None)
    facts = dict(staged.columns).get(column)
    return None if facts is None else facts.nulls


def _rows(failing: int, evaluated: int) -> Finding:
    return Finding(failing == 0, "", failing, evaluated)


def _within(
    low: object | None, high: object | None, facts: ColumnFacts, before: Callable[[Any, Any], Any]
) -> bool:
    """Whether the bounds prove that every value lies in range; False when they prove nothing."""
    convert = _CONVERSIONS.get(type(facts.low))
    if convert is None:
        return False
    least, most = (one if isinstance(one, date) else convert(str(one)) for one in (facts.low, facts.high))
    try:
        above = low is None or before(convert(str(low)), least)
        below = high is None or before(most, convert(str(high)))
    except (ValueError, ArithmeticError):
        return False
    return bool(above and below)
