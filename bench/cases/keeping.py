"""The cases of CSV in plain PySpark that loses no line: `keeping.py CASE DATA OUTPUT`.

Lines that are no rows are kept as they are, and both are counted, as sparkjobs does. A header that comes
again is dropped, and values that Spark would round or cut are not looked for.
"""

import sys
from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path
from typing import cast

from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from bench.cases import work
from bench.cases.by_hand import FLIGHTS, KEYS, ORDERS, write

OPTIONS = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": "corrupt"}
PRIORITIES = ["1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"]


def judged(
    spark: SparkSession, folder: Path, kinds: str, rules: Sequence[Column] = (), null: str = ""
) -> DataFrame:
    """The lines in `folder` as rows, and whether each is `bad`; an open quote is, which Spark passes over."""
    columns = cast("StructType", StructType.fromDDL(kinds))
    names = columns.names
    lines = spark.read.text(str(folder)).filter((F.trim("value") != "") & (F.col("value") != ",".join(names)))
    texts = ", ".join(f"{name} string" for name in (*names, "corrupt"))
    parsed = lines.select(
        "value",
        F.from_csv("value", texts, OPTIONS | {"nullValue": null}).alias("texts"),
        (F.size(F.split("value", '"')) - 1).alias("quotes"),
    )
    typed = [F.col(f"texts.{one.name}").try_cast(one.dataType).alias(one.name) for one in columns]
    lost = [F.col(f"texts.{name}").isNotNull() & F.col(name).isNull() for name in names]
    broken = [F.equal_null(rule, F.expr("false")) for rule in rules]
    damaged = F.col("texts.corrupt").isNotNull() | (F.col("quotes") % 2 == 1) | ~F.is_valid_utf8("value")
    bad = reduce(Column.__or__, [*lost, *broken], damaged)
    return parsed.select("*", *typed).select("value", *names, bad.alias("bad"))


def keep(rows: DataFrame, rejected: Path, publish: Callable[[DataFrame], None]) -> None:
    """Give the good ones of `rows` to `publish`; bad ones lie in `rejected` then, and both are counted."""
    counts = Observation()
    publish(good(rows.observe(counts, *_counts())))
    _reject(rows, rejected, counts.get["bad"])


def good(rows: DataFrame) -> DataFrame:
    """Those that are not bad."""
    return rows.filter(~F.col("bad")).drop("value", "bad")


def _counts() -> tuple[Column, Column]:
    return F.count(F.lit(1)).alias("seen"), F.count_if("bad").alias("bad")


def _rules() -> list[Column]:
    """Of an order; a value that is not there breaks the first three alone."""
    return [
        F.col("o_orderkey").isNotNull(),
        F.col("o_custkey").isNotNull(),
        F.col("o_orderdate").isNotNull(),
        F.col("o_orderkey") > 0,
        F.col("o_orderstatus").isin("F", "O", "P"),
        F.col("o_orderpriority").isin(PRIORITIES),
        F.col("o_totalprice").between(0, 1_000_000),
        F.col("o_orderdate").between("1992-01-01", "1998-12-31"),
        F.col("o_clerk").rlike("^Clerk#[0-9]{9}$"),
        F.length("o_comment").between(1, 79),
        F.col("o_shippriority") == 0,
        F.trim("o_comment") != "",
    ]


def _reject(rows: DataFrame, folder: Path, expected: int) -> None:
    if expected:
        rows.filter("bad").select("value").write.text(str(folder))
        if rows.sparkSession.read.text(str(folder)).count() != expected:
            raise ValueError(f"{folder} has not the {expected} lines that are bad")


def ingest(spark: SparkSession, data: Path, out: Path) -> None:
    """CSV, typed and partitioned; what is bad lies beside it."""
    rows = judged(spark, data / "csv" / "orders", ORDERS)
    keep(rows, out / "rejected", lambda orders: write(work.dated(orders), out / "ingest", "order_year"))


def contract(spark: SparkSession, data: Path, out: Path) -> None:
    """The same with ten rules, and five values of the whole.

    Raises:
        ValueError: one of the values is not as it has to be.
    """
    rows = judged(spark, data / "csv" / "orders", ORDERS, _rules())
    keep(rows, out / "rejected", lambda orders: write(work.dated(orders), out / "contract", "order_year"))
    written = spark.read.parquet(str(out / "contract"))
    holds = written.agg(
        (F.count(F.lit(1)) >= 1)
        & (F.sum("o_totalprice") >= 1)
        & F.avg("o_totalprice").between(100_000, 200_000)
        & (F.min("o_orderdate") >= "1992-01-01")
        & (F.max("o_orderdate") <= "1998-12-31")
    )
    if holds.first() != (True,):
        raise ValueError("the orders are not as they have to be")


def flights(spark: SparkSession, data: Path, out: Path) -> None:
    """A year of real flights, grouped."""
    spark.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
    rows = judged(spark, data / "flights", FLIGHTS, null="NA")
    keep(rows, out / "rejected", lambda flown: write(work.punctuality(flown), out / "flights"))


def pipeline(spark: SparkSession, data: Path, out: Path) -> None:
    """Five tables, four of one source, which is cached; of good rows without their lines."""
    every = judged(spark, data / "csv" / "orders", ORDERS)
    rows = every.withColumn("value", F.when(F.col("bad"), F.col("value"))).cache()
    counts = rows.agg(*_counts()).first()
    for name, key in KEYS.items():
        write(work.worth(good(rows), key), out / name)
    write(work.by_year(spark.read.parquet(str(out / "by_month"))), out / "by_year")
    _reject(rows, out / "rejected", counts["bad"] if counts else 0)


CASES = {one.__name__: one for one in (ingest, contract, flights, pipeline)}


def main() -> None:
    """Do one case."""
    case, data, out = sys.argv[1:]
    CASES[case](SparkSession.builder.appName(case).getOrCreate(), Path(data), Path(out))


if __name__ == "__main__":
    main()
