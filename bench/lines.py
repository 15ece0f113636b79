"""The transformation, without anything of sparkjobs: plain scripts import it too."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

COLUMNS = (
    *("order_key", "line_number", "part_key", "supplier_key", "quantity", "price", "discount", "tax"),
    *("net_price", "return_flag", "line_status", "ship_date", "commit_date", "receipt_date"),
    *("days_under_way", "instructions", "ship_mode", "comment"),
)


def priced(lineitem: DataFrame) -> DataFrame:
    """Lines of orders with what is paid for them.

    Grain: (order_key, line_number).
    Out: net_price: after the discount, exactly; days_under_way: from shipping to receipt.
    """
    net_price = F.col("l_extendedprice") * (1 - F.col("l_discount"))

    return lineitem.select(
        F.col("l_orderkey").alias("order_key"),
        F.col("l_linenumber").alias("line_number"),
        F.col("l_partkey").alias("part_key"),
        F.col("l_suppkey").alias("supplier_key"),
        F.col("l_quantity").alias("quantity"),
        F.col("l_extendedprice").alias("price"),
        F.col("l_discount").alias("discount"),
        F.col("l_tax").alias("tax"),
        net_price.cast("decimal(18,4)").alias("net_price"),
        F.col("l_returnflag").alias("return_flag"),
        F.col("l_linestatus").alias("line_status"),
        F.col("l_shipdate").alias("ship_date"),
        F.col("l_commitdate").alias("commit_date"),
        F.col("l_receiptdate").alias("receipt_date"),
        F.date_diff("l_receiptdate", "l_shipdate").alias("days_under_way"),
        F.col("l_shipinstruct").alias("instructions"),
        F.col("l_shipmode").alias("ship_mode"),
        F.col("l_comment").alias("comment"),
    )
