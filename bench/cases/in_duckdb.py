"""Two cases in DuckDB, an engine for one machine, for context: `in_duckdb.py CASE DATA OUTPUT`.

It writes the very rows that Spark writes, with the same types.
"""

import sys
from pathlib import Path

import duckdb

COLUMNS = {
    "o_orderkey": "BIGINT",
    "o_custkey": "BIGINT",
    "o_orderstatus": "VARCHAR",
    "o_totalprice": "DECIMAL(15,2)",
    "o_orderdate": "DATE",
    "o_orderpriority": "VARCHAR",
    "o_clerk": "VARCHAR",
    "o_shippriority": "INTEGER",
    "o_comment": "VARCHAR",
}


def ingest(data: Path, out: Path) -> None:
    """CSV, typed and partitioned."""
    kinds = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
    duckdb.sql(f"""
        copy (select *, year(o_orderdate)::integer as order_year
              from read_csv('{data}/csv/orders/*.csv', header = true, columns = {{{kinds}}}))
        to '{out}/ingest' (format parquet, compression zstd, partition_by (order_year))
    """)


def aggregate(data: Path, out: Path) -> None:
    """A join, and groups."""
    (out / "aggregate").mkdir(parents=True)
    duckdb.sql(f"""
        copy (select year(o_orderdate)::integer as order_year, l_shipmode, o_orderpriority, count(*) as lines,
                     sum((l_extendedprice * (1 - l_discount))::decimal(18,4))::decimal(28,4) as revenue,
                     min(l_shipdate) as first_shipped, max(l_shipdate) as last_shipped
              from read_parquet('{data}/parquet/lineitem/*.parquet')
              join read_parquet('{data}/parquet/orders/*.parquet') on l_orderkey = o_orderkey group by all)
        to '{out}/aggregate/0.parquet' (format parquet, compression zstd)
    """)


CASES = {one.__name__: one for one in (ingest, aggregate)}


def main() -> None:
    """Do one case."""
    case, data, out = sys.argv[1:]
    CASES[case](Path(data), Path(out))


if __name__ == "__main__":
    main()
