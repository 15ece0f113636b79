"""Staging: the sources with the names, units and keys that every later job relies on."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sparkjobs import job


@job
def stg_flights(flights: DataFrame) -> DataFrame:
    """Scheduled departures.

    Grain: (day, scheduled_hour_utc, carrier, flight, origin).
    Out: day: local date of departure; *_delay_min: minutes, negative is early, null when the
         flight was cancelled or never arrived; distance_mi: miles.
    """
    return flights.select(
        "month",
        F.make_date("year", "month", "day").alias("day"),
        F.col("time_hour").alias("scheduled_hour_utc"),
        "carrier",
        "flight",
        "tailnum",
        "origin",
        "dest",
        F.col("dep_delay").alias("dep_delay_min"),
        F.col("arr_delay").alias("arr_delay_min"),
        F.col("air_time").alias("air_time_min"),
        F.col("distance").alias("distance_mi"),
    )


@job
def stg_weather(weather: DataFrame) -> DataFrame:
    """Weather per airport and hour.

    Grain: (origin, hour_utc).
    Out: temp_f: degrees Fahrenheit; wind_mph: miles per hour; precip_in: inches; visib_mi: miles.
    """
    return weather.select(
        "month",
        "origin",
        F.col("time_hour").alias("hour_utc"),
        F.col("temp").alias("temp_f"),
        F.col("wind_speed").alias("wind_mph"),
        F.col("precip").alias("precip_in"),
        F.col("visib").alias("visib_mi"),
    )
