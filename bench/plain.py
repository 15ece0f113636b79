"""Plain PySpark: read, transform, write; no checks.  Arguments: format, folder of the data, output."""

import sys
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from bench.lines import priced


def rows_of(data: Path) -> DataFrame:
    """What is written."""
    spark = SparkSession.builder.appName("bench").getOrCreate()
    return priced(spark.read.parquet(str(data / "lineitem")))


def write(rows: DataFrame, table: Path, kind: str) -> None:
    """Write `rows` as a table of format `kind`, in the codec that sparkjobs writes."""
    rows.write.format(kind).option("compression", "zstd").mode("overwrite").save(str(table))


def main() -> None:
    """Write the table."""
    kind, data, table = sys.argv[1:]
    write(rows_of(Path(data)), Path(table), kind)


if __name__ == "__main__":
    main()
