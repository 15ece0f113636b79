"""What another job of the project published."""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from sparkjobs.plan import Added, TableInput
from sparkjobs.read.added import added_frames
from sparkjobs.state import committed_schema
from sparkjobs.union import together


def read_table(spark: SparkSession, planned: TableInput, version: int) -> DataFrame:
    """The table at `version`, or what it got up to it; for Parquet the one version there is.

    Raises:
        InputError: what was added cannot be read by itself.
    """
    if isinstance(planned.part, Added):
        return together(list(added_frames(spark, planned.job, planned.path, planned.part, version)))
    if planned.format == "delta":
        return spark.read.format("delta").option("versionAsOf", version).load(str(planned.path))
    schema = StructType.fromJson(committed_schema(planned.path))
    return spark.read.schema(schema).parquet(str(planned.path))
