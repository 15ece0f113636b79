"""How late each route departs."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sparkjobs import job


@job
def route_delays(flights: DataFrame, airports: DataFrame, *, min_flights: int) -> DataFrame:
    """Usual departure delay per route and month, for routes with at least `min_flights` departures.

    Grain: (origin, dest, month).
    In:  flights: one row per scheduled departure; dep_delay_min null means cancelled.
         airports: one row per faa, so the join adds and loses no route.
    Out: flights: departures that took place; dep_delay_p50_min: minutes, negative is early;
         dest_name: null where airports lacks the code.
    """
    departed = F.col("dep_delay_min").isNotNull()

    routes = (
        flights.filter(departed)
        .groupBy("origin", "dest", "month")
        .agg(F.count("*").alias("flights"), F.median("dep_delay_min").alias("dep_delay_p50_min"))
        .filter(F.col("flights") >= min_flights)
    )
    names = airports.select(F.col("faa").alias("dest"), F.col("name").alias("dest_name"))

    return routes.join(names, on="dest", how="left").select(
        "origin", "dest", "dest_name", "flights", "dep_delay_p50_min", "month"
    )
