"""Two cases in Polars, an engine for one machine, for context: `in_polars.py CASE DATA OUTPUT`.

It writes the very rows that Spark writes, with the same types.
"""

import sys
from pathlib import Path

import polars as pl

COLUMNS = {
    "o_orderkey": pl.Int64(),
    "o_custkey": pl.Int64(),
    "o_orderstatus": pl.String(),
    "o_totalprice": pl.Decimal(15, 2),
    "o_orderdate": pl.Date(),
    "o_orderpriority": pl.String(),
    "o_clerk": pl.String(),
    "o_shippriority": pl.Int32(),
    "o_comment": pl.String(),
}


def ingest(data: Path, out: Path) -> None:
    """CSV, typed and partitioned."""
    orders = pl.scan_csv(data / "csv" / "orders" / "*.csv", schema=COLUMNS)
    dated = orders.with_columns(order_year=pl.col("o_orderdate").dt.year())
    target = pl.PartitionBy(out / "ingest", key="order_year", include_key=False)
    dated.sink_parquet(target, compression="zstd", mkdir=True)


def aggregate(data: Path, out: Path) -> None:
    """A join, and groups."""
    lineitem, orders = (
        pl.scan_parquet(data / "parquet" / name / "*.parquet") for name in ("lineitem", "orders")
    )
    exact = pl.Decimal(18, 4)  # a product has no more digits behind the point than its factors
    paid = pl.col("l_extendedprice").cast(exact) * (1 - pl.col("l_discount").cast(exact))
    keys = pl.col("o_orderdate").dt.year().alias("order_year"), "l_shipmode", "o_orderpriority"
    sold = (
        lineitem.join(orders, left_on="l_orderkey", right_on="o_orderkey")
        .group_by(*keys)
        .agg(
            pl.len().cast(pl.Int64).alias("lines"),
            paid.sum().cast(pl.Decimal(28, 4)).alias("revenue"),
            pl.col("l_shipdate").min().alias("first_shipped"),
            pl.col("l_shipdate").max().alias("last_shipped"),
        )
    )
    sold.sink_parquet(out / "aggregate" / "0.parquet", compression="zstd", mkdir=True)


CASES = {one.__name__: one for one in (ingest, aggregate)}


def main() -> None:
    """Do one case."""
    case, data, out = sys.argv[1:]
    CASES[case](Path(data), Path(out))


if __name__ == "__main__":
    main()
