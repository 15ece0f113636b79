from chispa import assert_df_equality
from pyspark.sql import SparkSession

from jobs.flights.routes import route_delays

FLIGHTS = "origin string, dest string, month int, dep_delay_min double"
AIRPORTS = "faa string, name string"
ROUTES = "origin string, dest string, dest_name string, flights bigint, dep_delay_p50_min double, month int"
NAMES = [("LAX", "Los Angeles Intl"), ("IAH", "George Bush Intercontinental")]


def test_each_route_has_one_row_per_month(spark: SparkSession) -> None:
    flights = spark.createDataFrame(
        [
            ("JFK", "LAX", 1, 1.0),
            ("JFK", "LAX", 1, 1.0),
            ("JFK", "LAX", 2, 2.0),
            ("EWR", "LAX", 1, 3.0),
            ("JFK", "IAH", 1, 4.0),
        ],
        FLIGHTS,
    )
    airports = spark.createDataFrame(NAMES, AIRPORTS)

    actual = route_delays(flights, airports, min_flights=1)

    rows = [
        ("JFK", "LAX", "Los Angeles Intl", 2, 1.0, 1),
        ("JFK", "LAX", "Los Angeles Intl", 1, 2.0, 2),
        ("EWR", "LAX", "Los Angeles Intl", 1, 3.0, 1),
        ("JFK", "IAH", "George Bush Intercontinental", 1, 4.0, 1),
    ]
    assert_df_equality(
        actual, spark.createDataFrame(rows, ROUTES), ignore_row_order=True, ignore_nullable=True
    )


def test_a_cancelled_flight_counts_for_no_route(spark: SparkSession) -> None:
    flights = spark.createDataFrame(
        [("JFK", "LAX", 1, -2.0), ("JFK", "LAX", 1, 10.0), ("JFK", "LAX", 1, None), ("JFK", "BQN", 1, None)],
        FLIGHTS,
    )
    airports = spark.createDataFrame(NAMES, AIRPORTS)

    actual = route_delays(flights, airports, min_flights=1)

    rows = [("JFK", "LAX", "Los Angeles Intl", 2, 4.0, 1)]
    assert_df_equality(actual, spark.createDataFrame(rows, ROUTES), ignore_nullable=True)


def test_one_very_late_flight_does_not_move_the_usual_delay(spark: SparkSession) -> None:
    flights = spark.createDataFrame(
        [("JFK", "LAX", 1, -3.0), ("JFK", "LAX", 1, 1301.0), ("JFK", "LAX", 1, 0.0)], FLIGHTS
    )
    airports = spark.createDataFrame(NAMES, AIRPORTS)

    actual = route_delays(flights, airports, min_flights=1)

    rows = [("JFK", "LAX", "Los Angeles Intl", 3, 0.0, 1)]
    assert_df_equality(actual, spark.createDataFrame(rows, ROUTES), ignore_nullable=True)


def test_between_two_middle_flights_the_usual_delay_lies_halfway(spark: SparkSession) -> None:
    flights = spark.createDataFrame(
        [("JFK", "LAX", 1, -9.0), ("JFK", "LAX", 1, 1.0), ("JFK", "LAX", 1, 2.0), ("JFK", "LAX", 1, 90.0)],
        FLIGHTS,
    )
    airports = spark.createDataFrame(NAMES, AIRPORTS)

    actual = route_delays(flights, airports, min_flights=1)

    rows = [("JFK", "LAX", "Los Angeles Intl", 4, 1.5, 1)]
    assert_df_equality(actual, spark.createDataFrame(rows, ROUTES), ignore_nullable=True)


def test_the_least_flights_are_counted_in_departures(spark: SparkSession) -> None:
    flights = spark.createDataFrame(
        [
            ("JFK", "LAX", 1, 5.0),
            ("JFK", "LAX", 1, 5.0),
            ("JFK", "IAH", 1, 5.0),
            ("JFK", "IAH", 1, None),
        ],
        FLIGHTS,
    )
    airports = spark.createDataFrame(NAMES, AIRPORTS)

    actual = route_delays(flights, airports, min_flights=2)

    rows = [("JFK", "LAX", "Los Angeles Intl", 2, 5.0, 1)]
    assert_df_equality(actual, spark.createDataFrame(rows, ROUTES), ignore_nullable=True)


def test_an_unknown_airport_keeps_its_routes_without_a_name(spark: SparkSession) -> None:
    flights = spark.createDataFrame([("JFK", "SJU", 1, 5.0), ("EWR", "SJU", 1, 6.0)], FLIGHTS)
    airports = spark.createDataFrame(NAMES, AIRPORTS)

    actual = route_delays(flights, airports, min_flights=1)

    rows = [("JFK", "SJU", None, 1, 5.0, 1), ("EWR", "SJU", None, 1, 6.0, 1)]
    assert_df_equality(
        actual, spark.createDataFrame(rows, ROUTES), ignore_row_order=True, ignore_nullable=True
    )


def test_the_name_is_that_of_the_destination(spark: SparkSession) -> None:
    flights = spark.createDataFrame([("IAH", "LAX", 1, 5.0)], FLIGHTS)
    airports = spark.createDataFrame(NAMES, AIRPORTS)

    actual = route_delays(flights, airports, min_flights=1)

    rows = [("IAH", "LAX", "Los Angeles Intl", 1, 5.0, 1)]
    assert_df_equality(actual, spark.createDataFrame(rows, ROUTES), ignore_nullable=True)
