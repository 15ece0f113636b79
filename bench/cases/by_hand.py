"""The cases in plain PySpark, as one would write them: `by_hand.py CASE DATA OUTPUT`.  Nothing is counted."""

import sys
from pathlib import Path

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession

from bench.cases import work

ORDERS = """o_orderkey bigint, o_custkey bigint, o_orderstatus string, o_totalprice decimal(15,2),
    o_orderdate date, o_orderpriority string, o_clerk string, o_shippriority int, o_comment string"""
FLIGHTS = """year int, month int, day int, dep_time int, sched_dep_time int, dep_delay double,
    arr_time int, sched_arr_time int, arr_delay double, carrier string, flight int, tailnum string,
    origin string, dest string, air_time double, distance int, hour int, minute int, time_hour timestamp"""
STRICT = {"header": "true", "mode": "FAILFAST", "enforceSchema": "false"}
"""A value that has not its type stops the read."""
KEYS = {
    "by_priority": "o_orderpriority",
    "by_status": "o_orderstatus",
    "by_clerk": "o_clerk",
    "by_month": "month",
}


def write(rows: DataFrame, table: Path, *by: str) -> None:
    """Make `table` anew, partitioned `by` these columns."""
    if by:  # one file for each partition, as sparkjobs has them
        rows = rows.hint("rebalance", *by)
    rows.write.mode("overwrite").option("compression", "zstd").partitionBy(*by).parquet(str(table))


def _typed(spark: SparkSession, data: Path) -> DataFrame:
    """Orders in CSV."""
    return spark.read.schema(ORDERS).options(**STRICT).csv(str(data / "csv" / "orders"))


def tiny(spark: SparkSession, data: Path, out: Path) -> None:
    """25 rows."""
    write(spark.read.parquet(str(data / "parquet" / "nation.parquet")), out / "tiny")


def ingest(spark: SparkSession, data: Path, out: Path, table: str = "ingest") -> None:
    """CSV, typed and partitioned."""
    write(work.dated(_typed(spark, data)), out / table, "order_year")


def contract(spark: SparkSession, data: Path, out: Path) -> None:
    """The same: nothing is checked."""
    ingest(spark, data, out, "contract")


def flights(spark: SparkSession, data: Path, out: Path) -> None:
    """A year of real flights, grouped."""
    # its default is of Hive's time
    spark.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
    rows = spark.read.schema(FLIGHTS).options(**STRICT, nullValue="NA").csv(str(data / "flights"))
    write(work.punctuality(rows), out / "flights")


def aggregate(spark: SparkSession, data: Path, out: Path) -> None:
    """A join, and groups."""
    lineitem, orders = (spark.read.parquet(str(data / "parquet" / name)) for name in ("lineitem", "orders"))
    write(work.revenue(lineitem, orders), out / "aggregate")


def pipeline(spark: SparkSession, data: Path, out: Path) -> None:
    """Five tables, four of one source, which is cached."""
    orders = _typed(spark, data).cache()
    for name, key in KEYS.items():
        write(work.worth(orders, key), out / name)
    write(work.by_year(spark.read.parquet(str(out / "by_month"))), out / "by_year")


def append(spark: SparkSession, data: Path, out: Path) -> None:
    """The files that have arrived."""
    rows = spark.read.parquet(*_news(data))
    rows.write.format("delta").mode("append").option("compression", "zstd").save(str(out / "append"))


def partitions(spark: SparkSession, data: Path, out: Path) -> None:
    """The partitions of which rows have arrived."""
    spark.conf.set("spark.sql.sources.partitionOverwriteMode", "dynamic")
    write(work.dated(spark.read.parquet(*_news(data))), out / "partitions", "order_year")


def merge(spark: SparkSession, data: Path, out: Path) -> None:
    """Rows by their key into a table."""
    table, rows = str(out / "merge"), spark.read.parquet(*_news(data))
    if not DeltaTable.isDeltaTable(spark, table):
        rows.write.format("delta").option("compression", "zstd").save(table)
        return
    merged = DeltaTable.forPath(spark, table).alias("t").merge(rows.alias("s"), "t.o_orderkey = s.o_orderkey")
    merged.whenMatchedUpdateAll().whenNotMatchedInsertAll().execute()


def _news(data: Path) -> list[str]:
    """The files that no run has taken yet; the harness says which, as a script has no state."""
    return (data / "news.txt").read_text(encoding="utf-8").splitlines()


CASES = {
    one.__name__: one
    for one in (tiny, ingest, contract, flights, aggregate, pipeline, append, partitions, merge)
}


def main() -> None:
    """Do one case."""
    case, data, out = sys.argv[1:]
    CASES[case](SparkSession.builder.appName(case).getOrCreate(), Path(data), Path(out))


if __name__ == "__main__":
    main()
