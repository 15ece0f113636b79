"""Invariants: what has to hold of every history, looked at before it is published.

Judged on the rows as they are staged and the rows of their keys that stay, with no more columns than
that takes. It does not ask how they were decided, so a mistake there cannot hide here.
"""

from collections.abc import Iterator
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from sparkjobs.config import Scd2Output
from sparkjobs.errors import HistoryError
from sparkjobs.publish.attempt import Attempt
from sparkjobs.publish.changes import Changes
from sparkjobs.publish.kept import without
from sparkjobs.publish.live import fitting, live_rows
from sparkjobs.publish.stage import schema_of, staged_rows
from sparkjobs.publish.unseen import unseen_rows
from sparkjobs.sql import column, condition

_NEXT = "_sparkjobs_next"
_PROBLEM = "_sparkjobs_problem"
_CLOSED = "_sparkjobs_closed_"
_GAP = "a gap that no delete has opened"
_SHOWN = 5


def refuse_broken(spark: SparkSession, attempt: Attempt, changes: Changes, unseen: tuple[int, ...]) -> None:
    """Make sure that the keys of `changes` will have whole histories; a merge has none to look at.

    Raises:
        HistoryError: some will not.
    """
    output = changes.output
    if not isinstance(output, Scd2Output) or not changes.files:
        return
    broken = _broken(_would_be(spark, attempt, changes, output), output)
    if output.delete_when:
        closed = _closed(spark, attempt, changes, output, unseen)
        alike = [column(name) == column(_CLOSED + name) for name in (*output.keys, output.valid_to)]
        opened = reduce(Column.__and__, alike, F.col(_PROBLEM) == _GAP)
        broken = broken.join(closed, opened, "left_anti")
    if problems := tuple(_told(broken, output)):
        raise HistoryError(attempt.job, problems)


def _would_be(spark: SparkSession, attempt: Attempt, changes: Changes, output: Scd2Output) -> DataFrame:
    """Every version, as it would be published, of each key that changes."""
    schema = schema_of(changes.rows)
    own = (output.valid_from, output.valid_to, output.is_current)
    needed = list(dict.fromkeys((*output.keys, *own, *output.partition_by)))
    rows = staged_rows(spark, changes.rows).select(*map(column, needed))
    if changes.whole:
        return rows
    keys = [column(name) for name in output.keys]
    touched = rows.select(*keys).unionByName(staged_rows(spark, changes.gone).select(*keys))
    beside = changes.files if {*output.partition_by} <= {*output.keys} else None
    live = fitting(live_rows(spark, attempt, changes.version, beside), schema).select(*map(column, needed))
    stay = without(spark, live.join(touched, list(output.keys), "left_semi"), changes)
    return rows.unionByName(stay)


def _broken(versions: DataFrame, output: Scd2Output) -> DataFrame:
    """The versions with which something is wrong, and what."""
    since, until, current = (column(name) for name in (output.valid_from, output.valid_to, output.is_current))
    after = F.col(_NEXT)
    # which snapshot has closed a key is written nowhere
    gaps = F.lit(False) if output.absent_keys == "close" else until < after
    problem = (
        F.when(~until.isNull().eqNullSafe(current), f"{output.is_current} and {output.valid_to} disagree")
        .when(since >= until, "it ends before it begins")
        .when(until.isNull() & after.isNotNull(), "a later version follows one that has no end")
        .when(until > after, "it overlaps the next version")
        .when(gaps, _GAP)
    )
    in_order = Window.partitionBy(*map(column, output.keys)).orderBy(since)
    placed = versions.withColumn(_NEXT, F.lead(since).over(in_order))
    return placed.withColumn(_PROBLEM, problem).filter(F.col(_PROBLEM).isNotNull())


def _closed(
    spark: SparkSession, attempt: Attempt, changes: Changes, output: Scd2Output, unseen: tuple[int, ...]
) -> DataFrame:
    """When which keys were deleted: every delete there is, for all of them are kept."""
    table = schema_of(changes.rows)
    own = (output.valid_from, output.valid_to, output.is_current)
    schema = StructType([field for field in table if field.name not in own])
    found = [unseen_rows(spark, attempt, unseen, schema)]
    if changes.unseen:
        found.append(spark.read.schema(schema).parquet(str(changes.unseen)))
    events = [fitting(rows, schema) for rows in found if rows is not None]
    every = reduce(DataFrame.unionByName, events, fitting(staged_rows(spark, changes.rows), schema).limit(0))
    return every.filter(condition(spark, output.delete_when or "false")).select(
        *[column(name).alias(_CLOSED + name) for name in output.keys],
        column(output.sequence_by).alias(_CLOSED + output.valid_to),
    )


def _told(broken: DataFrame, output: Scd2Output) -> Iterator[str]:
    names = (*output.keys, output.valid_from)
    texts = [column(name).cast("string") for name in names]
    for *values, problem in broken.select(*texts, _PROBLEM).limit(_SHOWN).collect():
        yield f"{', '.join(map('='.join, zip(names, values, strict=True)))}: {problem}."
