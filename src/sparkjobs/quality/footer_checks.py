"""Checks that the footers and folder names of the staged files answer, at no cost."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from sparkjobs.config.checks import Between, Check, NotNull, RowCount
from sparkjobs.quality.checks import name_of
from sparkjobs.quality.verdict import judged, status_of
from sparkjobs.results import CheckResult, ColumnFacts, Staged

_CONVERSIONS: dict[type, Callable[[str], object]] = {
    int: Decimal,
    Decimal: Decimal,
    date: date.fromisoformat,
}


def from_footers(check: Check, staged: Staged) -> list[CheckResult] | None:
    """The results of `check`, or None where the footers cannot tell."""
    match check:
        case RowCount():
            return [_row_count(check, staged.rows)]
        case NotNull(where=None):
            nulls = [_nulls(staged, name) for name in check.columns]
            return (
                [
                    judged(
                        name_of(check, name),
                        check,
                        failing=count,
                        evaluated=staged.rows,
                        source="footer",
                    )
                    for name, count in zip(check.columns, nulls, strict=True)
                    if count is not None
                ]
                if None not in nulls
                else None
            )
        case Between(where=None):
            facts = dict(staged.columns).get(check.column)
            if facts is None or not _within(check, facts):
                return None
            evaluated = staged.rows - facts.nulls
            return [judged(name_of(check), check, failing=0, evaluated=evaluated, source="footer")]
        case _:
            return None


def _row_count(check: RowCount, rows: int) -> CheckResult:
    low, high = check.min or 0, check.max
    holds = low <= rows and (high is None or rows <= high)
    status = status_of(check, holds=holds)
    bounds = f"at least {low:,}" if high is None else f"{low:,} to {high:,}"
    return CheckResult(
        name_of(check),
        check.severity,
        status,
        f"{rows:,} rows, wanted {bounds}",
        None,
        None,
        "footer",
    )


def _nulls(staged: Staged, name: str) -> int | None:
    """How many rows hold no value in `name`; None when the footers do not say."""
    if not staged.files:
        return 0
    if name in staged.partition_by:
        return sum(file.rows for file in staged.files if dict(file.partition)[name] is None)
    facts = dict(staged.columns).get(name)
    return None if facts is None else facts.nulls


def _within(check: Between, facts: ColumnFacts) -> bool:
    """Whether the bounds prove that every value lies in range; False when they prove nothing."""
    convert = _CONVERSIONS.get(type(facts.low))
    if convert is None:
        return False
    low = convert(str(facts.low)) if not isinstance(facts.low, date) else facts.low
    high = convert(str(facts.high)) if not isinstance(facts.high, date) else facts.high
    try:
        above = check.min is None or convert(str(check.min)) <= low  # type: ignore[operator]  # one type
        below = check.max is None or high <= convert(str(check.max))  # type: ignore[operator]  # one type
    except (ValueError, ArithmeticError):
        return False
    return bool(above and below)
