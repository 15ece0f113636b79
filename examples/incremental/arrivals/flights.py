"""Departures of 2013, and what they say of carriers."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sparkjobs import job


@job
def departures(flights: DataFrame) -> DataFrame:
    """Scheduled departures.

    Grain: (scheduled_hour_utc, carrier, flight, origin).
    Out: dep_delay_min: minutes, negative is early, null when the flight was cancelled.
    """
    return flights.select(
        "month",
        F.col("time_hour").alias("scheduled_hour_utc"),
        "carrier",
        "flight",
        "origin",
        "dest",
        F.col("dep_delay").alias("dep_delay_min"),
    )


@job
def carrier_months(departures: DataFrame) -> DataFrame:
    """Punctuality per carrier and month.

    Grain: (month, carrier).
    Out: dep_delay_mean_min: minutes, over flights that departed.
    """
    return departures.groupBy("month", "carrier").agg(
        F.count("*").alias("flights"),
        F.count_if(F.col("dep_delay_min").isNull()).alias("cancelled"),
        F.avg("dep_delay_min").alias("dep_delay_mean_min"),
    )
