"""Plain PySpark, and the checks written by hand: one aggregate over the table, one for its key.

Arguments: format, folder of the data, output.
"""

import json
import sys
from pathlib import Path

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from bench.lines import COLUMNS
from bench.plain import rows_of, write

COMPLETE = ("order_key", "line_number", "price", "ship_date")
VALUES = {
    "return_flag": ("A", "N", "R"),
    "line_status": ("F", "O"),
    "ship_mode": ("AIR", "FOB", "MAIL", "RAIL", "REG AIR", "SHIP", "TRUCK"),
    "instructions": ("COLLECT COD", "DELIVER IN PERSON", "NONE", "TAKE BACK RETURN"),
}
BOUNDS = {"quantity": (1, 50), "discount": (0, 0.1), "tax": (0, 0.08), "line_number": (1, 7)}


def broken() -> dict[str, Column]:
    """Per check of a single row, which rows break it; null breaks nothing but `not_null`."""
    rules = {f"not_null {name}": F.col(name).isNull() for name in COMPLETE}
    rules |= {f"accepted_values {name}": ~F.col(name).isin(*values) for name, values in VALUES.items()}
    rules |= {f"between {name}": ~F.col(name).between(*bounds) for name, bounds in BOUNDS.items()}
    return rules | {
        "positive net_price": F.col("net_price") <= 0,
        "matches comment": ~F.col("comment").rlike("^[A-Za-z0-9 .,:;?!'-]+$"),
        "length comment": ~F.length("comment").between(10, 43),
        "ordered ship_date, receipt_date": F.col("ship_date") > F.col("receipt_date"),
    }


def holds(rows: DataFrame) -> dict[str, bool]:
    """Each check, and whether it holds."""
    rules = broken()
    counts = [F.count_if(rule).alias(name) for name, rule in rules.items()]
    told = rows.agg(F.count(F.lit(1)).alias("rows"), F.mean("quantity").alias("mean"), *counts).first()
    assert told is not None  # noqa: S101 (an aggregate has one row)
    twice = rows.groupBy("order_key", "line_number").count().filter("count > 1").count()
    return {name: told[name] == 0 for name in rules} | {
        "row_count": told["rows"] >= 1,
        "column_names": tuple(rows.columns) == COLUMNS,
        "mean quantity": 25 <= told["mean"] <= 26,  # noqa: PLR2004 (as in conf)
        "unique order_key, line_number": twice == 0,
    }


def main() -> None:
    """Write the table, look at what was written, and print which checks hold."""
    kind, data, table = sys.argv[1:]
    rows = rows_of(Path(data))
    write(rows, Path(table), kind)
    print(json.dumps(holds(rows.sparkSession.read.format(kind).load(table))))


if __name__ == "__main__":
    main()
