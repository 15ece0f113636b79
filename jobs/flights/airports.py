"""What the weather does to departures."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sparkjobs import job


@job
def airport_hourly(flights: DataFrame, weather: DataFrame, airports: DataFrame) -> DataFrame:
    """Departures and weather per airport and scheduled hour.

    Grain: (origin, hour_utc).
    In:  weather: one row per origin and hour; airports: one row per faa. Neither join adds a row.
    Out: dep_delay_mean_min: minutes, over flights that departed; the weather columns are null where
         no observation was made.
    """
    hours = flights.groupBy("month", "origin", F.col("scheduled_hour_utc").alias("hour_utc")).agg(
        F.count("*").alias("flights"),
        F.count_if(F.col("dep_delay_min").isNull()).alias("cancelled"),
        F.avg("dep_delay_min").alias("dep_delay_mean_min"),
    )
    observed = weather.select("origin", "hour_utc", "temp_f", "wind_mph", "precip_in", "visib_mi")
    names = airports.select(F.col("faa").alias("origin"), F.col("name").alias("origin_name"))

    return (
        hours.join(observed, on=["origin", "hour_utc"], how="left")
        .join(names, on="origin", how="left")
        .select(
            "origin",
            "origin_name",
            "hour_utc",
            "flights",
            "cancelled",
            "dep_delay_mean_min",
            "temp_f",
            "wind_mph",
            "precip_in",
            "visib_mi",
            "month",
        )
    )
