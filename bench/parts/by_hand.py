"""A folder of many files as one table, in plain PySpark: `by_hand.py FORMAT FOLDER TABLE`."""

import sys

from pyspark.sql import DataFrame, SparkSession

SCHEMA = "id bigint, name string, price decimal(15,2), day date"


def rows_of(spark: SparkSession, kind: str, folder: str) -> DataFrame:
    """All files; of CSV, a value that has not its type stops the read."""
    if kind == "csv":
        options = {"header": "true", "mode": "FAILFAST", "enforceSchema": "false"}
        return spark.read.schema(SCHEMA).options(**options).csv(folder)
    return spark.read.parquet(folder)


def main() -> None:
    """Write the table."""
    kind, folder, table = sys.argv[1:]
    rows = rows_of(SparkSession.builder.appName("files").getOrCreate(), kind, folder)
    rows.write.option("compression", "zstd").parquet(table)


if __name__ == "__main__":
    main()
