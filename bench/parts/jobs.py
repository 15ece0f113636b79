"""The job of all that grows: what costs is around it."""

from pyspark.sql import DataFrame

from sparkjobs import job


@job
def same(rows: DataFrame) -> DataFrame:
    """The rows as they come."""
    return rows
