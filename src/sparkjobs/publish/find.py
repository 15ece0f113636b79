"""Finding the change set: staged rows against the table and its unseen events, written once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import LongType, StructType

from sparkjobs.config import MergeOutput, Scd2Output
from sparkjobs.errors import LateSnapshotError
from sparkjobs.faults import reach
from sparkjobs.publish.attempt import UNSEEN_OF, Attempt
from sparkjobs.publish.changes import CHANGE, GONE, ROW, TIE, UNSEEN, Changes
from sparkjobs.publish.history import history_changes, versions_of
from sparkjobs.publish.invariants import refuse_broken
from sparkjobs.publish.live import fitting, live_rows
from sparkjobs.publish.merge import merge_changes
from sparkjobs.publish.stage import collected, layout_of, nullable, schema_of, staged_rows, write
from sparkjobs.publish.troubles import refuse_nulls, refuse_ties
from sparkjobs.publish.unseen import renamed, unseen_rows
from sparkjobs.results import Staged
from sparkjobs.sql import column
from sparkjobs.state import table_schema
from sparkjobs.state.durable import sync


@dataclass(frozen=True, slots=True)
class Standing:
    """The table as it stands when a result comes to it."""

    version: int | None = None
    """The version of a Delta table."""
    unseen: tuple[int, ...] = ()
    """The manifests whose unseen events are in force."""
    newest: str | None = None
    """The highest sequence that was published."""


def find_changes(
    spark: SparkSession,
    attempt: Attempt,
    staged: Staged,
    output: MergeOutput | Scd2Output,
    standing: Standing | None,
) -> Changes:
    """What the result, `staged` in `attempt.result`, does to the table.

    Without a `standing` it makes the table anew, whatever is there.

    Raises:
        NullKeyError: a row has no key, or no sequence.
        TiedRowsError: nothing says which of several rows holds.
        LateSnapshotError: a snapshot is older than the newest that was published.
        HistoryError: the table that would come of it is not a history.
    """
    schema, low, high = schema_of(staged), None, None
    table, new = schema, fitting(staged_rows(spark, staged), schema)
    if isinstance(output, Scd2Output):
        table = versions_of(schema, output)
        if standing:
            table = _in_order(table, table_schema(attempt.table, attempt.format))
        refuse_nulls(attempt, staged, new, (*output.keys, output.sequence_by))
        low, high = _span(staged, new, output.sequence_by)
        if output.absent_keys == "close" and standing:
            _refuse_late(attempt, new, output, low, standing.newest)
    else:
        refuse_nulls(attempt, staged, new, output.keys)
    if staged.files:
        live, unseen = _met(spark, attempt, staged, output, standing)
        reach("changes.before")
        found = _decided(new, fitting(live, table), unseen, output, low)
        write(spark, found, layout_of(output, CHANGE), attempt.changes)
        reach("changes.written")
    changes = _collected(attempt, output, standing, nullable(table), high)
    refuse_broken(spark, attempt, changes, standing.unseen if standing else ())
    return changes


def _in_order(table: StructType, before: Mapping[str, Any]) -> StructType:
    """`table` with its columns in the order that it has had, those that come new at the end."""
    places = {field["name"]: place for place, field in enumerate(before["fields"])}
    return StructType(sorted(table, key=lambda field: places.get(field.name, len(places))))


def _met(
    spark: SparkSession,
    attempt: Attempt,
    staged: Staged,
    output: MergeOutput | Scd2Output,
    standing: Standing | None,
) -> tuple[DataFrame, DataFrame]:
    """The rows of the table, and the unseen events, that the result may meet."""
    schema = schema_of(staged)
    of_manifest = StructType([*schema.fields]).add(UNSEEN_OF, LongType())
    nothing = staged_rows(spark, staged).filter(F.lit(False))
    if standing is None:
        return nothing, fitting(nothing, of_manifest)
    closes = isinstance(output, Scd2Output) and output.absent_keys == "close"
    # a key that a snapshot lacks may be anywhere, and so may a row whose partition can change
    beside = {*output.partition_by} <= {*output.keys} and not closes
    live = live_rows(spark, attempt, standing.version, staged.files if beside else None)
    unseen = unseen_rows(spark, attempt, standing.unseen, of_manifest)
    return live, fitting(nothing if unseen is None else unseen, of_manifest)


def _decided(
    new: DataFrame, live: DataFrame, unseen: DataFrame, output: MergeOutput | Scd2Output, low: str | None
) -> DataFrame:
    if isinstance(output, MergeOutput):
        return merge_changes(new, live, unseen.drop(UNSEEN_OF), output)
    kind = new.schema[output.sequence_by].dataType
    return history_changes(new, live, unseen, output, F.lit(low).cast(kind))


def _collected(
    attempt: Attempt,
    output: MergeOutput | Scd2Output,
    standing: Standing | None,
    schema: str,
    high: str | None,
) -> Changes:
    def of(kind: str) -> Staged:
        folder = attempt.changes / f"{CHANGE}={kind}"
        if not folder.is_dir():
            return Staged(folder, schema, output.partition_by, (), ())
        return collected(folder, schema, output.partition_by)

    key = (output.sequence_by,) if isinstance(output, Scd2Output) else ()
    refuse_ties(attempt, of(TIE), (*output.keys, *key))
    rows, gone = of(ROW), of(GONE)
    if standing is None:
        rows = _whole(attempt, rows)
    unseen = attempt.changes / f"{CHANGE}={UNSEEN}"
    return Changes(
        output,
        standing.version if standing else None,
        standing is None,
        rows,
        gone,
        renamed(unseen) if unseen.is_dir() else None,
        high,
    )


def _whole(attempt: Attempt, rows: Staged) -> Staged:
    """`rows` where a result lies that becomes the table as it is, without a copy."""
    if not rows.files:
        return Staged(attempt.data, rows.schema, rows.partition_by, (), ())
    os.replace(rows.folder, attempt.data)  # noqa: PTH105 (atomic, and must not exist)
    for folder in (rows.folder.parent, attempt.data, attempt.data.parent):
        sync(folder)
    return Staged(attempt.data, rows.schema, rows.partition_by, rows.files, rows.columns)


def _span(staged: Staged, new: DataFrame, name: str) -> tuple[str | None, str | None]:
    """The lowest and the highest value of `name`, as texts that Spark casts back; None without rows."""
    facts = dict(staged.columns).get(name)
    if facts and facts.low is not None:
        return str(facts.low), str(facts.high)
    value = column(name)
    low, high = new.agg(F.min(value).cast("string"), F.max(value).cast("string")).first() or (None, None)
    return low, high


def _refuse_late(
    attempt: Attempt, new: DataFrame, output: Scd2Output, low: str | None, newest: str | None
) -> None:
    if low is None or newest is None:
        return
    kind = new.schema[output.sequence_by].dataType
    late = new.sparkSession.range(1).select(F.lit(low).cast(kind) < F.lit(newest).cast(kind)).first()
    if late and late[0]:
        raise LateSnapshotError(attempt.job, low, newest)
