"""How punctual each carrier is."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sparkjobs import job


@job
def carrier_daily(flights: DataFrame, airlines: DataFrame, *, min_flights: int) -> DataFrame:
    """Punctuality per carrier and day, for days with at least `min_flights` departures.

    Grain: (carrier, day).
    In:  airlines: one row per carrier, so the join adds and loses none.
    Out: cancelled_share: 0 to 1; dep_delay_mean_min: minutes, over flights that departed.
    """
    cancelled = F.col("dep_delay_min").isNull()

    days = (
        flights.groupBy("month", "carrier", "day")
        .agg(
            F.count("*").alias("flights"),
            F.count_if(cancelled).alias("cancelled"),
            F.avg("dep_delay_min").alias("dep_delay_mean_min"),
        )
        .filter(F.col("flights") >= min_flights)
    )
    names = airlines.select("carrier", F.col("name").alias("carrier_name"))

    return days.join(names, on="carrier", how="left").select(
        "carrier",
        "carrier_name",
        "day",
        "flights",
        "cancelled",
        (F.col("cancelled") / F.col("flights")).alias("cancelled_share"),
        "dep_delay_mean_min",
        "month",
    )
