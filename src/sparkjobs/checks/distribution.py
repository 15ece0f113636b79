"""How often values occur, against how often they should. Nulls are left out."""

import math
from functools import reduce
from itertools import pairwise
from typing import Final

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from sparkjobs.checks.questions import Groups, Measure, N, Pass, Subject, within
from sparkjobs.config.arguments import Expected, Number, Portion
from sparkjobs.registry import check

_LEAST: Final = 1e-6
"""Stands for a share of 0, of which no logarithm can be taken."""
_VALUE: Final = "_sparkjobs_value"
_WANTED: Final = "_sparkjobs_wanted"
_DISTANCE: Final = "_sparkjobs_distance"


@check()
def kl_divergence(column: Subject, *, expected: Expected, max: Number) -> Groups:
    """Kullback and Leibler's divergence of the values' shares from `expected`, in nats, is at most `max`.

    Values that `expected` does not name count as one more, with a share next to nothing.

    green: {column: a, expected: {x: 0.5, y: 0.5}, max: 0.01} on ('x'), ('y'), (null) as t(a)
    red:   {column: a, expected: {x: 0.5, y: 0.5}, max: 0.1} on ('x'), ('x') as t(a)
    red:   {column: a, expected: {x: 0.5, y: 0.5}, max: 0.1} on ('x'), ('y'), ('z') as t(a)
    """
    shares = _shares(column, expected)
    terms = [F.when(found > 0, found * F.ln(found / wanted)).otherwise(0.0) for found, wanted in shares]
    divergence = F.when(F.sum(N).isNotNull(), _sum(terms))
    return Groups((column,), within(divergence, None, F.lit(max), f"at most {max}"))


@check()
def psi(column: Subject, *, expected: Expected, max: Number = 0.2) -> Groups:
    """The population stability index of the values' shares against `expected` is at most `max`.

    green: {column: a, expected: {x: 0.5, y: 0.5}} on ('x'), ('y'), (null) as t(a)
    red:   {column: a, expected: {x: 0.5, y: 0.5}} on ('x'), ('x'), ('x'), ('y') as t(a)
    """
    shares = [(F.greatest(found, F.lit(_LEAST)), wanted) for found, wanted in _shares(column, expected)]
    terms = [(found - wanted) * F.ln(found / wanted) for found, wanted in shares]
    return Groups((column,), within(_sum(terms), None, F.lit(max), f"at most {max}"))


@check()
def chi_square(column: Subject, *, expected: Expected, min_p: Portion = 0.05) -> Groups:
    """Pearson's chi-square test does not reject that the values have the shares of `expected`: p >= `min_p`.

    green: {column: a, expected: {x: 0.5, y: 0.5}} on ('x'), ('x'), ('y'), (null) as t(a)
    red:   {column: a, expected: {x: 0.5, y: 0.5}} on ('x'), ('x'), ('x'), ('x') as t(a)
    red:   {column: a, expected: {x: 0.5, y: 0.5}} on ('x'), ('y'), ('z') as t(a)
    """
    named = _shares(column, expected)[:-1]
    strangers = F.sum(N) - F.sum(F.when(_is_named(column, expected), F.col(N)).otherwise(0))
    statistic = F.sum(N) * _sum([(found - wanted) ** 2 / wanted for found, wanted in named])
    highest = critical_chi_square(len(expected) - 1, min_p)
    holds = F.coalesce((strangers == 0) & (statistic <= highest), F.lit(False))
    told = f"at most {highest:.3f} (p >= {min_p}) and no other values"
    return Groups((column,), Measure(statistic, holds, told))


@check()
def ks(column: Subject, *, cumulative: Expected, max: Portion) -> Pass:
    """Kolmogorov and Smirnov's distance is at most `max`: how far the share of values up to one is ever off.

    `cumulative` tells the wanted share up to some values; between them it rises evenly. All different values
    are sorted in one task.

    green: {column: a, cumulative: {'0': 0.0, '10': 1.0}, max: 0.2} on (2), (4), (6), (8), (null) as t(a)
    red:   {column: a, cumulative: {'0': 0.0, '10': 1.0}, max: 0.2} on (1), (2), (3), (8) as t(a)
    """
    points = sorted((float(value), share) for value, share in cumulative.items())
    if any(right <= left or high < low for (left, low), (right, high) in pairwise(points)):
        raise ValueError("the values of `cumulative` differ, and their shares rise with them")
    wanted = _rising(F.col(_VALUE), points)

    def through(rows: DataFrame) -> DataFrame:
        value = column.value.cast("double").alias(_VALUE)
        groups = rows.filter(column.value.isNotNull()).groupBy(value).agg(F.count(F.lit(1)).alias(N))
        up_to = F.sum(N).over(Window.orderBy(_VALUE).rowsBetween(Window.unboundedPreceding, 0))
        total = F.sum(N).over(Window.partitionBy())
        # the distance is greatest at a value, or just before one
        at, before = up_to / total - wanted, (up_to - F.col(N)) / total - wanted
        return groups.select(F.greatest(F.abs(at), F.abs(before)).alias(_DISTANCE))

    return Pass(through, within(F.max(_DISTANCE), None, F.lit(max), f"at most {max}"))


@check()
def wasserstein(column: Subject, *, expected: Expected, max: Number) -> Pass:
    """Wasserstein's distance is at most `max`: how far, on the average, values had to move to lie as wanted.

    `expected` tells the shares of some values. All different values are sorted in one task.

    green: {column: a, expected: {'1': 0.5, '3': 0.5}, max: 0} on (1), (3), (null) as t(a)
    green: {column: a, expected: {'0': 0.5, '1': 0.5}, max: 0.25} on (0), (0), (0), (1) as t(a)
    red:   {column: a, expected: {'0': 0.5, '1': 0.5}, max: 0.24} on (0), (0), (0), (1) as t(a)
    red:   {column: a, expected: {'1': 0.5, '9': 0.5}, max: 3.9} on (2), (16) as t(a)
    green: {column: a, expected: {'1': 0.5, '9': 0.5}, max: 4} on (2), (16) as t(a)
    """
    if abs(math.fsum(expected.values()) - 1) > _LEAST:
        raise ValueError("the shares of `expected` add up to 1")
    wanted = [
        F.struct(F.lit(float(value)).alias(_VALUE), F.lit(0).alias(N), F.lit(share).alias(_WANTED))
        for value, share in expected.items()
    ]

    def through(rows: DataFrame) -> DataFrame:
        value = column.value.cast("double").alias(_VALUE)
        found = rows.filter(column.value.isNotNull()).groupBy(value).agg(F.count(F.lit(1)).alias(N))
        points = rows.sparkSession.range(1).select(F.inline(F.array(*wanted)))
        both = found.select("*", F.lit(0.0).alias(_WANTED)).unionByName(points)
        order = Window.orderBy(_VALUE)
        up_to = order.rowsBetween(Window.unboundedPreceding, 0)
        share = F.try_divide(F.sum(N).over(up_to), F.sum(N).over(Window.partitionBy()))
        step = F.coalesce(F.lead(_VALUE).over(order) - F.col(_VALUE), F.lit(0.0))
        return both.select((F.abs(share - F.sum(_WANTED).over(up_to)) * step).alias(_DISTANCE))

    return Pass(through, within(F.sum(_DISTANCE), None, F.lit(max), f"at most {max}"))


def critical_chi_square(degrees: int, p: float) -> float:
    """The statistic that is exceeded with probability `p`: the inverse of `chi_square_tail`."""
    low, high = 0.0, 1.0
    while chi_square_tail(degrees, high) > p:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if chi_square_tail(degrees, middle) > p else (low, middle)
    return high


def chi_square_tail(degrees: int, statistic: float) -> float:
    """The probability that chi-square exceeds `statistic`.

    Abramowitz and Stegun, Handbook of Mathematical Functions, 26.4.4 and 26.4.5.
    """
    half = statistic / 2
    if degrees % 2 == 0:
        return math.fsum(_poisson(half, place) for place in range(degrees // 2))
    odd = math.fsum(_poisson(half, place - 0.5) for place in range(1, (degrees + 1) // 2))
    return math.erfc(math.sqrt(half)) + odd


def _poisson(mean: float, count: float) -> float:
    """mean**count * exp(-mean) / count!, for large ones too."""
    if mean == 0:
        return float(count == 0)
    return math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))


def _shares(column: Subject, expected: Expected) -> list[tuple[Column, Column]]:
    """Found and wanted share of each named value, and last of all others together."""
    if abs(math.fsum(expected.values()) - 1) > _LEAST or 0 in expected.values():
        raise ValueError("the shares of `expected` are all greater than 0 and add up to 1")
    total = F.sum(N).cast("double")
    named = [
        (F.sum(F.when(column.value.cast("string") == value, F.col(N)).otherwise(0)) / total, F.lit(wanted))
        for value, wanted in expected.items()
    ]
    others = F.sum(F.when(_is_named(column, expected), 0).otherwise(F.col(N))) / total
    return [*named, (others, F.lit(_LEAST))]


def _is_named(column: Subject, expected: Expected) -> Column:
    return column.value.cast("string").isin(list(expected))


def _rising(value: Column, points: list[tuple[float, float]]) -> Column:
    """The wanted share up to `value`, between two points in a straight line."""
    told = F.when(value < points[0][0], 0.0)
    for (left, low), (right, high) in pairwise(points):
        told = told.when(value < right, low + (value - left) * ((high - low) / (right - left)))
    return told.when(value == points[-1][0], points[-1][1]).otherwise(1.0)


def _sum(terms: list[Column]) -> Column:
    return reduce(Column.__add__, terms)
