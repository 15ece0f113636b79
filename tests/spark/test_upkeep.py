"""adopt, reset, restore, retry: what a person does about a table's state, and what the next run makes of it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from sparkjobs import upkeep
from sparkjobs.errors import (
    DamagedStateError,
    ForeignCommitError,
    LogicChangedError,
    RestoredTableError,
    UpstreamRewrittenError,
    UsageError,
)
from sparkjobs.plan import JobPlan
from sparkjobs.registry import collect
from tests.projects import lay_out, planned, rows, run, write_project
from tests.spark.test_increments import CODE, copying, project


def job_in(root: Path, name: str) -> JobPlan:
    conf, _ = planned(root, full_refresh=True)
    return upkeep.job_of(conf, collect(conf.project.jobs, root), name)


def events(root: Path) -> Path:
    return root / "warehouse/events"


def ids(spark: SparkSession, table: Path) -> Iterator[object]:
    return (row[0] for row in rows(spark, table))


def test_a_restored_table_takes_again_what_came_after_its_version(
    spark: SparkSession, tmp_path: Path
) -> None:
    project(tmp_path)
    run(spark, tmp_path)
    lay_out(tmp_path, {"landing/b.csv": "id,part\n3,x\n"})
    run(spark, tmp_path)
    conf, _ = planned(tmp_path)

    adopted = upkeep.restore(lambda _: spark, conf, job_in(tmp_path, "events"), 0, "restored")

    assert list(ids(spark, events(tmp_path))) == [1, 2]
    assert (adopted.number, adopted.goes_on_from) == (3, 1)
    lay_out(tmp_path, {"landing/c.csv": "id,part\n4,x\n"})
    assert run(spark, tmp_path)["events"].message == "rows has 2 new files"
    assert list(ids(spark, events(tmp_path))) == [1, 2, 3, 4]
    assert run(spark, tmp_path)["events"].status == "no-op"


def test_a_restore_by_other_means_is_named_and_can_be_adopted(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path)
    run(spark, tmp_path)
    lay_out(tmp_path, {"landing/b.csv": "id,part\n3,x\n"})
    run(spark, tmp_path)
    spark.sql(f"RESTORE delta.`{events(tmp_path)}` TO VERSION AS OF 0")

    with pytest.raises(RestoredTableError, match="restored to version 0"):
        planned(tmp_path)
    upkeep.adopt(job_in(tmp_path, "events"), "adopter")
    run(spark, tmp_path)

    assert list(ids(spark, events(tmp_path))) == [1, 2, 3]


def test_rows_that_somebody_else_wrote_are_kept_when_they_are_adopted(
    spark: SparkSession, tmp_path: Path
) -> None:
    project(tmp_path)
    run(spark, tmp_path)
    DeltaTable(events(tmp_path)).delete("id = 1")
    lay_out(tmp_path, {"landing/b.csv": "id,part\n3,x\n"})

    with pytest.raises(ForeignCommitError, match="DELETE"):
        planned(tmp_path)
    upkeep.adopt(job_in(tmp_path, "events"), "adopter")
    run(spark, tmp_path)

    assert list(ids(spark, events(tmp_path))) == [2, 3]


@pytest.mark.parametrize("table_format", ["delta", "parquet"])
def test_changed_code_can_be_adopted(spark: SparkSession, tmp_path: Path, table_format: str) -> None:
    project(tmp_path, table_format)
    run(spark, tmp_path)
    lay_out(tmp_path, {"landing/b.csv": "id,part\n3,x\n"})
    code = CODE[: CODE.index("@job\ndef copy")].replace('"part")', 'F.upper("part").alias("part"))')
    write_project(tmp_path, code, {})

    with pytest.raises(LogicChangedError):
        planned(tmp_path)
    upkeep.adopt(job_in(tmp_path, "events"), "adopter")
    run(spark, tmp_path)

    assert rows(spark, events(tmp_path)) == [(1, "x"), (2, "y"), (3, "X")]


def test_a_rewritten_upstream_can_be_adopted_and_only_later_rows_are_taken(
    spark: SparkSession, tmp_path: Path
) -> None:
    project(tmp_path, copy=copying())
    run(spark, tmp_path)
    run(spark, tmp_path, "events", full_refresh=True)
    with pytest.raises(UpstreamRewrittenError):
        planned(tmp_path, "copy")

    upkeep.adopt(job_in(tmp_path, "copy"), "adopter")
    lay_out(tmp_path, {"landing/b.csv": "id,part\n3,x\n"})
    run(spark, tmp_path)

    assert rows(spark, tmp_path / "warehouse/copy") == [(1, "x"), (2, "y"), (3, "x")]


@pytest.mark.parametrize("table_format", ["delta", "parquet"])
def test_a_reset_table_is_readable_until_its_next_run_replaces_it(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    project(tmp_path, table_format)
    run(spark, tmp_path)
    (tmp_path / "landing/a.csv").unlink()
    lay_out(tmp_path, {"landing/b.csv": "id,part\n3,x\n"})

    upkeep.reset("events", events(tmp_path), table_format, "reset")

    assert list(ids(spark, events(tmp_path))) == [1, 2]
    assert run(spark, tmp_path)["events"].message == "its state was reset"
    assert list(ids(spark, events(tmp_path))) == [3]
    assert run(spark, tmp_path)["events"].status == "no-op"


@pytest.mark.parametrize(
    ("table_format", "name"),
    [
        ("delta", "manifests/1.json"),
        ("parquet", "manifests/1.json"),
        ("parquet", "committed.json"),
        ("delta", "outcomes/1.json"),
    ],
)
def test_a_damaged_state_is_named_and_a_reset_gets_over_it(
    spark: SparkSession, tmp_path: Path, table_format: str, name: str
) -> None:
    project(tmp_path, table_format)
    run(spark, tmp_path)
    (events(tmp_path) / "_sparkjobs" / name).write_text("{")
    lay_out(tmp_path, {"landing/b.csv": "id,part\n3,x\n"})

    if name != "outcomes/1.json":
        with pytest.raises(DamagedStateError, match=name):
            planned(tmp_path)
    upkeep.reset("events", events(tmp_path), table_format, "reset")

    assert run(spark, tmp_path)["events"].status == "success"
    assert list(ids(spark, events(tmp_path))) == [1, 2, 3]


def test_state_show_tells_manifest_inputs_and_what_speaks_against_going_on(
    spark: SparkSession, tmp_path: Path
) -> None:
    project(tmp_path, copy=copying())
    run(spark, tmp_path)
    DeltaTable(events(tmp_path)).delete("id = 1")

    assert list(upkeep.shown("events", events(tmp_path), "delta")) == [
        "events: manifest 1 is in force, Delta version 1",
        "  append by run run, on manifest none",
        "  rows: rows, 1 files",
        "  version 1 is a DELETE that no run of it has made",
    ]
    assert list(upkeep.shown("copy", tmp_path / "warehouse/copy", "parquet")) == [
        "copy: manifest 1 is in force",
        "  append by run run, on manifest none",
        "  events: events, version 0",
    ]


def test_only_a_version_of_a_delta_table_can_be_restored(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path, copy=copying())
    run(spark, tmp_path)
    conf, _ = planned(tmp_path)

    with pytest.raises(UsageError, match="has versions 0 to 0, not 7"):
        upkeep.restore(lambda _: spark, conf, job_in(tmp_path, "events"), 7, "restored")
    with pytest.raises(UsageError, match="'copy' has no Delta table to restore"):
        upkeep.restore(lambda _: spark, conf, job_in(tmp_path, "copy"), 0, "restored")
    assert DeltaTable(events(tmp_path)).version() == 0
    assert json.loads((events(tmp_path) / "_sparkjobs/committed.json").read_text()) == {
        "commit": {"number": 1}
    }
