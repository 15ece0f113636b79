"""Show a few rows of what the demo published, read without Spark."""

from pathlib import Path

import duckdb
from deltalake import DeltaTable

WAREHOUSE = Path("data/warehouse")


def main() -> None:
    """Print one small table per published table that people would look at first."""
    sales = DeltaTable(WAREHOUSE / "product_sales").to_pyarrow_table()
    carriers = DeltaTable(WAREHOUSE / "carrier_daily").to_pyarrow_table()
    days = DeltaTable(WAREHOUSE / "worst_days").to_pyarrow_table()
    late = DeltaTable(WAREHOUSE / "late_departures").to_pyarrow_table()
    routes = str(WAREHOUSE / "route_delays" / "*" / "*.parquet")
    connection = duckdb.connect()
    connection.read_parquet(routes, hive_partitioning=True).create_view("routes")
    connection.register("sales", sales)
    connection.register("carriers", carriers)
    connection.register("days", days)
    connection.register("late", late)
    for title, query in {
        "product_sales (delta): totals over 1000 EUR": "from sales order by total_sales_eur desc limit 5",
        "carrier_daily (delta): the least punctual carriers of 2013": """
            select carrier, any_value(carrier_name) as carrier_name, sum(flights)::int as flights,
            round(sum(dep_delay_mean_min * (flights - cancelled)) / sum(flights - cancelled), 1) as mean_min
            from carriers group by carrier order by 4 desc limit 5""",
        "route_delays (parquet): the latest routes": """
            select origin, dest, dest_name, month, flights, dep_delay_p50_min
            from routes order by dep_delay_p50_min desc, origin, dest, month limit 5""",
        "worst_days (delta, a job in SQL): days with 50 minutes or more": """
            select day, flights, cancelled, round(dep_delay_mean_min, 1) as mean_min
            from days order by 4 desc""",
        "late_departures (delta, a job in SQL with Jinja): percent that left late by minutes": """
            select part_of_day, sum(departures)::int as departures,
            round(100 * sum(late_15) / sum(departures), 1) as late_15,
            round(100 * sum(late_60) / sum(departures), 1) as late_60,
            round(100 * sum(late_180) / sum(departures), 1) as late_180
            from late group by part_of_day order by 3""",
    }.items():
        print(f"\n{title}")
        print(connection.sql(query))


if __name__ == "__main__":
    main()
