from datetime import date

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from jobs.flights.carriers import carrier_daily

FLIGHTS = "month int, day date, carrier string, dep_delay_min double"
AIRLINES = "carrier string, name string"
DAYS = """carrier string, carrier_name string, day date, flights bigint, cancelled bigint,
    cancelled_share double, dep_delay_mean_min double, month int"""
NAMES = [("AA", "American Airlines Inc."), ("UA", "United Air Lines Inc.")]
FIRST, SECOND = date(2013, 1, 1), date(2013, 1, 2)


def test_each_carrier_has_one_row_per_day(spark: SparkSession) -> None:
    flights = spark.createDataFrame(
        [(1, FIRST, "AA", 4.0), (1, FIRST, "AA", -2.0), (1, SECOND, "AA", 7.0), (1, FIRST, "UA", 0.0)],
        FLIGHTS,
    )
    airlines = spark.createDataFrame(NAMES, AIRLINES)

    actual = carrier_daily(flights, airlines, min_flights=1)

    rows = [
        ("AA", "American Airlines Inc.", FIRST, 2, 0, 0.0, 1.0, 1),
        ("AA", "American Airlines Inc.", SECOND, 1, 0, 0.0, 7.0, 1),
        ("UA", "United Air Lines Inc.", FIRST, 1, 0, 0.0, 0.0, 1),
    ]
    assert_df_equality(actual, spark.createDataFrame(rows, DAYS), ignore_row_order=True, ignore_nullable=True)


def test_a_cancelled_flight_counts_as_a_flight_and_not_in_the_mean(spark: SparkSession) -> None:
    flights = spark.createDataFrame(
        [(1, FIRST, "AA", 10.0), (1, FIRST, "AA", 20.0), (1, FIRST, "AA", 30.0), (1, FIRST, "AA", None)],
        FLIGHTS,
    )
    airlines = spark.createDataFrame(NAMES, AIRLINES)

    actual = carrier_daily(flights, airlines, min_flights=1)

    rows = [("AA", "American Airlines Inc.", FIRST, 4, 1, 0.25, 20.0, 1)]
    assert_df_equality(actual, spark.createDataFrame(rows, DAYS), ignore_nullable=True)


def test_a_day_without_any_departure_has_no_mean(spark: SparkSession) -> None:
    flights = spark.createDataFrame([(1, FIRST, "AA", None), (1, FIRST, "AA", None)], FLIGHTS)
    airlines = spark.createDataFrame(NAMES, AIRLINES)

    actual = carrier_daily(flights, airlines, min_flights=1)

    rows = [("AA", "American Airlines Inc.", FIRST, 2, 2, 1.0, None, 1)]
    assert_df_equality(actual, spark.createDataFrame(rows, DAYS), ignore_nullable=True)


def test_a_day_with_exactly_the_least_flights_stays_and_one_fewer_goes(spark: SparkSession) -> None:
    flights = spark.createDataFrame(
        [
            (1, FIRST, "AA", 1.0),
            (1, FIRST, "AA", 3.0),
            (1, FIRST, "AA", None),
            (1, FIRST, "UA", 1.0),
            (1, FIRST, "UA", 3.0),
        ],
        FLIGHTS,
    )
    airlines = spark.createDataFrame(NAMES, AIRLINES)

    actual = carrier_daily(flights, airlines, min_flights=3)

    rows = [("AA", "American Airlines Inc.", FIRST, 3, 1, 1 / 3, 2.0, 1)]
    assert_df_equality(actual, spark.createDataFrame(rows, DAYS), ignore_nullable=True)


def test_an_unknown_carrier_keeps_its_days_without_a_name(spark: SparkSession) -> None:
    flights = spark.createDataFrame([(1, FIRST, "ZZ", 5.0), (1, FIRST, "AA", 6.0)], FLIGHTS)
    airlines = spark.createDataFrame(NAMES, AIRLINES)

    actual = carrier_daily(flights, airlines, min_flights=1)

    rows = [
        ("ZZ", None, FIRST, 1, 0, 0.0, 5.0, 1),
        ("AA", "American Airlines Inc.", FIRST, 1, 0, 0.0, 6.0, 1),
    ]
    assert_df_equality(actual, spark.createDataFrame(rows, DAYS), ignore_row_order=True, ignore_nullable=True)


def test_a_carrier_that_did_not_fly_has_no_row(spark: SparkSession) -> None:
    flights = spark.createDataFrame([(1, FIRST, "UA", 5.0)], FLIGHTS)
    airlines = spark.createDataFrame(NAMES, AIRLINES)

    actual = carrier_daily(flights, airlines, min_flights=0)

    rows = [("UA", "United Air Lines Inc.", FIRST, 1, 0, 0.0, 5.0, 1)]
    assert_df_equality(actual, spark.createDataFrame(rows, DAYS), ignore_nullable=True)
