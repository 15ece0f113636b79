"""adopt, reset, restore, retry: what a person does about a table's state, and what the next run makes of it."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from pyspark.sql import SparkSession

from sparkjobs import upkeep
from sparkjobs.config import load
from sparkjobs.errors import (
    DamagedStateError,
    ForeignCommitError,
    ForeignTableError,
    LogicChangedError,
    LostManifestError,
    LostTableError,
    RestoredTableError,
    UnknownVersionError,
    UpstreamRewrittenError,
    UsageError,
)
from sparkjobs.plan import JobPlan
from sparkjobs.registry import collect
from sparkjobs.results import JobResult
from tests.projects import lay_out, planned, rows, run, write_project
from tests.spark.test_increments import CODE, MERGED, copying, project


def job_in(root: Path, name: str) -> JobPlan:
    conf = load(root, None, (), {})
    for package in conf.project.jobs:
        sys.modules.pop(package, None)
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


def _restored_by_other_means(spark: SparkSession, root: Path) -> None:
    """`events` after three commits, of which the last two are undone by version 3."""
    project(root)
    for name, number in (("a", 0), ("b", 3), ("c", 4)):
        if number:
            lay_out(root, {f"landing/{name}.csv": f"id,part\n{number},x\n"})
        run(spark, root)
    DeltaTable(events(root)).restore(0)


def test_a_version_that_is_itself_a_restore_is_restored_with_the_state_it_had(
    spark: SparkSession, tmp_path: Path
) -> None:
    _restored_by_other_means(spark, tmp_path)
    DeltaTable(events(tmp_path)).delete("id = 1")
    conf = load(tmp_path, None, (), {})

    adopted = upkeep.restore(lambda _: spark, conf, job_in(tmp_path, "events"), 3, "restored")

    assert (adopted.number, adopted.goes_on_from) == (4, 1)
    assert run(spark, tmp_path)["events"].message == "rows has 2 new files"
    assert list(ids(spark, events(tmp_path))) == [1, 2, 3, 4]


def test_what_a_restore_has_undone_is_taken_again_whatever_came_on_top_of_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    _restored_by_other_means(spark, tmp_path)
    DeltaTable(events(tmp_path)).delete("id = 1")

    adopted = upkeep.adopt(job_in(tmp_path, "events"), "adopter")
    run(spark, tmp_path)

    assert adopted.goes_on_from == 1
    assert list(ids(spark, events(tmp_path))) == [2, 3, 4]


def test_nothing_goes_back_to_a_version_of_which_no_manifest_tells(
    spark: SparkSession, tmp_path: Path
) -> None:
    project(tmp_path)
    foreign = pa.table({"id": pa.array([7], pa.int32()), "part": ["x"]})
    write_deltalake(events(tmp_path), foreign, partition_by=["part"])
    job, conf = job_in(tmp_path, "events"), load(tmp_path, None, (), {})
    upkeep.adopt(job, "adopter")
    lay_out(tmp_path, {"landing/b.csv": "id,part\n3,x\n"})
    run(spark, tmp_path)

    with pytest.raises(UnknownVersionError):
        upkeep.restore(lambda _: spark, conf, job, 0, "restored")
    assert DeltaTable(events(tmp_path)).version() == 2
    DeltaTable(events(tmp_path)).restore(0)
    with pytest.raises(UnknownVersionError):
        upkeep.adopt(job, "adopter")

    assert upkeep.restore(lambda _: spark, conf, job, 1, "restored").goes_on_from == 1
    run(spark, tmp_path)
    assert list(ids(spark, events(tmp_path))) == [3, 7]


def test_nothing_is_restored_whose_manifest_is_lost(spark: SparkSession, tmp_path: Path) -> None:
    _restored_by_other_means(spark, tmp_path)
    (events(tmp_path) / "_sparkjobs/manifests/2.json").unlink()
    conf = load(tmp_path, None, (), {})

    with pytest.raises(LostManifestError, match="manifest 2"):
        upkeep.restore(lambda _: spark, conf, job_in(tmp_path, "events"), 1, "restored")

    assert DeltaTable(events(tmp_path)).version() == 3


def test_an_upstream_that_was_rewritten_after_the_restored_version_is_not_passed_over(
    spark: SparkSession, tmp_path: Path
) -> None:
    project(tmp_path, copy=copying().replace("format: parquet", "format: delta"))
    run(spark, tmp_path)
    DeltaTable(events(tmp_path)).delete("id = 1")
    upkeep.adopt(job_in(tmp_path, "events"), "adopter")
    upkeep.adopt(job_in(tmp_path, "copy"), "adopter")
    lay_out(tmp_path, {"landing/b.csv": "id,part\n3,x\n"})
    run(spark, tmp_path)
    assert list(ids(spark, tmp_path / "warehouse/copy")) == [1, 2, 3]
    conf, _ = planned(tmp_path)

    adopted = upkeep.restore(lambda _: spark, conf, job_in(tmp_path, "copy"), 0, "restored")

    assert (adopted.number, adopted.goes_on_from) == (4, 1)
    with pytest.raises(UpstreamRewrittenError):
        planned(tmp_path)
    assert run(spark, tmp_path, "copy", full_refresh=True)["copy"].status == "success"
    assert list(ids(spark, tmp_path / "warehouse/copy")) == [2, 3]


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
    assert run(spark, tmp_path)["events"].message.startswith("its state was reset")
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


def test_until_its_next_run_nobody_reads_or_adopts_a_table_whose_last_commit_is_damaged(
    spark: SparkSession, tmp_path: Path
) -> None:
    whole = 'inputs: {events: {ref: events}}\noutput: {path: "${warehouse}/copy", format: parquet, mode: overwrite}\n'
    project(tmp_path, "parquet", copy=whole)
    run(spark, tmp_path, "events")
    (events(tmp_path) / "_sparkjobs/committed.json").write_text("{")
    upkeep.reset("events", events(tmp_path), "parquet", "reset")

    alone = run(spark, tmp_path, "copy")["copy"]
    assert (alone.status, alone.exit_code) == ("error", 1)
    assert "committed.json is not as sparkjobs wrote it: it is gone" in alone.message
    with pytest.raises(DamagedStateError, match="it is gone"):
        upkeep.adopt(job_in(tmp_path, "events"), "adopter")

    assert {one.status for one in run(spark, tmp_path).values()} == {"success"}
    assert list(ids(spark, tmp_path / "warehouse/copy")) == [1, 2]


def test_state_show_tells_manifest_inputs_and_what_speaks_against_going_on(
    spark: SparkSession, tmp_path: Path
) -> None:
    project(tmp_path, copy=copying())
    run(spark, tmp_path, run_id="first")
    DeltaTable(events(tmp_path)).delete("id = 1")

    assert list(upkeep.shown("events", events(tmp_path), "delta")) == [
        "events: manifest 1 is in force, Delta version 1",
        "  append by run first, on manifest none",
        "  rows: rows, 1 files",
        "  version 1 is a DELETE that no run of it has made",
    ]
    assert list(upkeep.shown("copy", tmp_path / "warehouse/copy", "parquet")) == [
        "copy: manifest 1 is in force",
        "  append by run first, on manifest none",
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


MOVED = """
rows:
  format: csv
  path: ${landing}/*.csv
  columns: {id: int, moved: int, note: string}
"""
LATEST = """
inputs: {rows: {source: rows}}
output: {format: FORMAT, path: "${warehouse}/latest", mode: merge, keys: [id], order_by: [moved],
         delete_when: "note = 'gone'"}
"""
BY_FILES = "incremental: {by: files}\n"


def merging(root: Path, table_format: str, incremental: str = BY_FILES) -> Path:
    """A job that remembers what it has deleted; its table."""
    conf = LATEST.replace("FORMAT", table_format) + incremental
    write_project(root, MERGED, {"conf/sources.yml": MOVED, "conf/jobs/latest.yml": conf})
    return root / "warehouse/latest"


def merged(spark: SparkSession, root: Path, name: str, *events: str) -> JobResult:
    """The run that takes one more file of `events`."""
    lay_out(root, {f"landing/{name}.csv": "id,moved,note\n" + "".join(f"{event}\n" for event in events)})
    return run(spark, root)["latest"]


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        ("unseen/_sparkjobs_manifest=2", "unseen/_sparkjobs_manifest=2 is not as sparkjobs wrote"),
        ("outcomes/3.json", "outcomes/3.json is not as sparkjobs wrote it: it is gone"),
    ],
)
def test_a_file_of_the_state_that_is_gone_is_missed(
    spark: SparkSession, tmp_path: Path, lost: str, told: str
) -> None:
    table = merging(tmp_path, "parquet")
    merged(spark, tmp_path, "a", "1,1,old", "2,1,old")
    merged(spark, tmp_path, "b", "1,5,gone")
    merged(spark, tmp_path, "c", "3,1,old")
    path = table / "_sparkjobs" / lost
    path.rename(tmp_path / "kept")

    result = merged(spark, tmp_path, "d", "1,3,late")

    assert (result.status, told in result.message) == ("error", True)
    (tmp_path / "kept").rename(path)
    assert run(spark, tmp_path)["latest"].status == "success"
    assert list(ids(spark, table)) == [2, 3]


def test_a_manifest_that_is_gone_from_below_the_last_is_missed(spark: SparkSession, tmp_path: Path) -> None:
    table = merging(tmp_path, "parquet")
    merged(spark, tmp_path, "a", "1,1,old", "2,1,old")
    merged(spark, tmp_path, "b", "1,5,gone")
    merged(spark, tmp_path, "c", "3,1,old")
    (table / "_sparkjobs/manifests/2.json").unlink()
    lay_out(tmp_path, {"landing/d.csv": "id,moved,note\n1,3,late\n"})

    with pytest.raises(LostManifestError, match="manifest 2 of"):
        planned(tmp_path)


def test_a_table_that_was_adopted_when_its_job_became_incremental_misses_nothing(
    spark: SparkSession, tmp_path: Path
) -> None:
    table = merging(tmp_path, "parquet", incremental="")
    merged(spark, tmp_path, "a", "1,1,old", "2,1,old")
    merged(spark, tmp_path, "b", "1,5,gone")
    merging(tmp_path, "parquet", incremental="incremental: {by: column, column: moved}\n")
    with pytest.raises(LogicChangedError):
        planned(tmp_path)

    upkeep.adopt(job_in(tmp_path, "latest"), "adopter")

    assert merged(spark, tmp_path, "c", "1,3,late").status == "success"
    assert merged(spark, tmp_path, "d", "3,6,new").status == "success"
    assert list(ids(spark, table)) == [2, 3]
    upkeep.reset("latest", table, "parquet", "reset")
    assert run(spark, tmp_path)["latest"].message.startswith("its state was reset")
    assert merged(spark, tmp_path, "e", "1,4,late").status == "success"
    assert list(ids(spark, table)) == [2, 3]


def test_a_table_that_somebody_else_made_misses_nothing_once_it_is_adopted(
    spark: SparkSession, tmp_path: Path
) -> None:
    table = merging(tmp_path, "delta")
    foreign = {"id": pa.array([7], pa.int32()), "moved": pa.array([1], pa.int32()), "note": ["old"]}
    write_deltalake(table, pa.table(foreign))
    lay_out(tmp_path, {"landing/a.csv": "id,moved,note\n7,1,old\n"})

    upkeep.adopt(job_in(tmp_path, "latest"), "adopter")

    assert merged(spark, tmp_path, "b", "8,2,new").status == "success"
    assert list(ids(spark, table)) == [7, 8]


def test_a_state_that_was_reset_can_be_shown_without_its_damaged_outcome(
    spark: SparkSession, tmp_path: Path
) -> None:
    table = merging(tmp_path, "parquet")
    merged(spark, tmp_path, "a", "1,1,old")
    (table / "_sparkjobs/outcomes/1.json").write_text("{")

    upkeep.reset("latest", table, "parquet", "reset")

    assert "its state was reset" in "".join(upkeep.shown("latest", table, "parquet"))


def test_a_table_is_lost_too_when_its_last_run_changed_no_row(spark: SparkSession, tmp_path: Path) -> None:
    table = merging(tmp_path, "parquet")
    merged(spark, tmp_path, "a", "1,1,old")
    assert merged(spark, tmp_path, "b", "1,1,old").status == "success"
    for path in table.glob("*.parquet"):
        path.unlink()
    lay_out(tmp_path, {"landing/c.csv": "id,moved,note\n2,1,old\n"})

    with pytest.raises(LostTableError, match="manifest 2 was published to"):
        planned(tmp_path)
    with pytest.raises(ForeignTableError, match="there is no table to adopt"):
        upkeep.adopt(job_in(tmp_path, "latest"), "adopter")


@pytest.mark.parametrize("table_format", ["parquet", "delta"])
def test_a_table_whose_last_row_was_deleted_goes_on(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    table = merging(tmp_path, table_format)
    merged(spark, tmp_path, "a", "1,1,old")
    assert merged(spark, tmp_path, "b", "1,5,gone").status == "success"
    assert list(ids(spark, table)) == []

    assert merged(spark, tmp_path, "c", "2,1,old", "1,3,late").status == "success"
    assert list(ids(spark, table)) == [2]


def test_a_run_finishes_a_commit_that_was_killed_while_all_rows_were_on_the_move(
    spark: SparkSession, tmp_path: Path
) -> None:
    table = merging(tmp_path, "parquet")
    state = table / "_sparkjobs"
    merged(spark, tmp_path, "a", "1,1,old")
    before = (state / "committed.json").read_text()
    merged(spark, tmp_path, "b", "2,1,old")
    commit = json.loads((state / "committed.json").read_text())["commit"]
    names = [path.name for path in table.glob("*.parquet")]
    (state / "staging").mkdir()
    for name in names:
        shutil.move(table / name, state / "staging" / name)
    moves = [{"target": name, "staged": f"_sparkjobs/staging/{name}"} for name in names]
    (state / "journal.json").write_text(json.dumps({"commit": commit, "moves": moves}))
    (state / "committed.json").write_text(before)

    assert merged(spark, tmp_path, "c", "3,1,old").status == "success"
    assert list(ids(spark, table)) == [1, 2, 3]
    assert run(spark, tmp_path)["latest"].status == "no-op"
