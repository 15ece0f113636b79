from datetime import UTC, datetime

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from jobs.flights.airports import airport_hourly

FLIGHTS = "month int, origin string, scheduled_hour_utc timestamp, dep_delay_min double"
WEATHER = """month int, origin string, hour_utc timestamp, temp_f double, wind_mph double, precip_in double,
    visib_mi double"""
AIRPORTS = "faa string, name string, tzone string"
HOURS = """origin string, origin_name string, hour_utc timestamp, flights bigint, cancelled bigint,
    dep_delay_mean_min double, temp_f double, wind_mph double, precip_in double, visib_mi double, month int"""
TEN = datetime(2013, 1, 1, 10, tzinfo=UTC)
ELEVEN = datetime(2013, 1, 1, 11, tzinfo=UTC)
NAMES = [("EWR", "Newark", "America/New_York"), ("JFK", "Kennedy", "America/New_York")]


def test_each_airport_has_one_row_per_scheduled_hour(spark: SparkSession) -> None:
    flights = spark.createDataFrame(
        [(1, "EWR", TEN, 2.0), (1, "EWR", TEN, 4.0), (1, "EWR", ELEVEN, 5.0), (1, "JFK", TEN, 6.0)], FLIGHTS
    )
    weather = spark.createDataFrame(
        [
            (1, "EWR", TEN, 39.0, 10.0, 0.0, 9.0),
            (1, "EWR", ELEVEN, 40.0, 11.0, 0.1, 8.0),
            (1, "JFK", TEN, 41.0, 12.0, 0.2, 7.0),
        ],
        WEATHER,
    )
    airports = spark.createDataFrame(NAMES, AIRPORTS)

    actual = airport_hourly(flights, weather, airports)

    rows = [
        ("EWR", "Newark", TEN, 2, 0, 3.0, 39.0, 10.0, 0.0, 9.0, 1),
        ("EWR", "Newark", ELEVEN, 1, 0, 5.0, 40.0, 11.0, 0.1, 8.0, 1),
        ("JFK", "Kennedy", TEN, 1, 0, 6.0, 41.0, 12.0, 0.2, 7.0, 1),
    ]
    assert_df_equality(
        actual, spark.createDataFrame(rows, HOURS), ignore_row_order=True, ignore_nullable=True
    )


def test_an_hour_without_an_observation_keeps_its_flights(spark: SparkSession) -> None:
    flights = spark.createDataFrame([(1, "EWR", TEN, 2.0)], FLIGHTS)
    weather = spark.createDataFrame(
        [(1, "JFK", TEN, 41.0, 12.0, 0.2, 7.0), (1, "EWR", ELEVEN, 40.0, 11.0, 0.1, 8.0)], WEATHER
    )
    airports = spark.createDataFrame(NAMES, AIRPORTS)

    actual = airport_hourly(flights, weather, airports)

    rows = [("EWR", "Newark", TEN, 1, 0, 2.0, None, None, None, None, 1)]
    assert_df_equality(actual, spark.createDataFrame(rows, HOURS), ignore_nullable=True)


def test_an_unknown_airport_keeps_its_hours_without_a_name(spark: SparkSession) -> None:
    flights = spark.createDataFrame([(1, "LGA", TEN, 2.0)], FLIGHTS)
    weather = spark.createDataFrame([(1, "LGA", TEN, 41.0, 12.0, 0.2, 7.0)], WEATHER)
    airports = spark.createDataFrame(NAMES, AIRPORTS)

    actual = airport_hourly(flights, weather, airports)

    rows = [("LGA", None, TEN, 1, 0, 2.0, 41.0, 12.0, 0.2, 7.0, 1)]
    assert_df_equality(actual, spark.createDataFrame(rows, HOURS), ignore_nullable=True)


def test_weather_without_a_flight_adds_no_hour(spark: SparkSession) -> None:
    flights = spark.createDataFrame([(1, "EWR", TEN, 2.0)], FLIGHTS)
    weather = spark.createDataFrame(
        [(1, "EWR", TEN, 39.0, 10.0, 0.0, 9.0), (1, "EWR", ELEVEN, 40.0, 11.0, 0.1, 8.0)], WEATHER
    )
    airports = spark.createDataFrame(NAMES, AIRPORTS)

    actual = airport_hourly(flights, weather, airports)

    rows = [("EWR", "Newark", TEN, 1, 0, 2.0, 39.0, 10.0, 0.0, 9.0, 1)]
    assert_df_equality(actual, spark.createDataFrame(rows, HOURS), ignore_nullable=True)


def test_a_cancelled_flight_counts_in_its_hour_and_not_in_the_mean(spark: SparkSession) -> None:
    flights = spark.createDataFrame(
        [(1, "EWR", TEN, 2.0), (1, "EWR", TEN, None), (1, "JFK", TEN, None)], FLIGHTS
    )
    weather = spark.createDataFrame([(1, "EWR", TEN, 39.0, 10.0, 0.0, 9.0)], WEATHER)
    airports = spark.createDataFrame(NAMES, AIRPORTS)

    actual = airport_hourly(flights, weather, airports)

    rows = [
        ("EWR", "Newark", TEN, 2, 1, 2.0, 39.0, 10.0, 0.0, 9.0, 1),
        ("JFK", "Kennedy", TEN, 1, 1, None, None, None, None, None, 1),
    ]
    assert_df_equality(
        actual, spark.createDataFrame(rows, HOURS), ignore_row_order=True, ignore_nullable=True
    )


def test_the_month_is_that_of_the_flight_where_utc_is_a_month_ahead(spark: SparkSession) -> None:
    late = datetime(2013, 2, 1, 4, tzinfo=UTC)
    flights = spark.createDataFrame([(1, "JFK", late, 0.0)], FLIGHTS)
    weather = spark.createDataFrame([(2, "JFK", late, 41.0, 12.0, 0.2, 7.0)], WEATHER)
    airports = spark.createDataFrame(NAMES, AIRPORTS)

    actual = airport_hourly(flights, weather, airports)

    rows = [("JFK", "Kennedy", late, 1, 0, 0.0, 41.0, 12.0, 0.2, 7.0, 1)]
    assert_df_equality(actual, spark.createDataFrame(rows, HOURS), ignore_nullable=True)
