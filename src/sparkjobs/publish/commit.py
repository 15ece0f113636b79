"""Commit: the format decides how staged files become the table; either way in one step."""

from pyspark.sql import SparkSession

from sparkjobs.config import Mode
from sparkjobs.publish.attempt import Attempt
from sparkjobs.publish.delta import commit_delta
from sparkjobs.publish.parquet import commit_parquet
from sparkjobs.results import Published, Staged


def commit(spark: SparkSession, attempt: Attempt, staged: Staged, mode: Mode) -> Published:
    """Make `staged` the table, or a part of it, together with the manifest's number.

    Only under the table's lock, and only when that number is not committed yet.

    Raises:
        PublishError: the table cannot take these files.
    """
    if attempt.format == "delta":
        version = commit_delta(spark, attempt, staged, mode)
    else:
        version = commit_parquet(attempt, staged, mode)
    return Published(version, staged.rows, len(staged.files), staged.size)
