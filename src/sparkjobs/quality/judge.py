"""The judge: every check is decided on the staged files, from the cheapest exact source.

Footers first; then one scan that names only the columns it needs, for all checks together; then one
narrow pass per set of keys.
"""

from collections.abc import Callable
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from sparkjobs.config.checks import Check, Unique
from sparkjobs.quality.checks import Measure, columns_of, incomparable, measures_of, name_of, where_of
from sparkjobs.quality.footer_checks import from_footers
from sparkjobs.quality.verdict import judged, not_evaluated
from sparkjobs.results import CheckResult, Staged
from sparkjobs.sql import column

Kept = Callable[[tuple[str, ...]], DataFrame | None]
_FRESH = "_sparkjobs_fresh"
_ROWS = "_sparkjobs_rows"
_FRESH_ROWS = "_sparkjobs_fresh_rows"


def judge(
    spark: SparkSession,
    checks: tuple[Check, ...],
    staged: Staged,
    rows: DataFrame,
    kept: Kept,
) -> tuple[CheckResult, ...]:
    """The results of `checks`, in their order.

    `rows` are the staged rows. `kept` gives the rows of the table that stay beside them and can share
    values of the given columns with one; it is asked only where a key could also stand there.
    """
    results: dict[int, list[CheckResult]] = {}
    to_scan: list[tuple[int, Measure]] = []
    for place, check in enumerate(checks):
        lacking = [name for name in columns_of(check) if name not in rows.columns]
        if lacking:
            results[place] = [
                not_evaluated(name_of(check, lacking[0]), check, f"there is no column {lacking[0]!r}")
            ]
        elif (why := incomparable(check, rows.schema)) is not None:
            results[place] = [not_evaluated(name_of(check), check, why)]
        elif (answered := from_footers(check, staged)) is not None:
            results[place] = answered
        elif isinstance(check, Unique):
            results[place] = [_unique(spark, check, rows, kept)]
        else:
            to_scan += [(place, measure) for measure in measures_of(spark, check, rows.schema)]
    for place, result in _scan(rows, to_scan):
        results.setdefault(place, []).append(result)
    return tuple(result for place in sorted(results) for result in results[place])


def _scan(rows: DataFrame, measures: list[tuple[int, Measure]]) -> list[tuple[int, CheckResult]]:
    if not measures:
        return []
    counts = [F.count_if(condition) for _, one in measures for condition in (one.evaluated, one.failing)]
    found = rows.agg(*counts).first() or ()
    return [
        (
            place,
            judged(
                one.name,
                one.check,
                evaluated=found[2 * index],
                failing=found[2 * index + 1],
                source="scan",
            ),
        )
        for index, (place, one) in enumerate(measures)
    ]


def _unique(spark: SparkSession, check: Unique, rows: DataFrame, kept: Kept) -> CheckResult:
    """Staged rows whose key stands more than once in what the table would be."""
    keys = [column(name) for name in check.columns]
    complete = reduce(Column.__and__, [key.isNotNull() for key in keys], where_of(spark, check))
    all_keys = rows.filter(complete).select(*keys, F.lit(1).alias(_FRESH))
    beside = kept(check.columns)
    if beside is not None:
        all_keys = all_keys.unionByName(beside.filter(complete).select(*keys, F.lit(0).alias(_FRESH)))
    groups = all_keys.groupBy(*keys).agg(F.count(F.lit(1)).alias(_ROWS), F.sum(_FRESH).alias(_FRESH_ROWS))
    doubled = F.coalesce(F.sum(F.when(F.col(_ROWS) > 1, F.col(_FRESH_ROWS))), F.lit(0))
    evaluated, failing = groups.agg(F.coalesce(F.sum(_FRESH_ROWS), F.lit(0)), doubled).first() or (0, 0)
    return judged(name_of(check), check, failing=failing, evaluated=evaluated, source="keys")
