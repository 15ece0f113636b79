"""The transformations, without anything of sparkjobs: the jobs and the scripts by hand share them."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def dated(orders: DataFrame) -> DataFrame:
    """Orders with the year that they were made in.  Grain: o_orderkey."""
    return orders.withColumn("order_year", F.year("o_orderdate"))


def revenue(lineitem: DataFrame, orders: DataFrame) -> DataFrame:
    """What was sold, after discounts.  Grain: (order_year, l_shipmode, o_orderpriority)."""
    paid = F.col("l_extendedprice") * (1 - F.col("l_discount"))
    joined = lineitem.join(orders, F.col("l_orderkey") == F.col("o_orderkey"))
    return joined.groupBy(F.year("o_orderdate").alias("order_year"), "l_shipmode", "o_orderpriority").agg(
        F.count(F.lit(1)).alias("lines"),
        F.sum(paid.cast("decimal(18,4)")).alias("revenue"),
        F.min("l_shipdate").alias("first_shipped"),
        F.max("l_shipdate").alias("last_shipped"),
    )


def punctuality(flights: DataFrame) -> DataFrame:
    """How late departures were, in minutes.  Grain: (carrier, origin, month)."""
    return flights.groupBy("carrier", "origin", "month").agg(
        F.count(F.lit(1)).alias("flights"),
        F.count("dep_time").alias("departed"),
        F.sum("dep_delay").alias("delay"),
        F.max("dep_delay").alias("longest"),
        F.max("time_hour").alias("newest"),
    )


def worth(orders: DataFrame, key: str) -> DataFrame:
    """Orders and their worth.  Grain: `key`, a column of orders, or month, its first day."""
    months = orders.withColumn("month", F.trunc("o_orderdate", "month"))
    return months.groupBy(key).agg(
        F.count(F.lit(1)).alias("orders"),
        F.sum("o_totalprice").alias("worth"),
        F.max("o_orderdate").alias("newest"),
    )


def by_year(months: DataFrame) -> DataFrame:
    """Orders and their worth.  Grain: year."""
    years = months.groupBy(F.year("month").alias("year"))
    return years.agg(F.sum("orders").alias("orders"), F.sum("worth").cast("decimal(38,2)").alias("worth"))
