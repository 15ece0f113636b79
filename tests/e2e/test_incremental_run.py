"""The incremental example: once it has taken in what arrived, a run has nothing to do, and knows it without Java."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from deltalake import DeltaTable

from tests.e2e.demo import LANDING, options, spark_submit, sparkjobs

AIRPORTS = """\
icao,name,city,country,elevation,lat,lon,released
KEWR,Newark,Newark,US,18,40.69,-74.17,2022-11-21
KJFK,Kennedy,New York,US,13,40.64,-73.78,2022-11-21
"""
FLIGHTS = 500
JOBS = ("departures", "dim_airports", "carrier_months")


@pytest.fixture(scope="module")
def arrived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the first flights of two months, and two airports, were taken in."""
    folder = tmp_path_factory.mktemp("incremental")
    for month in ("2013-01", "2013-02"):
        lines = (LANDING / f"flights/{month}.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        _land(folder, f"flights/{month}.csv", "".join(lines[: 1 + FLIGHTS]))
    _land(folder, "airports/first.csv", AIRPORTS)
    done = spark_submit(folder, "run", *_options(folder))
    assert done.returncode == 0, done.stdout
    return folder


def test_what_arrived_is_taken_in(arrived: Path) -> None:
    rows = {job: DeltaTable(arrived / "warehouse" / job).to_pyarrow_table().num_rows for job in JOBS}
    assert (rows["departures"], rows["dim_airports"]) == (2 * FLIGHTS, 2)


def test_with_nothing_new_a_run_makes_no_commit_and_starts_no_jvm(arrived: Path) -> None:
    before = _versions(arrived)
    again = sparkjobs("run", *_options(arrived))
    assert again.returncode == 0, again.stderr
    assert [line.split()[:2] for line in again.stdout.splitlines()[1:]] == [[job, "no-op"] for job in JOBS]
    assert _versions(arrived) == before


def test_a_plan_says_so_too(arrived: Path) -> None:
    plan = sparkjobs("plan", "--output", "json", *_options(arrived))
    assert plan.returncode == 0, plan.stderr
    assert [(job["name"], job["reasons"]) for job in json.loads(plan.stdout)["jobs"]] == [
        (job, []) for job in JOBS
    ]


def _options(folder: Path) -> tuple[str, ...]:
    landing = f"paths.landing={folder / 'landing'}"
    return "--project", "examples/incremental", "--set", landing, *options(folder)


def _land(folder: Path, name: str, text: str) -> None:
    path = folder / "landing" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _versions(folder: Path) -> Mapping[str, int]:
    return {job: DeltaTable(folder / "warehouse" / job).version() for job in JOBS}
