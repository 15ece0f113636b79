"""What sells where."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sparkjobs import job


@job
def product_sales(sales: DataFrame, *, min_total_eur: int) -> DataFrame:
    """Completed sales per region and product, for totals over `min_total_eur`, largest first.

    Grain: (region, product).
    Out: total_sales_eur: EUR; profitable_transactions: those that brought more than they cost.
    """
    profitable = F.col("amount") > F.col("cost")

    return (
        sales.filter(F.col("status") == "completed")
        .groupBy("region", "product")
        .agg(
            F.sum("amount").alias("total_sales_eur"),
            F.count("*").alias("transaction_count"),
            F.count_if(profitable).alias("profitable_transactions"),
        )
        .filter(F.col("total_sales_eur") > min_total_eur)
        .select("region", "product", "total_sales_eur", "transaction_count", "profitable_transactions")
        .orderBy(F.desc("total_sales_eur"), "region", "product")
    )
