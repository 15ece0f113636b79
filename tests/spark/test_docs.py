"""The documentation of the demo, with the columns of its functions as Spark tells them."""

from datetime import UTC, datetime

from pyspark.sql import SparkSession

from sparkjobs.config import load
from sparkjobs.docs import gathered, page
from sparkjobs.lineage import Node, Origin, Place
from sparkjobs.lineage.walk import columns_of
from sparkjobs.record import Records
from sparkjobs.registry import registry_of
from tests.projects import REPOSITORY


def test_columns_of_functions_are_told_before_anything_ran(spark: SparkSession) -> None:
    conf = load(REPOSITORY, None, (), {"SPARKJOBS_WAREHOUSE": "data/nowhere"})
    registry = registry_of(conf)

    lineage = columns_of(lambda _: spark, conf, registry)
    site = gathered(conf, registry, lineage, Records({}, ()), datetime(2026, 1, 1, tzinfo=UTC))

    entries = {one.node.name: one for one in site.entries}
    daily = {one.name: one for one in entries["carrier_daily"].columns}
    flights = Node("job", "stg_flights")
    assert list(daily) == [
        *("carrier", "carrier_name", "day", "flights", "cancelled", "cancelled_share"),
        *("dep_delay_mean_min", "month"),
    ]
    assert (daily["cancelled_share"].type, daily["cancelled_share"].description) == ("double", "0 to 1")
    assert daily["day"].origins == (Origin(flights, "day", "same"),)
    assert Place(Node("job", "worst_days"), "day") in daily["day"].uses
    weather = {one.name: one for one in entries["airport_hourly"].columns}["temp_f"]
    assert (weather.description, weather.said_of) == (
        "degrees Fahrenheit",
        Place(Node("job", "stg_weather"), "temp_f"),
    )
    assert "only Spark knows" not in page(site)
