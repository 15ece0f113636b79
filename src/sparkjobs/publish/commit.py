"""Commit: the format decides how staged files become the table; either way in one step."""

from pyspark.sql import SparkSession

from sparkjobs.config import Mode
from sparkjobs.publish.attempt import Attempt
from sparkjobs.publish.changes import Changes
from sparkjobs.publish.delta import commit_delta
from sparkjobs.publish.delta_merge import merge_delta
from sparkjobs.publish.parquet import commit_parquet
from sparkjobs.publish.rewrite import rewrite_parquet
from sparkjobs.results import Published, Staged


def commit(spark: SparkSession, attempt: Attempt, staged: Staged | Changes, mode: Mode) -> Published:
    """Make `staged` the table, or a part of it, together with the manifest's number.

    Changes know themselves what they do to the table. Only under the table's lock, and only when that
    number is not committed yet.

    Raises:
        PublishError: the table cannot take these files.
    """
    if isinstance(staged, Changes):
        rows, version = staged.rows, _changed(spark, attempt, staged)
    else:
        rows, version = staged, _committed(spark, attempt, staged, mode)
    return Published(version, rows.rows, len(rows.files), rows.size)


def _changed(spark: SparkSession, attempt: Attempt, changes: Changes) -> int:
    if changes.whole:
        return _committed(spark, attempt, changes.rows, "overwrite")
    if changes.nothing:
        # the number moves all the same, or the next run would do this one again
        return _committed(spark, attempt, changes.rows, "append")
    if attempt.format == "delta":
        return merge_delta(spark, attempt, changes)
    return rewrite_parquet(spark, attempt, changes)


def _committed(spark: SparkSession, attempt: Attempt, staged: Staged, mode: Mode) -> int:
    if attempt.format == "delta":
        return commit_delta(spark, attempt, staged, mode)
    return commit_parquet(attempt, staged, mode)
