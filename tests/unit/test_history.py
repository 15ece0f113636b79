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
from sparkjobs.publish.stage import collected
from sparkjobs.quality import profile_of
from sparkjobs.record import write_results
from sparkjobs.results import ColumnProfile, JobResult, Profile, RunResult, Staged
from tests.unit.projects import plan_of, project

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
