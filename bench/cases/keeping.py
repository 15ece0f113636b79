"""Orders of CSV in plain PySpark that loses no line: `keeping.py CASE DATA OUTPUT`.

Lines that are no orders are kept as they are, and both are counted, as sparkjobs does. Values that Spark
would round or cut are not looked for.
"""

import re
import sys
from functools import reduce
from pathlib import Path

from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from bench.cases import work
from bench.cases.by_hand import ORDERS, write

KINDS = dict(re.findall(r"(\w+) (\w+(?:\(.*?\))?)", ORDERS))
"""The columns of orders, and their types."""
TEXTS = ", ".join(f"{name} string" for name in (*KINDS, "corrupt"))
OPTIONS = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": "corrupt"}


def judged(lines: DataFrame) -> DataFrame:
    """The `lines` as orders, and whether each is `bad`: an open quote too, which Spark would pass over."""
    parsed = lines.select(
        "value",
        F.from_csv("value", TEXTS, OPTIONS).alias("texts"),
        (F.size(F.split("value", '"')) - 1).alias("quotes"),
    )
    typed = [F.col(f"texts.{name}").try_cast(kind).alias(name) for name, kind in KINDS.items()]
    lost = [F.col(f"texts.{name}").isNotNull() & F.col(name).isNull() for name in KINDS]
    damaged = F.col("texts.corrupt").isNotNull() | (F.col("quotes") % 2 == 1) | ~F.is_valid_utf8("value")
    bad = reduce(Column.__or__, lost, damaged)
    return parsed.select("*", *typed).select("value", *KINDS, bad.alias("bad"))


def ingest(spark: SparkSession, data: Path, out: Path) -> None:
    """CSV, typed and partitioned; what is bad lies beside it.

    Raises:
        ValueError: the counts do not add up.
    """
    lines = spark.read.text(str(data / "csv" / "orders"))
    rows = judged(lines.filter((F.trim("value") != "") & (F.col("value") != ",".join(KINDS))))
    counts = Observation()
    seen = rows.observe(counts, F.count(F.lit(1)).alias("seen"), F.count_if("bad").alias("bad"))
    write(work.dated(seen.filter(~F.col("bad")).select(*KINDS)), out / "ingest", "order_year")
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
