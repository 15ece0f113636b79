"""Which customers come back."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sparkjobs import job


@job
def customer_segments(customers: DataFrame, *, loyal_from: int) -> DataFrame:
    """How many customers are new, occasional or loyal, and what they paid.

    Grain: segment.
    In:  customers: one row per customer; number_of_orders null means none.
    Out: lifetime_value: dollars.
    """
    orders = F.coalesce("number_of_orders", F.lit(0))
    segment = F.when(orders >= loyal_from, "loyal").when(orders > 0, "occasional").otherwise("new")

    return customers.groupBy(segment.alias("segment")).agg(
        F.count("*").alias("customers"),
        F.sum("customer_lifetime_value").alias("lifetime_value"),
    )
