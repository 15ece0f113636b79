"""Orders of CSV in plain PySpark that loses no line: `keeping.py CASE DATA OUTPUT`.

Lines that are no orders are kept as they are, and both are counted, as sparkjobs does. A header that comes
again is dropped, and values that Spark would round or cut are not looked for.
"""

import sys
from functools import reduce
from pathlib import Path
from typing import cast

from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from bench.cases import work
from bench.cases.by_hand import ORDERS, write

OPTIONS = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": "corrupt"}


def judged(lines: DataFrame, orders: StructType) -> DataFrame:
    """The `lines` as `orders`, and whether each is `bad`: an open quote too, which Spark would pass over."""
    texts = ", ".join(f"{name} string" for name in (*orders.names, "corrupt"))
    parsed = lines.select(
        "value",
        F.from_csv("value", texts, OPTIONS).alias("texts"),
        (F.size(F.split("value", '"')) - 1).alias("quotes"),
    )
    typed = [F.col(f"texts.{one.name}").try_cast(one.dataType).alias(one.name) for one in orders]
    lost = [F.col(f"texts.{name}").isNotNull() & F.col(name).isNull() for name in orders.names]
    damaged = F.col("texts.corrupt").isNotNull() | (F.col("quotes") % 2 == 1) | ~F.is_valid_utf8("value")
    bad = reduce(Column.__or__, lost, damaged)
    return parsed.select("*", *typed).select("value", *orders.names, bad.alias("bad"))


def ingest(spark: SparkSession, data: Path, out: Path) -> None:
    """CSV, typed and partitioned; what is bad lies beside it.

    Raises:
        ValueError: the counts do not add up.
    """
    orders = cast("StructType", StructType.fromDDL(ORDERS))
    lines = spark.read.text(str(data / "csv" / "orders"))
    rows = judged(lines.filter((F.trim("value") != "") & (F.col("value") != ",".join(orders.names))), orders)
    counts = Observation()
    seen = rows.observe(counts, F.count(F.lit(1)).alias("seen"), F.count_if("bad").alias("bad"))
    write(work.dated(seen.filter(~F.col("bad")).select(*orders.names)), out / "ingest", "order_year")
    if counts.get["bad"]:
        rejected = str(out / "rejected")
        rows.filter("bad").select("value").write.text(rejected)
        if spark.read.text(rejected).count() != counts.get["bad"]:
            raise ValueError(f"{counts.get}: other lines are in {rejected}")


def main() -> None:
    """Do the one case that there is."""
    case, data, out = sys.argv[1:]
    ingest(SparkSession.builder.appName(case).getOrCreate(), Path(data), Path(out))


if __name__ == "__main__":
    main()
