"""A Delta table whose rows something else has changed is not taken for the job's own."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import CommitProperties, DeltaTable, write_deltalake
from pyspark.sql import SparkSession

from sparkjobs.errors import ForeignCommitError, RestoredTableError, TransientError
from sparkjobs.publish import Attempt
from sparkjobs.publish.delta import commit_delta
from sparkjobs.results import Staged, StagedFile
from sparkjobs.state import Manifest, begin, claim, look, manifest_at, state_folder
from tests.unit.projects import DAILY, delta_commit, plan_of, project


def _committed(root: Path, numbers: tuple[int, ...] = (1, 2)) -> Path:
    """The Delta table of job `daily`, up to date after some commits of one row each."""
    project(root, {"conf/jobs/daily.yml": DAILY.replace("format: parquet", "format: delta")})
    (job,) = plan_of(root).jobs
    claim(job.name, job.table, "delta")
    for number in numbers:
        inputs = tuple(one.pinned() for one in job.inputs)
        wanted = Manifest(job.name, 0, number - 1, "run", job.code, job.fingerprint, inputs, job.mode)
        begin(state_folder(job.table), wanted)
        delta_commit(job.table, job.name, number)
    return job.table


def _append(table: Path, metadata: str | None = None) -> None:
    note = {"userMetadata": metadata} if metadata else None
    properties = CommitProperties(custom_metadata=note)
    write_deltalake(table, pa.table({"i": [9]}), mode="append", commit_properties=properties)


def _append_beside(table: Path) -> None:
    write_deltalake(table, pa.table({"i": [9], "p": ["x"]}), mode="append")


def _optimize(table: Path) -> None:
    DeltaTable(table).optimize.compact()


def _set_properties(table: Path) -> None:
    DeltaTable(table).alter.set_table_properties({"delta.logRetentionDuration": "interval 60 days"})


def _constrain(table: Path) -> None:
    DeltaTable(table).alter.add_constraint({"positive": "i > 0"})


def _vacuum(table: Path) -> None:
    _optimize(table)
    DeltaTable(table).vacuum(0, dry_run=False, enforce_retention_duration=False)


@pytest.mark.parametrize("keep", [_optimize, _set_properties, _constrain, _vacuum])
def test_a_commit_that_keeps_the_rows_is_not_minded(tmp_path: Path, keep: Callable[[Path], None]) -> None:
    table = _committed(tmp_path)
    keep(table)

    assert DeltaTable(table).version() > 1
    assert plan_of(tmp_path).jobs[0].reasons == ()


@pytest.mark.parametrize(
    ("change", "operation"),
    [
        (_append, "WRITE"),
        (lambda table: _append(table, "nightly load"), "WRITE"),
        (lambda table: _append(table, '{"job": "weekly", "manifest": 2}'), "WRITE"),
        (lambda table: _append(table, '{"job": "daily", "manifest": 1}'), "WRITE"),
        (lambda table: _append(table, "[1]"), "WRITE"),
        (lambda table: DeltaTable(table).delete("i = 1"), "DELETE"),
    ],
)
def test_a_foreign_commit_that_changes_rows_is_refused(
    tmp_path: Path, change: Callable[[Path], None], operation: str
) -> None:
    table = _committed(tmp_path)
    change(table)
    _optimize(table)

    with pytest.raises(ForeignCommitError) as caught:
        plan_of(tmp_path)

    assert (caught.value.job, caught.value.version, caught.value.operation) == ("daily", 2, operation)


def test_a_restore_is_told_with_the_version_it_went_back_to(tmp_path: Path) -> None:
    table = _committed(tmp_path)
    DeltaTable(table).restore(0)
    _optimize(table)

    with pytest.raises(RestoredTableError) as caught:
        plan_of(tmp_path)

    assert (caught.value.job, caught.value.version, caught.value.to_version) == ("daily", 2, 0)
    assert "`sparkjobs state adopt daily` goes on from there" in str(caught.value)


@pytest.mark.parametrize("change", [_append, lambda table: DeltaTable(table).delete("i = 1")])
def test_a_restore_is_seen_below_what_somebody_else_did_after_it(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    table = _committed(tmp_path)
    DeltaTable(table).restore(0)
    change(table)

    with pytest.raises(RestoredTableError) as caught:
        plan_of(tmp_path)

    assert (caught.value.version, caught.value.to_version) == (2, 0)


def test_of_two_restores_the_last_one_counts(tmp_path: Path) -> None:
    table = _committed(tmp_path)
    DeltaTable(table).restore(0)
    DeltaTable(table).restore(1)

    with pytest.raises(RestoredTableError) as caught:
        plan_of(tmp_path)

    assert (caught.value.version, caught.value.to_version) == (3, 1)


def test_a_restore_below_the_jobs_own_last_commit_is_history(tmp_path: Path) -> None:
    table = _committed(tmp_path, (1, 2, 3))
    DeltaTable(table).restore(1)
    delta_commit(table, "daily", 4)

    assert look("daily", table, "delta").foreign is None


def test_the_manifest_at_a_version_is_the_one_whose_rows_stand_there(tmp_path: Path) -> None:
    table = _committed(tmp_path, (1, 2, 3))
    DeltaTable(table).restore(0)  # version 3
    _append(table)  # version 4
    DeltaTable(table).restore(3)  # version 5
    DeltaTable(table).restore(2)  # version 6

    assert [manifest_at("daily", table, version) for version in range(7)] == [1, 2, 3, 1, 1, 1, 3]


def test_no_manifest_is_known_where_a_restore_names_a_time(tmp_path: Path) -> None:
    table = _committed(tmp_path)
    between = datetime.fromtimestamp(DeltaTable(table).history()[1]["timestamp"] / 1000, UTC)
    time.sleep(0.01)
    DeltaTable(table).restore(between)

    with pytest.raises(ForeignCommitError, match="version 2 of its table is a RESTORE"):
        plan_of(tmp_path)
    assert manifest_at("daily", table, 2) == 0
    assert manifest_at("daily", table, 1) == 2


def test_a_full_refresh_replaces_what_a_foreign_commit_has_left(tmp_path: Path) -> None:
    _append(_committed(tmp_path))

    assert plan_of(tmp_path, full_refresh=True).jobs[0].reasons == ("full refresh",)


def test_a_foreign_commit_is_found_below_many_that_keep_the_rows(tmp_path: Path) -> None:
    table = _committed(tmp_path)
    _append(table)
    for _ in range(10):
        _set_properties(table)

    with pytest.raises(ForeignCommitError):
        plan_of(tmp_path)


def test_a_log_of_which_the_old_entries_are_cleaned_up_is_no_foreign_one(tmp_path: Path) -> None:
    table = _committed(tmp_path)
    _set_properties(table)
    DeltaTable(table).create_checkpoint()
    for version in (0, 1):
        (table / f"_delta_log/{version:020}.json").unlink()

    assert plan_of(tmp_path).jobs[0].reasons == ()


@pytest.mark.parametrize("mode", ["append", "overwrite", "overwrite_partitions"])
@pytest.mark.parametrize("meanwhile", [_optimize, _append_beside])
def test_what_comes_between_the_last_look_and_the_commit_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, meanwhile: Callable[[Path], None]
) -> None:
    for number in (1, 2):
        write_deltalake(tmp_path, pa.table({"i": [number], "p": ["x"]}), mode="append", partition_by=["p"])
    attempt = Attempt("daily", tmp_path, "delta", 3, "run", "0a1b2c3d")
    path = attempt.data / "p=x/3.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table({"i": [3]}), path)
    file = StagedFile("p=x/3.parquet", path.stat().st_size, 0, 1, (("p", "x"),), '{"numRecords": 1}')
    staged = Staged(attempt.data, DeltaTable(tmp_path).schema().to_json(), ("p",), (file,), ())

    spark = cast("SparkSession", None)  # the files become the table's as they are

    with monkeypatch.context() as patched:
        patched.setattr("sparkjobs.publish.delta.reach", lambda _: meanwhile(tmp_path))
        with pytest.raises(TransientError, match="somebody else has committed to its table meanwhile"):
            commit_delta(spark, attempt, staged, mode)

    there = [1, 2] if meanwhile is _optimize else [1, 2, 9]
    assert _ids(tmp_path) == there
    version = commit_delta(spark, attempt, staged, mode)
    assert version == DeltaTable(tmp_path).version() == 3
    assert _ids(tmp_path) == sorted([*there, 3] if mode == "append" else [3])


def _ids(table: Path) -> list[int]:
    return sorted(pa.table(DeltaTable(table).to_pyarrow_table())["i"].to_pylist())
