"""What a run leaves behind: its record, its quarantine, tables that every engine reads, and no second scan."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlparse

import duckdb
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from tests.e2e.demo import JOBS, LANDING, Demo, options, spark_submit, sparkjobs
from tests.event_log import Scan, scans

DELTA_TABLES = (
    "product_sales",
    "stg_flights",
    "stg_weather",
    "airport_hourly",
    "carrier_daily",
    "late_departures",
    "worst_days",
)
PUBLISHED = {
    "product_sales": 7,
    "stg_flights": 336_597,
    "stg_weather": 26_114,
    "airport_hourly": 19_483,
    "carrier_daily": 3_749,
    "late_departures": 108,
    "route_delays": 2_110,
    "worst_days": 6,
}
PROGRESS = re.compile(rf"\d\d:\d\d:\d\d ({'|'.join(JOBS)}): .+")


@pytest.fixture(scope="module")
def scanned(demo: Demo) -> tuple[Scan, ...]:
    return scans(demo.event_log)


def test_the_demo_succeeds_and_each_job_publishes_what_it_staged(demo: Demo) -> None:
    assert demo.process.returncode == 0, demo.process.stdout
    assert {job: (one["status"], one["staged"], one["published"]) for job, one in demo.jobs.items()} == {
        job: ("success", rows, rows) for job, rows in PUBLISHED.items()
    }


def test_every_ledger_is_exact_and_every_check_passes(demo: Demo) -> None:
    ledgers = {(job, name): one for job in JOBS for name, one in demo.jobs[job]["ledger"].items()}
    assert len(ledgers) == 12
    assert {key: one["valid"] + one["quarantined"] for key, one in ledgers.items()} == {
        key: one["read"] for key, one in ledgers.items()
    }
    checks = [(job, check["name"], check["status"]) for job in JOBS for check in demo.jobs[job]["checks"]]
    assert len(checks) == 29
    assert [check for check in checks if check[2] != "pass"] == []


def test_stdout_ends_with_the_table_of_results_and_holds_no_log_of_spark(demo: Demo) -> None:
    """spark-submit itself sends the stderr of a Python program to its own stdout, so progress stands before."""
    lines = demo.process.stdout.splitlines()
    heading = next(number for number, line in enumerate(lines) if line.startswith("job "))
    assert [line for line in lines[:heading] if not PROGRESS.fullmatch(line)] == []
    table = [line.split() for line in lines[heading : heading + 1 + len(JOBS)]]
    assert table[0] == ["job", "status", "read", "quarantined", "published", "seconds", "table"]
    assert [row[:2] for row in table[1:]] == [[job, "success"] for job in JOBS]
    assert {row[0]: int(row[4].replace(",", "")) for row in table[1:]} == PUBLISHED
    rest = [line for line in lines[heading + 1 + len(JOBS) :] if line]
    assert len(rest) <= 2, rest
    assert all(line.startswith(("record: ", "report: ")) for line in rest)


def test_the_run_executed_exactly_the_plan_that_was_printed_before(demo: Demo) -> None:
    assert demo.planned == (demo.record / "plan.json").read_text(encoding="utf-8")
    assert [job["name"] for job in json.loads(demo.planned)["jobs"]] == list(JOBS)


def test_each_event_is_one_json_line_and_the_last_says_that_the_run_ended(demo: Demo) -> None:
    lines = (demo.record / "events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    assert (events[0]["event"], events[-1]["event"], events[-1]["failed"]) == ("run_started", "run_ended", 0)
    steps = [event["step"] for event in events if event["job"] == "stg_flights" and event["event"] == "step"]
    assert steps == ["begin", "read", "stage", "count", "judge", "commit"]
    assert [event["job"] for event in events if event["event"] == "job_ended"] == list(JOBS)
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)


def test_each_rejected_row_is_kept_with_its_reasons_its_file_and_its_run(demo: Demo) -> None:
    run_id = demo.results["metadata"]["invocation_id"]
    kept = {key: list(demo.quarantined(*key)) for key in _inputs(demo)}
    assert {key: len(lines) for key, lines in kept.items() if lines} == {
        ("product_sales", "sales"): 6,
        ("stg_flights", "flights"): 179,
        ("stg_weather", "weather"): 1,
    }
    for (job, name), lines in kept.items():
        assert len(lines) == demo.jobs[job]["ledger"][name]["quarantined"]
        for line in lines:
            assert (line["job"], line["input"], line["run_id"], line["manifest"]) == (job, name, run_id, 1)
            assert line["reasons"]
            assert all(reason["rule"] for reason in line["reasons"])
            assert _path(line["file"]).is_file()


@pytest.mark.parametrize(("job", "name"), [("stg_flights", "flights"), ("product_sales", "sales")])
def test_a_raw_record_is_a_line_of_the_file_it_came_from(demo: Demo, job: str, name: str) -> None:
    kept = Counter((_path(line["file"]), line["raw"]) for line in demo.quarantined(job, name))
    source = Counter((path, line) for path in {path for path, _ in kept} for line in _text_lines(path))
    assert kept
    assert kept <= source


def test_no_flight_is_read_twice_from_its_file(scanned: tuple[Scan, ...]) -> None:
    files = list((LANDING / "flights").glob("*.csv"))
    size = sum(path.stat().st_size for path in files)
    (once,) = [scan for scan in scanned if Path(scan.path).is_relative_to(LANDING / "flights")]
    assert once.rows == 336_776 + len(files), "each line once, and the header of each file"
    assert size <= once.bytes < 1.2 * size


@pytest.mark.parametrize("source", ["airports", "airlines"])
def test_a_lookup_is_read_once_however_many_jobs_use_it(scanned: tuple[Scan, ...], source: str) -> None:
    (path,) = (LANDING / source).glob("*.csv")
    (once,) = [scan for scan in scanned if scan.path == str(path)]
    assert (once.rows, once.bytes) == (len(list(_text_lines(path))), path.stat().st_size)


def test_what_four_jobs_read_of_another_job_is_read_once(demo: Demo, scanned: tuple[Scan, ...]) -> None:
    (once,) = [scan for scan in scanned if scan.path == str(demo.table("stg_flights"))]
    assert once.rows == 336_597


@pytest.mark.parametrize(("source", "rows"), [("weather/2013.parquet", 26_115), ("sales_data.csv", 37)])
def test_only_rejected_rows_are_worth_a_second_scan(
    scanned: tuple[Scan, ...], source: str, rows: int
) -> None:
    """These are small and not cached: their files are read again, once, to write the bad rows."""
    found = [scan.rows for scan in scanned if scan.path == str(LANDING / source)]
    assert found == [rows, rows]


def test_no_query_scans_the_same_files_twice(scanned: tuple[Scan, ...]) -> None:
    times = Counter((scan.query, scan.path) for scan in scanned)
    assert [key for key, count in times.items() if count > 1] == []


def test_a_second_run_starts_no_spark_and_leaves_every_file_as_it_was(demo: Demo) -> None:
    before, logs = dict(_fingerprints(demo.warehouse)), _event_logs(demo)
    again = spark_submit(demo.folder, "run", *options(demo.folder))
    assert again.returncode == 0, again.stdout
    assert [line.split()[1:] for line in again.stdout.splitlines() if PROGRESS.fullmatch(line)] == [
        [f"{job}:", "up", "to", "date"] for job in JOBS
    ]
    assert _event_logs(demo) == logs
    assert dict(_fingerprints(demo.warehouse)) == before


def test_with_nothing_to_do_a_run_needs_no_java_and_its_stdout_is_the_table_alone(demo: Demo) -> None:
    before = dict(_fingerprints(demo.warehouse))
    again = sparkjobs("run", *options(demo.folder))
    assert again.returncode == 0, again.stderr
    heading, *rows = (line.split() for line in again.stdout.splitlines())
    assert heading == ["job", "status", "read", "quarantined", "published", "seconds", "table"]
    assert rows == [[job, "no-op", str(demo.table(job))] for job in JOBS]
    assert [line for line in again.stderr.splitlines() if line.endswith(": up to date")] != []
    assert dict(_fingerprints(demo.warehouse)) == before


@pytest.mark.parametrize("job", DELTA_TABLES)
def test_delta_on_the_jvm_reads_the_rows_that_were_published(
    spark: SparkSession, demo: Demo, job: str
) -> None:
    assert spark.read.format("delta").load(str(demo.table(job))).count() == PUBLISHED[job]


def test_spark_reads_the_parquet_table_with_its_partitions(spark: SparkSession, demo: Demo) -> None:
    routes = spark.read.parquet(str(demo.table("route_delays")))
    assert (routes.count(), routes.select("month").distinct().count()) == (2_110, 12)


@pytest.mark.parametrize("job", DELTA_TABLES)
def test_duckdb_reads_the_rows_that_were_published(demo: Demo, job: str) -> None:
    with duckdb.connect() as connection:
        connection.register("published", DeltaTable(demo.table(job)).to_pyarrow_dataset())
        assert connection.execute("select count(*) from published").fetchall() == [(PUBLISHED[job],)]


def _inputs(demo: Demo) -> Iterator[tuple[str, str]]:
    for job, entry in demo.jobs.items():
        for name in entry["ledger"]:
            yield job, name


def _path(uri: str) -> Path:
    return Path(unquote(urlparse(uri).path))


def _text_lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _event_logs(demo: Demo) -> list[str]:
    return sorted(path.name for path in (demo.folder / "events").iterdir())


def _fingerprints(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file below `folder`, with the time it was written and its content."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            yield str(path.relative_to(folder)), f"{path.stat().st_mtime_ns} {content}"
