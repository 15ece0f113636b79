"""Whether a result is as those before it were, by the profiles that earlier runs have recorded."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from statistics import median
from typing import Literal

from sparkjobs.checks.questions import Finding, bounds
from sparkjobs.config.arguments import AtLeastOne, NotNegative, Number
from sparkjobs.config.model import ColumnName
from sparkjobs.registry import check
from sparkjobs.results import History, Profile

Metric = Literal["row_count", "bytes", "null_share", "minimum", "maximum"]
Season = Literal["day_of_week", "day_of_month"]
_OF_A_COLUMN = ("null_share", "minimum", "maximum")
_BY_HISTORY = ("max_absolute_change", "max_change", "max_deviation")
_NUMBER = re.compile(r"byte|short|integer|long|decimal\([0-9]+, ?(?P<scale>[0-9]+)\)")
_TO_DEVIATION = Fraction("1.4826")
"""Standard deviations per median absolute deviation, of normally distributed values: 1 / 0.6745."""
_PLACES = 6


@dataclass(frozen=True, slots=True)
class _Limits:
    """Where one strategy wants the value to lie; None is no bound."""

    low: Fraction | None
    high: Fraction | None
    strategy: str = ""

    def hold(self, value: Fraction) -> bool:
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        low, high = (None if one is None else _plain(one) for one in (self.low, self.high))
        return bounds(low, high) + self.strategy


def unfit(of: Metric, column: ColumnName | None = None, **given: object) -> str | None:
    """What of the arguments of `anomaly` does not go together."""
    if (of in _OF_A_COLUMN) != (column is not None):
        return f"anomaly of {of} {'needs' if column is None else 'takes no'} 'column'"
    idle = [key for key in ("season", "min_runs") if key in given]
    if idle and not any(key in given for key in _BY_HISTORY):
        return f"{idle[0]!r} is for {', '.join(_BY_HISTORY)}: min and max look at no history"
    return None


@check(one_of=("min", "max", *_BY_HISTORY), unfit=unfit)
def anomaly(  # noqa: PLR0913 (as many as conf can give)
    history: History,
    *,
    of: Metric,
    column: ColumnName | None = None,
    min: Number | None = None,
    max: Number | None = None,
    max_absolute_change: NotNegative | None = None,
    max_change: NotNegative | None = None,
    max_deviation: NotNegative | None = None,
    season: Season | None = None,
    min_runs: AtLeastOne = 7,
) -> Finding:
    """All bounds that are given hold for `of`: [Anomalies](#anomalies) tells them.

    `of` is `row_count`, `bytes`, or of a `column` its `null_share`, `minimum` or `maximum`.

    green: {of: row_count, min: 90, max_change: 0.5} after 90, 110, 90, 110, 90, 110, 100 comes 150
    red:   {of: row_count, max_change: 0.5} after 90, 110, 90, 110, 90, 110, 100 comes 151
    red:   {of: row_count, min: 90, max_change: 0.5} after 100 comes 89
    green: {of: row_count, max_absolute_change: 10} after 90, 110, 90, 110, 90, 110, 100 comes 90
    red:   {of: row_count, max_absolute_change: 10} after 90, 110, 90, 110, 90, 110, 100 comes 89
    green: {of: row_count, max_deviation: 3} after 90, 110, 90, 110, 90, 110, 100 comes 144
    red:   {of: row_count, max_deviation: 3} after 90, 110, 90, 110, 90, 110, 100 comes 145
    """
    _refuse_untold(history.profile, of, column)
    value = _value(history.profile, of, column)
    if value is None:
        return Finding(holds=False, observed="no rows to evaluate")
    limits = [] if min is None and max is None else [_Limits(_exact(min), _exact(max))]
    before = tuple(_before(history, of, column, season))
    allowed = dict(
        zip(_BY_HISTORY, map(_exact, (max_absolute_change, max_change, max_deviation)), strict=True)
    )
    learns = len(before) < min_runs and any(one is not None for one in allowed.values())
    if not learns:
        limits += _limits(allowed, before, _step(history.profile, of, column))
    return _finding(value, limits, f"{len(before)} of {min_runs} runs to compare with" if learns else "")


def _finding(value: Fraction, limits: list[_Limits], lacks: str) -> Finding:
    """Whether all of `limits` hold; where something `lacks` for others, that they do is no answer yet."""
    broken = [one for one in limits if not one.hold(value)]
    if lacks and not broken:
        return Finding(holds=True, observed=f"{_plain(value):,}; {lacks}", learning=True)
    return Finding(not broken, f"{_plain(value):,}, wanted {'; '.join(map(str, broken or limits))}")


def _limits(
    allowed: dict[str, Fraction | None], before: tuple[Fraction, ...], step: Fraction
) -> Iterator[_Limits]:
    """What each strategy wants of a value that comes after those `before`."""
    for strategy, most in allowed.items():
        if most is None:
            continue
        if strategy == "max_deviation":
            middle, around = median(before), "around"
            reach = most * _spread(before, middle, step)
        else:
            middle, around = before[-1], "from"
            reach = most * (1 if strategy == "max_absolute_change" else abs(middle))
        told = f" ({strategy} {_plain(most):,} {around} {_plain(middle):,})"
        yield _Limits(middle - reach, middle + reach, told)


def _spread(before: tuple[Fraction, ...], middle: Fraction, step: Fraction) -> Fraction:
    """The scaled median absolute deviation, which one wild run among many does not move.

    Hampel, The influence curve and its role in robust estimation, 1974. It is never taken for less than
    one hundredth of the median, nor for less than one `step`: where all runs were alike it would be 0, and
    a single row more an anomaly.
    """
    scaled = _TO_DEVIATION * median(abs(one - middle) for one in before)
    return max(scaled, abs(middle) / 100, step)


def _step(profile: Profile, of: Metric, column: str | None) -> Fraction:
    """The least change that can mean anything: a row, a byte, a thousandth of the rows, the last digit."""
    if of == "null_share":
        return Fraction(1, 1000)
    found = _NUMBER.fullmatch(dict(profile.columns)[column].kind) if column else None
    return Fraction(1, 10 ** int((found and found["scale"]) or 0))


def _before(history: History, of: Metric, column: str | None, season: Season | None) -> Iterator[Fraction]:
    """The values of the runs to compare with, newest last."""
    for run in history.baseline:
        value = _value(run.profile, of, column) if run.profile else None
        if value is not None and _turn(season, run.started) == _turn(season, history.now):
            yield value


def _turn(season: Season | None, moment: datetime) -> int | None:
    """Which weekday or day of the month it is, in UTC."""
    match season:
        case "day_of_week":
            return moment.weekday()
        case "day_of_month":
            return moment.day
        case None:
            return None


def _refuse_untold(profile: Profile, of: Metric, column: str | None) -> None:
    """Refuse what footers never tell.

    Raises:
        ValueError: says what.
    """
    if column is None:
        return
    facts = dict(profile.columns).get(column)
    if facts is None:
        raise ValueError(f"there is no column {column!r}")
    if of != "null_share" and not _NUMBER.fullmatch(facts.kind):
        raise ValueError(f"{column!r} is {facts.kind}; {of} is told of whole numbers and decimals")
    if facts.nulls is None or (of != "null_share" and facts.low is None and facts.nulls < profile.rows):
        raise ValueError(f"the footers do not tell the {of} of {column!r}")


def _value(profile: Profile, of: Metric, column: str | None) -> Fraction | None:
    """The value that is compared; None where there is none."""
    if column is None:
        return Fraction(profile.rows if of == "row_count" else profile.size)
    facts = dict(profile.columns)[column]
    if of == "null_share":
        return Fraction(facts.nulls, profile.rows) if profile.rows and facts.nulls is not None else None
    bound = facts.low if of == "minimum" else facts.high
    with suppress(ValueError, ZeroDivisionError):  # a secret was scrubbed from it
        return None if bound is None else Fraction(bound)
    return None


def _exact(given: float | None) -> Fraction | None:
    """A number of conf as it is written there."""
    return None if given is None else Fraction(str(given))


def _plain(value: Fraction) -> float:
    """A number to show."""
    return int(value) if value.denominator == 1 else round(float(value), _PLACES)
