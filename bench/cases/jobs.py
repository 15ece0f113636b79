"""The cases as jobs of sparkjobs: what bench/cases/work.py does, under its conf."""

from pyspark.sql import DataFrame

from bench.cases import work
from sparkjobs import job


@job
def same(rows: DataFrame) -> DataFrame:
    """The rows as they come."""
    return rows


@job
def orders(orders: DataFrame) -> DataFrame:
    """Orders with their year.  Grain: o_orderkey."""
    return work.dated(orders)


@job
def revenue(lineitem: DataFrame, orders: DataFrame) -> DataFrame:
    """What was sold.  Grain: (order_year, l_shipmode, o_orderpriority)."""
    return work.revenue(lineitem, orders)


@job
def by_priority(orders: DataFrame) -> DataFrame:
    """Orders and their worth.  Grain: o_orderpriority."""
    return work.by_priority(orders)


@job
def by_status(orders: DataFrame) -> DataFrame:
    """Orders and their worth.  Grain: o_orderstatus."""
    return work.by_status(orders)


@job
def by_clerk(orders: DataFrame) -> DataFrame:
    """Orders and their worth.  Grain: o_clerk."""
    return work.by_clerk(orders)


@job
def by_month(orders: DataFrame) -> DataFrame:
    """Orders and their worth.  Grain: month, its first day."""
    return work.by_month(orders)


@job
def by_year(months: DataFrame) -> DataFrame:
    """Orders and their worth.  Grain: year."""
    return work.by_year(months)
