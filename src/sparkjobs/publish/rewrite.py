"""The Parquet rewrite: each partition that a change touches is staged whole, as it will be."""

from pathlib import Path

from pyspark.sql import SparkSession

from sparkjobs.faults import reach
from sparkjobs.publish.attempt import Attempt, complete
from sparkjobs.publish.changes import Changes
from sparkjobs.publish.kept import without
from sparkjobs.publish.live import fitting, live_rows
from sparkjobs.publish.parquet import commit_parquet
from sparkjobs.publish.stage import collected, layout_of, schema_of, staged_rows, write


def rewrite_parquet(spark: SparkSession, attempt: Attempt, changes: Changes) -> int:
    """Commit `changes`; the manifest's number.

    Raises:
        StateMovedError: somebody has committed this manifest, or a later one.
        PublishError: a staged file is gone, or the columns are not the table's.
    """
    for staged in (changes.rows, changes.gone):
        complete(attempt, staged)
    output, schema = changes.output, schema_of(changes.rows)
    touched = changes.files if output.partition_by else None
    live = fitting(live_rows(spark, attempt, None, touched), schema)
    rows = fitting(staged_rows(spark, changes.rows), schema)
    after = without(spark, live, changes).unionByName(rows)
    write(spark, after, layout_of(output), attempt.data)
    staged = collected(attempt.data, changes.rows.schema, output.partition_by)
    reach("rewrite.staged")
    if touched is None:
        return commit_parquet(attempt, staged, "overwrite")
    left = {Path(file.path).parent for file in touched} - {Path(file.path).parent for file in staged.files}
    return commit_parquet(attempt, staged, "overwrite_partitions", emptied=left)
