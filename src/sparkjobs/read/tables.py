"""What another job of the project published."""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from sparkjobs.plan import TableInput
from sparkjobs.state import committed_schema


def read_table(spark: SparkSession, planned: TableInput, version: int) -> DataFrame:
    """The table at `version`; for Parquet the one version there is."""
    if planned.format == "delta":
        return spark.read.format("delta").option("versionAsOf", version).load(str(planned.path))
    schema = StructType.fromJson(committed_schema(planned.path))
    return spark.read.schema(schema).parquet(str(planned.path))
