"""The Delta merge: a change set becomes the table's in one MERGE that carries the manifest number.

Its source holds changed rows only, so that files without any stay as they are. A row that moves to
another partition is two rows of the source, for partition columns are a part of what is matched.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from typing import Final

from delta.tables import DeltaTable as JvmDelta
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from sparkjobs.errors import PublishError
from sparkjobs.faults import reach
from sparkjobs.publish.attempt import Attempt, complete
from sparkjobs.publish.changes import Changes
from sparkjobs.publish.delta import fenced, note, numbered, same_columns
from sparkjobs.publish.live import within
from sparkjobs.publish.stage import schema_of, staged_rows
from sparkjobs.sql import quoted
from sparkjobs.state import app_id

_LEAVES: Final = "_sparkjobs_leaves"
_SETTINGS = "spark.databricks.delta"


def merge_delta(spark: SparkSession, attempt: Attempt, changes: Changes) -> int:
    """Commit `changes`; the version of the table that holds them.

    Raises:
        StateMovedError: somebody has committed this manifest, or a later one.
        PublishError: a staged file is gone, or the columns are not the table's.
    """
    handle = fenced(attempt)
    for staged in (changes.rows, changes.gone):
        complete(attempt, staged)
    if handle is None:
        raise PublishError(
            attempt.job, "its table has vanished.", f"`sparkjobs run {attempt.job} --full-refresh`."
        )
    same_columns(attempt, changes.rows, handle)
    reach("merge.before")
    names = schema_of(changes.rows).names
    rows: dict[str, str | Column] = {quoted(name): _of("source", name) for name in names}
    comes = staged_rows(spark, changes.rows).withColumn(_LEAVES, F.lit(False))
    goes = staged_rows(spark, changes.gone).withColumn(_LEAVES, F.lit(True))
    leaves = _of("source", _LEAVES)
    statement = (
        JvmDelta.forPath(spark, str(attempt.table))
        .alias("target")
        .merge(comes.unionByName(goes).alias("source"), _same_place(changes))
        .whenMatchedDelete(leaves)
        .whenMatchedUpdate(set=rows)
        .whenNotMatchedInsert(~leaves, rows)
    )
    with _written_down(spark, attempt):
        statement.execute()
    reach("merge.after")
    return numbered(attempt)


def _same_place(changes: Changes) -> Column:
    """Whether a row of the source is about a row of the table; names the partitions, to read no others."""
    keys = [_of("target", name) == _of("source", name) for name in changes.key]
    by = changes.output.partition_by
    places = [_of("target", name).eqNullSafe(_of("source", name)) for name in by if name not in changes.key]
    read = within(changes.files, schema_of(changes.rows), lambda name: _of("target", name))
    return reduce(Column.__and__, [*keys, *places], read)


def _of(side: str, name: str) -> Column:
    return F.col(f"{side}.{quoted(name)}")


@contextmanager
def _written_down(spark: SparkSession, attempt: Attempt) -> Iterator[None]:
    """Let the one statement inside carry the manifest number; left set, the next would be skipped."""
    settings = {
        f"{_SETTINGS}.write.txnAppId": app_id(attempt.job),
        f"{_SETTINGS}.write.txnVersion": str(attempt.number),
        f"{_SETTINGS}.commitInfo.userMetadata": note(attempt),
    }
    try:
        for name, value in settings.items():
            spark.conf.set(name, value)
        yield
    finally:
        for name in settings:
            spark.conf.unset(name)
