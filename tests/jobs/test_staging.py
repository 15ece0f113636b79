from datetime import UTC, date, datetime

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from jobs.flights.staging import stg_flights, stg_weather

FLIGHTS = """year int, month int, day int, dep_time int, sched_dep_time int, dep_delay double, arr_time int,
    sched_arr_time int, arr_delay double, carrier string, flight int, tailnum string, origin string,
    dest string, air_time double, distance int, hour int, minute int, time_hour timestamp"""
DEPARTURES = """month int, day date, scheduled_hour_utc timestamp, carrier string, flight int, tailnum string,
    origin string, dest string, dep_delay_min double, arr_delay_min double, air_time_min double, distance_mi int"""
WEATHER = """origin string, year int, month int, day int, hour int, temp double, dewp double, humid double,
    wind_dir double, wind_speed double, wind_gust double, precip double, pressure double, visib double,
    time_hour timestamp"""
OBSERVED = """month int, origin string, hour_utc timestamp, temp_f double, wind_mph double, precip_in double,
    visib_mi double"""
TEN = datetime(2013, 1, 1, 10, tzinfo=UTC)
ELEVEN = datetime(2013, 1, 1, 11, tzinfo=UTC)


def test_every_scheduled_departure_is_one_row_also_when_it_was_cancelled(spark: SparkSession) -> None:
    flown = (
        2013,
        1,
        1,
        517,
        515,
        2.0,
        830,
        819,
        11.0,
        "UA",
        1545,
        "N14228",
        "EWR",
        "IAH",
        227.0,
        1400,
        5,
        15,
        TEN,
    )
    cancelled = (
        2013,
        1,
        1,
        None,
        600,
        None,
        None,
        901,
        None,
        "B6",
        125,
        None,
        "JFK",
        "FLL",
        None,
        1069,
        6,
        0,
        ELEVEN,
    )
    flights = spark.createDataFrame([flown, cancelled], FLIGHTS)

    actual = stg_flights(flights)

    rows = [
        (1, date(2013, 1, 1), TEN, "UA", 1545, "N14228", "EWR", "IAH", 2.0, 11.0, 227.0, 1400),
        (1, date(2013, 1, 1), ELEVEN, "B6", 125, None, "JFK", "FLL", None, None, None, 1069),
    ]
    assert_df_equality(
        actual, spark.createDataFrame(rows, DEPARTURES), ignore_row_order=True, ignore_nullable=True
    )


def test_a_departed_flight_that_never_arrived_keeps_its_departure_delay(spark: SparkSession) -> None:
    diverted = (
        2013,
        1,
        1,
        517,
        515,
        2.0,
        None,
        819,
        None,
        "UA",
        1545,
        "N14228",
        "EWR",
        "IAH",
        None,
        1400,
        5,
        15,
        TEN,
    )
    flights = spark.createDataFrame([diverted], FLIGHTS)

    actual = stg_flights(flights)

    rows = [(1, date(2013, 1, 1), TEN, "UA", 1545, "N14228", "EWR", "IAH", 2.0, None, None, 1400)]
    assert_df_equality(actual, spark.createDataFrame(rows, DEPARTURES), ignore_nullable=True)


def test_the_day_of_a_departure_is_local_and_its_hour_is_utc(spark: SparkSession) -> None:
    late = datetime(2013, 2, 1, 4, tzinfo=UTC)
    evening = (
        2013,
        1,
        31,
        2359,
        2359,
        0.0,
        439,
        439,
        0.0,
        "B6",
        739,
        "N527JB",
        "JFK",
        "PSE",
        190.0,
        1617,
        23,
        59,
        late,
    )
    flights = spark.createDataFrame([evening], FLIGHTS)

    actual = stg_flights(flights)

    rows = [(1, date(2013, 1, 31), late, "B6", 739, "N527JB", "JFK", "PSE", 0.0, 0.0, 190.0, 1617)]
    assert_df_equality(actual, spark.createDataFrame(rows, DEPARTURES), ignore_nullable=True)


def test_the_same_flight_twice_stays_two_rows_for_the_check_to_see(spark: SparkSession) -> None:
    flown = (
        2013,
        1,
        1,
        517,
        515,
        2.0,
        830,
        819,
        11.0,
        "UA",
        1545,
        "N14228",
        "EWR",
        "IAH",
        227.0,
        1400,
        5,
        15,
        TEN,
    )
    flights = spark.createDataFrame([flown, flown], FLIGHTS)

    actual = stg_flights(flights)

    row = (1, date(2013, 1, 1), TEN, "UA", 1545, "N14228", "EWR", "IAH", 2.0, 11.0, 227.0, 1400)
    assert_df_equality(actual, spark.createDataFrame([row, row], DEPARTURES), ignore_nullable=True)


def test_an_observation_keeps_its_hour_and_what_was_not_measured_stays_null(spark: SparkSession) -> None:
    measured = ("EWR", 2013, 1, 1, 5, 39.02, 26.06, 59.37, 270.0, 10.36, None, 0.01, 1012.0, 9.5, TEN)
    blind = ("JFK", 2013, 1, 1, 5, None, None, None, None, None, None, None, None, None, TEN)
    weather = spark.createDataFrame([measured, blind], WEATHER)

    actual = stg_weather(weather)

    rows = [(1, "EWR", TEN, 39.02, 10.36, 0.01, 9.5), (1, "JFK", TEN, None, None, None, None)]
    assert_df_equality(
        actual, spark.createDataFrame(rows, OBSERVED), ignore_row_order=True, ignore_nullable=True
    )
