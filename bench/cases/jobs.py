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
def punctuality(flights: DataFrame) -> DataFrame:
    """How late departures were.  Grain: (carrier, origin, month)."""
    return work.punctuality(flights)


@job
def worth(orders: DataFrame, *, key: str) -> DataFrame:
    """Orders and their worth.  Grain: `key`."""
    return work.worth(orders, key)


@job
def by_year(months: DataFrame) -> DataFrame:
    """Orders and their worth.  Grain: year."""
    return work.by_year(months)
