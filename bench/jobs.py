"""The transformation as a job of sparkjobs."""

from pyspark.sql import DataFrame

from bench.lines import priced
from sparkjobs import job


@job
def priced_lines(lineitem: DataFrame) -> DataFrame:
    """Lines of orders with what is paid for them.  Grain: (order_key, line_number)."""
    return priced(lineitem)
