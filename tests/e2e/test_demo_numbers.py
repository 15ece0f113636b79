"""Every number that the demo publishes, against the same number made by hand from the files."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from math import isclose
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable

from tests.e2e.demo import LANDING, Demo
from tests.e2e.oracle import Oracle, Row

RELATIVE_TOLERANCE = 1e-9


@pytest.fixture(scope="module")
def oracle(demo: Demo) -> Oracle:
    """Asked for after the demo, so that missing data is told once and well."""
    return Oracle(LANDING)


def test_every_flight_read_is_published_or_quarantined(demo: Demo, oracle: Oracle) -> None:
    ledger = demo.jobs["stg_flights"]["ledger"]["flights"]
    assert ledger == {"read": 336_776, "valid": 336_597, "quarantined": 179}
    assert (oracle.flights_read, len(oracle.flights), oracle.broken_flights.total()) == (
        336_776,
        336_597,
        179,
    )
    assert len(_rows(demo.table("stg_flights"), "month")) == 336_597


def test_the_quarantine_holds_exactly_the_flights_that_break_their_contract(
    demo: Demo, oracle: Oracle
) -> None:
    quarantined = Counter(
        (line["raw"], tuple(sorted(reason["column"] for reason in line["reasons"])))
        for line in demo.quarantined("stg_flights", "flights")
    )
    assert quarantined == oracle.broken_flights
    assert {columns for _, columns in quarantined} == {("arr_time",), ("dep_time",)}


def test_stg_flights_has_every_valid_flight_in_its_month(demo: Demo, oracle: Oracle) -> None:
    published = Counter(month for (month,) in _rows(demo.table("stg_flights"), "month"))
    assert published == oracle.flights_per_month()
    assert published[1] == 26_993


def test_stg_flights_is_the_valid_flights_value_for_value(demo: Demo, oracle: Oracle) -> None:
    columns = ("month", "day", "scheduled_hour_utc", "carrier", "origin", "dest", "dep_delay_min")
    published = Counter(_rows(demo.table("stg_flights"), *columns))
    assert published == Counter(
        (one.month, one.day, one.hour_utc, one.carrier, one.origin, one.dest, one.delay_min)
        for one in oracle.flights
    )


def test_stg_weather_has_every_observation_but_the_impossible_storm(demo: Demo, oracle: Oracle) -> None:
    ledger = demo.jobs["stg_weather"]["ledger"]["weather"]
    assert ledger == {"read": 26_115, "valid": 26_114, "quarantined": 1}
    assert (oracle.weather_read, len(oracle.weather)) == (26_115, 26_114)
    columns = ("origin", "hour_utc", "temp_f", "wind_mph", "precip_in", "visib_mi")
    assert set(_rows(demo.table("stg_weather"), *columns)) == {
        (origin, hour, seen.temp_f, seen.wind_mph, seen.precip_in, seen.visib_mi)
        for (origin, hour), seen in oracle.weather.items()
    }


def test_carrier_daily_is_recomputed_to_the_last_row(demo: Demo, oracle: Oracle) -> None:
    keys = ("carrier", "day")
    values = ("carrier_name", "flights", "cancelled", "cancelled_share", "dep_delay_mean_min", "month")
    published = _keyed(_rows(demo.table("carrier_daily"), *keys, *values), len(keys))
    _assert_same(published, oracle.carrier_daily())
    assert len(published) == 3_749


def test_airport_hourly_is_recomputed_to_the_last_row(demo: Demo, oracle: Oracle) -> None:
    keys = ("origin", "hour_utc")
    counts = ("origin_name", "flights", "cancelled", "dep_delay_mean_min")
    weather = ("temp_f", "wind_mph", "precip_in", "visib_mi", "month")
    published = _keyed(_rows(demo.table("airport_hourly"), *keys, *counts, *weather), len(keys))
    _assert_same(published, oracle.airport_hourly())
    assert len(published) == 19_483


def test_route_delays_is_recomputed_to_the_last_row(demo: Demo, oracle: Oracle) -> None:
    files = str(demo.table("route_delays") / "month=*" / "*.parquet")
    with duckdb.connect() as connection:
        rows = connection.execute(
            """select origin, dest, month::int, dest_name, flights, dep_delay_p50_min
               from read_parquet(?, hive_partitioning = true)""",
            [files],
        ).fetchall()
    published = _keyed(rows, 3)
    _assert_same(published, oracle.route_delays())
    assert len(published) == 2_110


def test_worst_days_is_recomputed_from_the_flights_themselves(demo: Demo, oracle: Oracle) -> None:
    values = ("flights", "cancelled", "dep_delay_mean_min")
    published = _keyed(_rows(demo.table("worst_days"), "day", *values), 1)
    _assert_same(published, oracle.worst_days())
    assert {(key[0], row[:2]) for key, row in published.items()} == {
        (date(2013, 3, 8), (973, 180)),
        (date(2013, 5, 23), (981, 219)),
        (date(2013, 7, 1), (949, 82)),
        (date(2013, 7, 10), (986, 119)),
        (date(2013, 9, 2), (911, 82)),
        (date(2013, 12, 5), (954, 154)),
    }


def test_late_departures_is_recomputed_and_delays_add_up_towards_the_evening(
    demo: Demo, oracle: Oracle
) -> None:
    keys = ("origin", "month", "part_of_day")
    values = ("departures", "late_15", "late_60", "late_180")
    published = _keyed(_rows(demo.table("late_departures"), *keys, *values), len(keys))
    _assert_same(published, oracle.late_departures())
    late: Counter[object] = Counter()
    for (_, _, part), (_, late_15, _, _) in published.items():
        late[part] += int(str(late_15))
    assert late == {"morning": 14_605, "afternoon": 25_803, "evening": 32_422}


def test_product_sales_holds_these_seven_rows_largest_first(demo: Demo, oracle: Oracle) -> None:
    columns = ("region", "product", "total_sales_eur", "transaction_count", "profitable_transactions")
    published = _rows(demo.table("product_sales"), *columns)
    assert published == oracle.product_sales()
    assert published == [
        ("North", "Laptop", Decimal("3575.00"), 3, 3),
        ("West", "Laptop", Decimal("2385.25"), 2, 2),
        ("South", "Laptop", Decimal("2060.00"), 2, 1),
        ("South", "Phone", Decimal("1904.99"), 3, 3),
        ("West", "Phone", Decimal("1305.00"), 2, 2),
        ("East", "Phone", Decimal("1245.00"), 2, 2),
        ("East", "Laptop", Decimal("1190.00"), 1, 1),
    ]


def test_the_quarantine_holds_exactly_the_sales_that_break_their_contract(demo: Demo, oracle: Oracle) -> None:
    assert (
        Counter(line["raw"] for line in demo.quarantined("product_sales", "sales")) == oracle.broken_sales()
    )
    assert demo.jobs["product_sales"]["ledger"]["sales"] == {"read": 36, "valid": 30, "quarantined": 6}


def test_a_day_that_was_added_up_on_paper(demo: Demo) -> None:
    # Virgin America, 1 January: -2 -1 -1 +2 +1 +3 +3 -3 -3 +0 +0 -8 minutes, twelve flights.
    columns = ("carrier", "day", "carrier_name", "flights", "cancelled", "dep_delay_mean_min")
    day = ("VX", date(2013, 1, 1))
    rows = [row for row in _rows(demo.table("carrier_daily"), *columns) if row[:2] == day]
    assert rows == [(*day, "Virgin America", 12, 0, -0.75)]


def _rows(table: Path, *columns: str) -> list[Row]:
    """The rows of a Delta table, as deltalake reads it, in the order of its files."""
    arrow = DeltaTable(table).to_pyarrow_table(columns=list(columns))
    return list(zip(*(arrow.column(name).to_pylist() for name in columns), strict=True))


def _keyed(rows: list[Row], keys: int) -> Mapping[Row, Row]:
    keyed = {row[:keys]: row[keys:] for row in rows}
    assert len(keyed) == len(rows), "a key came twice"
    return keyed


def _assert_same(published: Mapping[Row, Row], by_hand: Mapping[Row, Row]) -> None:
    """The same keys; floats equal within the tolerance, everything else exactly."""
    assert published.keys() == by_hand.keys()
    wrong = [(key, published[key], row) for key, row in by_hand.items() if not _alike(published[key], row)]
    assert wrong[:5] == []


def _alike(left: Row, right: Row) -> bool:
    return len(left) == len(right) and all(map(_alike_value, left, right))


def _alike_value(left: object, right: object) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return isclose(left, right, rel_tol=RELATIVE_TOLERANCE, abs_tol=0.0)
    return type(left) is type(right) and left == right
