"""What a run writes down of its results, and what later runs learn of it."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sparkjobs.config import references
from sparkjobs.config.references import revealed
from sparkjobs.plan import RunPlan
from sparkjobs.publish.stage import collected
from sparkjobs.quality import profile_of
from sparkjobs.record import Records, past_runs, write_results
from sparkjobs.results import (
    CheckResult,
    ColumnProfile,
    JobResult,
    JobStatus,
    Ledger,
    PastRun,
    Profile,
    Published,
    RunResult,
    Staged,
)
from tests.unit.projects import plan_of, project, write
from tests.unit.test_cli import sparkjobs

FIELDS = [
    ("day", "date"),
    ("id", "integer"),
    ("price", "decimal(5,2)"),
    ("at", "timestamp"),
    ("name", "string"),
    ("share", "double"),
    ("tags", {"type": "array", "elementType": "string", "containsNull": True}),
]
SCHEMA = json.dumps({"type": "struct", "fields": [{"name": name, "type": kind} for name, kind in FIELDS]})


@pytest.fixture(autouse=True)
def no_secret_of_another_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(references, "_revealed", set())


def _staged(folder: Path) -> Staged:
    for day, ids in (("2013-01-01", [1, 2]), ("__HIVE_DEFAULT_PARTITION__", [None])):
        count = len(ids)
        rows = pa.table(
            {
                "id": pa.array(ids, pa.int32()),
                "price": pa.array([Decimal("1.20")] * count, pa.decimal128(5, 2)),
                "at": pa.array([datetime(2013, 1, 1, 5, tzinfo=UTC)] * count, pa.timestamp("us", "UTC")),
                "name": pa.array(["x" * 65] * count),
                "share": pa.array([0.5] * count),
                "tags": pa.array([["a"]] * count),
            }
        )
        place = folder / f"day={day}"
        place.mkdir(parents=True)
        pq.write_table(rows, place / "part-0.parquet")
    return collected(folder, SCHEMA, ("day",))


def test_a_profile_tells_of_every_column_what_the_footers_tell(tmp_path: Path) -> None:
    profile = profile_of(_staged(tmp_path / "a/b/c/staged"))

    assert profile.rows == 3
    assert profile.size == sum(path.stat().st_size for path in tmp_path.rglob("*.parquet"))
    assert profile.columns == (
        ("day", ColumnProfile("date", 1, None, None)),
        ("id", ColumnProfile("integer", 1, 1, 2)),
        ("price", ColumnProfile("decimal(5,2)", 0, "1.20", "1.20")),
        ("at", ColumnProfile("timestamp", 0, "2013-01-01T05:00:00+00:00", "2013-01-01T05:00:00+00:00")),
        ("name", ColumnProfile("string", 0, None, None)),
        ("share", ColumnProfile("double", 0, None, None)),
        (
            "tags",
            ColumnProfile(
                '{"type": "array", "elementType": "string", "containsNull": true}', None, None, None
            ),
        ),
    )


def test_the_record_of_a_run_holds_the_profile_without_secrets(tmp_path: Path) -> None:
    revealed("${secret:env:IT}", {"IT": "swordfish"})
    columns = (
        ("id", ColumnProfile("integer", 1, 1, 2)),
        ("who", ColumnProfile("string", 0, "a", "swordfish")),
    )

    (entry,) = _entries(
        tmp_path, JobResult("daily", "fail", "", "", "", 1.0, "t", profile=Profile(3, 90, columns))
    )

    assert entry["profile"] == {
        "rows": 3,
        "bytes": 90,
        "columns": {
            "id": {"type": "integer", "nulls": 1, "min": 1, "max": 2},
            "who": {"type": "string", "nulls": 0, "min": "a", "max": "********"},
        },
    }


def test_a_job_that_staged_nothing_has_no_profile(tmp_path: Path) -> None:
    (entry,) = _entries(tmp_path, JobResult("daily", "error", "", "", "", 1.0, "t"))

    assert entry["profile"] is None


def _entries(root: Path, job: JobResult) -> list[dict[str, Any]]:
    path = write_results(root, plan_of(project(root)), RunResult("run", "", 1.0, (job,)))
    entries: list[dict[str, Any]] = json.loads(path.read_text())["results"]
    return entries


PROFILE = Profile(
    9, 90, (("id", ColumnProfile("integer", 0, -1, 2)), ("x", ColumnProfile("double", 1, None, None)))
)
ABOUT = {"schema_version": 1, "project": "demo", "env": None, "invocation_id": "x"}


def _record(plan: RunPlan, root: Path, run_id: str, day: int, status: JobStatus = "success") -> Path:
    """What a run of the project in `root` on that day of January leaves behind."""
    job = JobResult(
        "daily",
        status,
        "first run",
        f"2026-01-{day:02}T03:00:00+00:00",
        f"2026-01-{day:02}T03:01:00+00:00",
        60.04,
        "t",
        ledgers=(Ledger("sales", 11, 10, 1), Ledger("rates", 1000, 1000, 0)),
        staged=9,
        published=Published(4, 9, 1, 90) if status == "success" else None,
        kind="whole",
        profile=PROFILE,
        checks=(
            CheckResult("unique(id)", "error", "pass", "", 0, 9, "keys"),
            CheckResult("positive(id)", "warn", "warn", "1 of 9 rows", 1, 9, "scan"),
            CheckResult("row_count", "error", "pass", "", None, None, "footer"),
        ),
    )
    folder = root / "target/runs" / run_id
    return write_results(folder, plan, RunResult(run_id, f"2026-01-{day:02}T03:00:00+00:00", 60.0, (job,)))


def test_history_tells_what_a_record_holds_newest_last(tmp_path: Path) -> None:
    plan = plan_of(project(tmp_path))
    _record(plan, tmp_path, "a", day=2)
    _record(plan, tmp_path, "b", day=1, status="fail")

    records = past_runs(tmp_path / "target/runs", "demo", None)

    checks = (("unique(id)", "pass"), ("positive(id)", "warn"), ("row_count", "pass"))
    told = (("", "1 of 9 rows", ""), "first run")
    first, second = datetime(2026, 1, 1, 3, tzinfo=UTC), datetime(2026, 1, 2, 3, tzinfo=UTC)
    assert records == Records(
        {
            "daily": (
                PastRun("daily", "b", first, "fail", "whole", 1011, 1, None, 60.04, PROFILE, checks, *told),
                PastRun("daily", "a", second, "success", "whole", 1011, 1, 9, 60.04, PROFILE, checks, *told),
            )
        },
        (),
    )


def test_a_record_of_an_older_version_has_no_profile(tmp_path: Path) -> None:
    path = _record(plan_of(project(tmp_path)), tmp_path, "a", day=1)
    content = json.loads(path.read_text())
    del content["results"][0]["profile"], content["results"][0]["kind"]
    path.write_text(json.dumps(content))

    (run,) = past_runs(tmp_path / "target/runs", "demo", None).runs["daily"]

    assert (run.profile, run.kind, run.published) == (None, None, 9)


def test_where_no_run_was_recorded_there_is_no_history(tmp_path: Path) -> None:
    assert past_runs(tmp_path / "target/runs", "demo", None) == Records({}, ())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is not as a run writes it"),
        ("[]", "it is not as a run writes it"),
        ("{", "it is not as a run writes it"),
        ("[" * 100_000, "it is not as a run writes it"),
        ('{"metadata": {}}', "it is not as a run writes it"),
        ('{"metadata": {"schema_version": 2}}', "its schema version is 2, not 1"),
        ('{"metadata": {"schema_version": 1, "project": "other"}}', "it is of the project 'other'"),
        (
            json.dumps({"metadata": ABOUT, "results": [{"unique_id": "job.demo.daily"}]}),
            "it is not as a run writes it",
        ),
    ],
)
def test_a_file_that_is_no_record_of_the_project_is_named_and_the_others_count(
    tmp_path: Path, text: str, why: str
) -> None:
    _record(plan_of(project(tmp_path)), tmp_path, "a", day=1)
    write(tmp_path, {"target/runs/b/run_results.json": text, "target/runs/killed/plan.json": "{}"})

    records = past_runs(tmp_path / "target/runs", "demo", None)

    assert records.skipped == (f"{tmp_path}/target/runs/b/run_results.json: {why}",)
    assert [run.run_id for run in records.runs["daily"]] == ["a"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rows", -1),
        ("rows", "9"),
        ("rows", True),
        ("bytes", None),
        ("columns", {"id": {"type": "integer", "nulls": 0, "min": 1.5, "max": 2}}),
        ("columns", {"id": {"type": "integer", "nulls": 0.5, "min": 1, "max": 2}}),
        ("columns", {"id": {"nulls": 0, "min": 1, "max": 2}}),
    ],
)
def test_a_damaged_profile_is_not_believed(tmp_path: Path, key: str, value: object) -> None:
    path = _record(plan_of(project(tmp_path)), tmp_path, "a", day=1)
    content = json.loads(path.read_text())
    content["results"][0]["profile"][key] = value
    path.write_text(json.dumps(content))

    assert past_runs(tmp_path / "target/runs", "demo", None) == Records(
        {}, (f"{path}: it is not as a run writes it",)
    )


def test_runs_with_another_overlay_wrote_other_tables(tmp_path: Path) -> None:
    plan = plan_of(project(tmp_path, {"conf/env/small.yml": "spark: {a: b}\n"}), env="small")
    _record(plan, tmp_path, "a", day=1)

    assert past_runs(tmp_path / "target/runs", "demo", None) == Records({}, ())
    assert list(past_runs(tmp_path / "target/runs", "demo", "small").runs) == ["daily"]


def test_the_verb_history_shows_runs_and_names_what_it_skipped(tmp_path: Path) -> None:
    plan = plan_of(project(tmp_path))
    _record(plan, tmp_path, "b", day=1, status="fail")
    _record(plan, tmp_path, "a", day=2)
    write(tmp_path, {"target/runs/c/run_results.json": "{"})

    done = sparkjobs("history", "--project", str(tmp_path))

    assert [line.rstrip() for line in done.stdout.splitlines()] == [
        "job    run  started              status    read  quarantined  published  seconds  checks",
        "daily  b    2026-01-01 03:00:00  fail     1,011            1                60.0  2 pass, 1 warn",
        "daily  a    2026-01-02 03:00:00  success  1,011            1          9     60.0  2 pass, 1 warn",
    ]
    assert done.stderr == (
        f"skipped  {tmp_path}/target/runs/c/run_results.json: it is not as a run writes it\n"
        "pyspark absent, JVM False\n"
    )
    assert done.returncode == 0


def test_the_verb_history_shows_the_newest_twenty_runs_of_the_jobs_that_are_named(tmp_path: Path) -> None:
    plan = plan_of(project(tmp_path))
    for day in range(1, 24):
        _record(plan, tmp_path, f"run{day}", day=day)

    lines = sparkjobs("history", "daily", "--project", str(tmp_path)).stdout.splitlines()

    assert lines[1].split() == ["daily", "…", "3", "older"]
    assert [line.split()[1] for line in lines[2:]] == [f"run{day}" for day in range(4, 24)]


def test_a_job_without_records_and_a_job_that_is_none_are_told_apart(tmp_path: Path) -> None:
    project(tmp_path)

    never = sparkjobs("history", "daily", "--project", str(tmp_path))
    none = sparkjobs("history", "dayly", "--project", str(tmp_path))

    assert (never.returncode, never.stdout.splitlines()[1].split()) == (0, ["daily", "never", "recorded"])
    assert (none.returncode, none.stderr.splitlines()[0]) == (2, "There is no job 'dayly'.")
