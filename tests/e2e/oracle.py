"""The numbers of the demo once more, by hand: the csv module and plain loops, nothing of ours, no Spark.

What it knows of the contracts is written down here a second time, on purpose.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property
from math import fsum
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq

MIN_FLIGHTS_OF_A_CARRIER = 10
MIN_FLIGHTS_OF_A_ROUTE = 20
MIN_TOTAL_EUR = 1000
WORST_DAY_MIN = 50
LATE_MIN = (15, 60, 180)
NEW_YORK = ZoneInfo("America/New_York")
TIMES = ("dep_time", "sched_dep_time", "arr_time", "sched_arr_time")
ALWAYS_KNOWN = (
    *("year", "month", "day", "sched_dep_time", "sched_arr_time", "carrier", "flight", "origin", "dest"),
    *("distance", "time_hour"),
)
RANGES = {
    "month": (1, 12),
    "day": (1, 31),
    **dict.fromkeys(TIMES, (0, 2359)),
    "air_time": (1, 1440),
    "distance": (1, 10000),
}

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Flight:
    """One scheduled departure that keeps its contract."""

    month: int
    day: date
    hour_utc: datetime
    carrier: str
    origin: str
    dest: str
    delay_min: float | None
    """None: cancelled."""


@dataclass(frozen=True, slots=True)
class Weather:
    """What was observed at one airport in one hour."""

    temp_f: float | None
    wind_mph: float | None
    precip_in: float | None
    visib_mi: float | None


@dataclass(frozen=True, slots=True)
class Sale:
    """One transaction that keeps its contract."""

    region: str
    product: str
    amount_eur: Decimal
    cost_eur: Decimal
    status: str


class Oracle:
    """What the tables must hold, recomputed from the files in `landing`."""

    def __init__(self, landing: Path) -> None:
        self._landing = landing
        self.flights: list[Flight] = []
        """Those that keep their contract."""
        self.broken_flights: Counter[tuple[str, tuple[str, ...]]] = Counter()
        """The lines that break it, each with the columns that do."""
        self.flights_read = 0
        for path in sorted((landing / "flights").glob("*.csv")):
            for line, values in _lines(path):
                self.flights_read += 1
                broken = _broken(values)
                if broken:
                    self.broken_flights[line, broken] += 1
                else:
                    self.flights.append(_flight(values))

    def flights_per_month(self) -> Mapping[int, int]:
        """Rows of stg_flights by month."""
        return Counter(flight.month for flight in self.flights)

    def carrier_daily(self) -> Mapping[Row, Row]:
        """(carrier, day) → name, flights, cancelled, cancelled share, mean delay, month."""
        names = _names(self._landing / "airlines" / "airlines.csv", "carrier")
        delays: defaultdict[tuple[str, date], list[float | None]] = defaultdict(list)
        for flight in self.flights:
            delays[flight.carrier, flight.day].append(flight.delay_min)
        return {
            (carrier, day): (
                names.get(carrier),
                len(all_),
                all_.count(None),
                all_.count(None) / len(all_),
                _mean(all_),
                day.month,
            )
            for (carrier, day), all_ in delays.items()
            if len(all_) >= MIN_FLIGHTS_OF_A_CARRIER
        }

    def worst_days(self) -> Mapping[Row, Row]:
        """(day) → flights, cancelled, mean delay; of carriers with enough flights on that day."""
        delays: defaultdict[date, list[float | None]] = defaultdict(list)
        flown = Counter((flight.carrier, flight.day) for flight in self.flights)
        for flight in self.flights:
            if flown[flight.carrier, flight.day] >= MIN_FLIGHTS_OF_A_CARRIER:
                delays[flight.day].append(flight.delay_min)
        means = {day: _mean(all_) for day, all_ in delays.items()}
        return {
            (day,): (len(delays[day]), delays[day].count(None), mean)
            for day, mean in means.items()
            if mean is not None and mean >= WORST_DAY_MIN
        }

    def late_departures(self) -> Mapping[Row, Row]:
        """(origin, month, part of the day) → departures, and those that were late by each of LATE_MIN."""
        delays: defaultdict[Row, list[float]] = defaultdict(list)
        for flight in self.flights:
            if flight.delay_min is not None:
                hour = flight.hour_utc.astimezone(NEW_YORK).hour
                part = "morning" if hour < 12 else "afternoon" if hour < 17 else "evening"
                delays[flight.origin, flight.month, part].append(flight.delay_min)
        return {
            key: (len(all_), *(sum(delay >= least for delay in all_) for least in LATE_MIN))
            for key, all_ in delays.items()
        }

    def route_delays(self) -> Mapping[Row, Row]:
        """(origin, dest, month) → name of dest, departures, median delay."""
        names = _names(self._landing / "airports" / "airports.csv", "faa")
        delays: defaultdict[tuple[str, str, int], list[float]] = defaultdict(list)
        for flight in self.flights:
            if flight.delay_min is not None:
                delays[flight.origin, flight.dest, flight.month].append(flight.delay_min)
        return {
            (origin, dest, month): (names.get(dest), len(all_), median(all_))
            for (origin, dest, month), all_ in delays.items()
            if len(all_) >= MIN_FLIGHTS_OF_A_ROUTE
        }

    def airport_hourly(self) -> Mapping[Row, Row]:
        """(origin, hour) → name, flights, cancelled, mean delay, temperature, wind, rain, sight, month."""
        names = _names(self._landing / "airports" / "airports.csv", "faa")
        delays: defaultdict[tuple[int, str, datetime], list[float | None]] = defaultdict(list)
        for flight in self.flights:
            delays[flight.month, flight.origin, flight.hour_utc].append(flight.delay_min)
        hours: dict[Row, Row] = {}
        for (month, origin, hour), all_ in delays.items():
            assert (origin, hour) not in hours, "an hour that belongs to two months"
            seen = self.weather.get((origin, hour), Weather(None, None, None, None))
            hours[origin, hour] = (
                names.get(origin),
                len(all_),
                all_.count(None),
                _mean(all_),
                seen.temp_f,
                seen.wind_mph,
                seen.precip_in,
                seen.visib_mi,
                month,
            )
        return hours

    @cached_property
    def weather(self) -> Mapping[tuple[str, datetime], Weather]:
        """Observations that keep their contract, by airport and hour."""
        kept: dict[tuple[str, datetime], Weather] = {}
        for row in self._weather_rows:
            within = [(row["humid"], 0, 100), (row["wind_speed"], 0, 200)]
            if all(value is None or low <= value <= high for value, low, high in within):
                key = (row["origin"], row["time_hour"].replace(tzinfo=UTC))
                assert key not in kept, f"{key} was observed twice"
                kept[key] = Weather(row["temp"], row["wind_speed"], row["precip"], row["visib"])
        return kept

    @property
    def weather_read(self) -> int:
        """Observations in the file, good and bad."""
        return len(self._weather_rows)

    def product_sales(self) -> list[Row]:
        """(region, product, total, transactions, profitable ones), largest first."""
        sales: defaultdict[tuple[str, str], list[Sale]] = defaultdict(list)
        for sale in map(_sale, self._sales_lines):
            if sale and sale.status == "completed":
                sales[sale.region, sale.product].append(sale)
        totals = [
            (
                sum((sale.amount_eur for sale in all_), Decimal(0)),
                *key,
                len(all_),
                sum(sale.amount_eur > sale.cost_eur for sale in all_),
            )
            for key, all_ in sales.items()
        ]
        over = sorted((row for row in totals if row[0] > MIN_TOTAL_EUR), key=lambda row: (-row[0], row[1:3]))
        return [
            (region, product, total, count, profitable) for total, region, product, count, profitable in over
        ]

    def broken_sales(self) -> Counter[str]:
        """The lines that break the contract of sales."""
        return Counter(line for line in self._sales_lines if _sale(line) is None)

    @cached_property
    def _sales_lines(self) -> list[str]:
        return _text(self._landing / "sales_data.csv")[1:]

    @cached_property
    def _weather_rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.read_table(self._landing / "weather" / "2013.parquet").to_pylist()
        return rows


def _text(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _lines(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Each line after the header as it is and as values; no value of these files has a line break."""
    header, *lines = _text(path)
    names = header.split(",")
    for line, values in zip(lines, csv.reader(lines, strict=True), strict=True):
        yield line, dict(zip(names, values, strict=True))


def _broken(values: Mapping[str, str]) -> tuple[str, ...]:
    """The columns in which a flight breaks its contract."""
    known = {name: value for name, value in values.items() if value not in ("", "NA")}
    missing = [name for name in ALWAYS_KNOWN if name not in known]
    outside = [
        name
        for name, (low, high) in RANGES.items()
        if name in known and not low <= float(known[name]) <= high
    ]
    landed_only = ["arr_time without dep_time"] if "arr_time" in known and "dep_time" not in known else []
    strange = [name for name, wanted in (("origin", ("EWR", "JFK", "LGA")),) if values[name] not in wanted]
    return tuple(sorted((*missing, *outside, *landed_only, *strange)))


def _flight(values: Mapping[str, str]) -> Flight:
    delay = values["dep_delay"]
    return Flight(
        int(values["month"]),
        date(int(values["year"]), int(values["month"]), int(values["day"])),
        datetime.fromisoformat(values["time_hour"]),
        values["carrier"],
        values["origin"],
        values["dest"],
        None if delay == "NA" else float(delay),
    )


def _names(path: Path, key: str) -> Mapping[str, str]:
    rows = [(values[key], values["name"]) for _, values in _lines(path)]
    names = dict(rows)
    assert len(names) == len(rows), f"a {key} with two names"
    return names


def _mean(delays: list[float | None]) -> float | None:
    departed = [delay for delay in delays if delay is not None]
    return fsum(departed) / len(departed) if departed else None


def _sale(line: str) -> Sale | None:
    """One transaction; None where the line breaks the contract. An unclosed quote is no reason to read on."""
    try:
        ((_, sold_on, region, product, amount, cost, status),) = csv.reader([line], strict=True)
        date.fromisoformat(sold_on)
        sale = Sale(region, product, Decimal(amount), Decimal(cost), status)
    except (csv.Error, ValueError, InvalidOperation):
        return None
    known = region in ("North", "South", "East", "West") and status in ("completed", "pending", "cancelled")
    return sale if known and sale.amount_eur > 0 else None
