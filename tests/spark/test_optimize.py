"""Compaction through Spark: fewer files, the very same rows, and nothing new for whoever reads the table."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from py4j.clientserver import JavaClient
from pyspark.sql import SparkSession

from sparkjobs.config import load
from sparkjobs.errors import ForeignCommitError, PublishError, TransientError
from sparkjobs.optimize import Optimized, optimized
from sparkjobs.plan import Request, TableInput
from sparkjobs.registry import collect
from sparkjobs.results import Advice
from sparkjobs.session import with_settings
from sparkjobs.shelf import Shelf
from sparkjobs.state import look
from sparkjobs.stop import Stopped
from tests.projects import NOW, lay_out, planned, rows, run, version, write_project
from tests.projects import table as table_of
from tests.spark.test_schema_change import grown

FORMATS = ["delta", "parquet"]
CODE = """
@job
def events(rows: DataFrame) -> DataFrame:
    return rows.select("id", "word", "part", F.to_date("day").alias("day"))

@job
def copy(events: DataFrame) -> DataFrame:
    return events.select("id", "part")

@job
def whole(events: DataFrame) -> DataFrame:
    return events.select("id", "part")
"""
SOURCES = """
rows:
  format: csv
  path: ${landing}/*.csv
  columns: {id: int, word: string, part: string, day: string}
"""
EVENTS = """
inputs: {{rows: {{source: rows}}}}
output: {{format: {format}, path: "${{warehouse}}/events", mode: append, partition_by: [{by}]{more}}}
incremental: {{by: files}}
"""
COPY = """
inputs: {events: {ref: events}}
output: {format: parquet, path: "${warehouse}/copy", mode: append}
incremental: {by: version}
"""
WHOLE = """
inputs: {events: {ref: events}}
output: {format: parquet, path: "${warehouse}/whole"}
"""
LINES = {
    "a": '1,x,a/b,2026-01-01\n2,y,"two  words, one",2026-01-02\n3,z,,2026-01-01\n4,,ä%2F=:{x}[*]?,\n',
    "b": '5,x,a/b,2026-01-01\n6,y,"two  words, one",2026-01-02\n7,z,,2026-01-01\n',
    "c": "8,,ä%2F=:{x}[*]?,\n9,x,a/b,2026-01-01\n",
}
"""Three files that come one after another; partitions with odd names, and without one."""


def project(root: Path, table_format: str, more: str = "", by: str = "part, day", readers: str = "") -> Path:
    """`events` appends new files; beside it those of `copy` and `whole` that `readers` names."""
    beside = {name: text for name, text in {"copy": COPY, "whole": WHOLE}.items() if name in readers}
    parts = CODE.split("\n\n")
    code = "\n\n".join(
        [parts[0], *(part for part in parts[1:] if any(f"def {name}(" in part for name in beside))]
    )
    events = EVENTS.format(format=table_format, by=by, more=more)
    write_project(
        root,
        code,
        {
            "conf/sources.yml": SOURCES,
            "conf/jobs/events.yml": events,
            **{f"conf/jobs/{name}.yml": text for name, text in beside.items()},
        },
    )
    return root / "warehouse/events"


def deliver(root: Path, name: str, lines: str) -> None:
    lay_out(root, {f"landing/{name}.csv": "id,word,part,day\n" + lines})


def appended(spark: SparkSession, root: Path) -> None:
    """Three runs, each with a file of its own."""
    for name, lines in LINES.items():
        deliver(root, name, lines)
        assert run(spark, root, "events")["events"].status == "success"


def files(table: Path) -> list[Path]:
    """The data files that readers see."""
    if (table / "_delta_log").is_dir():
        return [Path(uri) for uri in DeltaTable(table).file_uris()]
    return [path for path in table.rglob("*.parquet") if "_sparkjobs" not in path.parts]


def optimize(spark: SparkSession, root: Path, *select: str) -> list[Optimized]:
    conf = load(root, None, (), {})
    return list(
        optimized(lambda _: spark, conf, collect(conf.project.jobs, root), Request(select), "by-hand")
    )


def counts(done: Optimized) -> tuple[int, int]:
    assert done.before is not None
    assert done.after is not None
    return done.before.files, done.after.files


def texts(spark: SparkSession, table: Path) -> list[tuple[object, ...]]:
    return sorted(tuple(map(str, row)) for row in rows(spark, table))


ROWS = [
    ("1", "x", "a/b", "2026-01-01"),
    ("2", "y", "two  words, one", "2026-01-02"),
    ("3", "z", "None", "2026-01-01"),
    ("4", "None", "ä%2F=:{x}[*]?", "None"),
    ("5", "x", "a/b", "2026-01-01"),
    ("6", "y", "two  words, one", "2026-01-02"),
    ("7", "z", "None", "2026-01-01"),
    ("8", "None", "ä%2F=:{x}[*]?", "None"),
    ("9", "x", "a/b", "2026-01-01"),
]


@pytest.mark.parametrize("table_format", FORMATS)
def test_each_partition_becomes_one_file_and_no_row_changes(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    table = project(tmp_path, table_format)
    appended(spark, tmp_path)
    assert texts(spark, table) == ROWS
    before = look("events", table, table_format)

    (done,) = optimize(spark, tmp_path)

    after = look("events", table, table_format)
    assert (done.job, *counts(done)) == ("events", 9, 4)
    assert len(files(table)) == 4
    assert texts(spark, table) == ROWS
    assert after.committed == before.committed == 3
    assert (before.version, after.version) == ((2, 3) if table_format == "delta" else (3, 3))
    assert run(spark, tmp_path)["events"].status == "no-op"
    (again,) = optimize(spark, tmp_path)
    assert (again.before, again.after) == (done.after, done.after)
    assert look("events", table, table_format) == after


@pytest.mark.parametrize("table_format", FORMATS)
def test_every_fourth_append_puts_the_files_together(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    table = project(tmp_path, table_format, ", optimize: {after: 4}", by="part", readers="whole")
    found = []
    for number in range(12):
        deliver(tmp_path, str(number), f"{number},x,a/b,\n")
        results = run(spark, tmp_path)
        found.append(len(files(table)))

    assert found == [1, 2, 3, 1, 2, 3, 4, 1, 2, 3, 4, 1]
    assert [row[0] for row in sorted(rows(spark, table))] == list(range(12))
    published = results["events"].published
    assert published is not None
    assert published.version == look("events", table, table_format).version
    assert {name: one.status for name, one in run(spark, tmp_path).items()} == {
        "events": "no-op",
        "whole": "no-op",
    }


def test_whoever_reads_a_delta_table_has_nothing_new_after_its_compaction(
    spark: SparkSession, tmp_path: Path
) -> None:
    table = project(tmp_path, "delta", readers="copy whole")
    appended(spark, tmp_path)
    run(spark, tmp_path)
    optimize(spark, tmp_path, "events")

    assert version(table) == 3
    assert {name: one.message for name, one in run(spark, tmp_path).items()} == {
        "events": "up to date",
        "copy": "up to date",
        "whole": "up to date",
    }
    deliver(tmp_path, "d", "10,x,a/b,2026-01-01\n")
    messages = {name: one.message for name, one in run(spark, tmp_path).items()}
    assert messages["copy"] == "events runs"
    assert messages["whole"] == "events runs"
    for name in ("copy", "whole"):
        assert [row[0] for row in sorted(rows(spark, tmp_path / "warehouse" / name))] == list(range(1, 11))


def test_an_increment_takes_rows_whose_files_were_put_together_before_it_came(
    spark: SparkSession, tmp_path: Path
) -> None:
    project(tmp_path, "delta", readers="copy")
    deliver(tmp_path, "0", "0,x,a/b,2026-01-01\n")
    run(spark, tmp_path)
    appended(spark, tmp_path)
    optimize(spark, tmp_path, "events")

    assert run(spark, tmp_path)["copy"].message == "events has 9 added files after version 0"

    copied = [row[0] for row in sorted(rows(spark, tmp_path / "warehouse/copy"))]
    assert copied == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize("table_format", FORMATS)
def test_a_compaction_that_fails_is_told_and_the_next_run_tries_again(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    table = project(tmp_path, table_format, ", optimize: {after: 2}", by="part")
    deliver(tmp_path, "a", "1,x,a/b,2026-01-01\n")
    run(spark, tmp_path)
    (file,) = files(table)
    good = file.read_bytes()
    file.write_bytes(b"no Parquet")
    deliver(tmp_path, "b", "2,x,a/b,2026-01-01\n")

    result = run(spark, tmp_path)["events"]

    assert (result.status, result.exit_code) == ("success", 0)
    (advice,) = result.advice
    assert isinstance(advice, Advice)
    assert advice.kind == "not compacted"
    assert file.name in advice.text
    assert advice.remedy == "the next run that publishes tries again"
    assert len(files(table)) == 2
    file.write_bytes(good)
    deliver(tmp_path, "c", "3,x,a/b,2026-01-01\n")
    assert run(spark, tmp_path)["events"].advice == ()
    assert len(files(table)) == 1
    assert [row[0] for row in sorted(rows(spark, table))] == [1, 2, 3]


def test_moves_that_fail_half_way_are_finished_later(spark: SparkSession, tmp_path: Path) -> None:
    table = project(tmp_path, "parquet", ", optimize: {after: 3}")
    for name in ("a", "b"):
        deliver(tmp_path, name, LINES[name])
        run(spark, tmp_path)
    in_the_way = table / "_sparkjobs/trash"
    in_the_way.write_text("no folder")
    deliver(tmp_path, "c", LINES["c"])

    result = run(spark, tmp_path)["events"]

    assert (result.status, [one.kind for one in result.advice]) == ("success", ["not compacted"])
    assert (table / "_sparkjobs/journal.json").exists()
    in_the_way.unlink()
    assert run(spark, tmp_path)["events"].status == "no-op"
    assert texts(spark, table) == ROWS
    assert len(files(table)) == 4


def test_a_table_is_put_together_as_it_is_partitioned_and_not_as_its_conf_says(
    spark: SparkSession, tmp_path: Path
) -> None:
    table = project(tmp_path, "parquet")
    appended(spark, tmp_path)
    project(tmp_path, "parquet", by="day")

    (done,) = optimize(spark, tmp_path)

    assert counts(done) == (9, 4)
    assert texts(spark, table) == ROWS


def test_delta_has_its_own_settings_back(spark: SparkSession, tmp_path: Path) -> None:
    largest = "spark.databricks.delta.optimize.maxFileSize"
    project(tmp_path, "delta")
    appended(spark, tmp_path)
    spark.conf.set(largest, "12345678")
    try:
        optimize(spark, tmp_path)
        assert spark.conf.get(largest) == "12345678"
    finally:
        spark.conf.unset(largest)
    assert spark.conf.get("spark.databricks.delta.optimize.minFileSize", None) is None


def test_a_signal_that_cuts_a_call_short_asks_nothing_more_of_the_jvm(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, calls, send = "spark.sql.shuffle.partitions", list[str](), JavaClient.send_command
    before = spark.conf.get(name)

    def counted(self: object, command: str, *more: object, **named: object) -> object:
        calls.extend(["call"] * command.startswith("c\n"))  # others free what Python has forgotten
        return send(self, command, *more, **named)

    def cut_short() -> None:
        with with_settings(spark, {name: 7}):
            assert spark.conf.get(name) == "7"
            calls.clear()
            raise Stopped

    with monkeypatch.context() as patched:
        patched.setattr(JavaClient, "send_command", counted)
        with pytest.raises(Stopped):
            cut_short()

    spark.conf.set(name, str(before))
    assert calls == []


def test_rows_that_would_change_their_partition_are_left_where_they_are(
    spark: SparkSession, tmp_path: Path
) -> None:
    table = project(tmp_path, "parquet", by="id")
    for name in ("a", "b"):
        deliver(tmp_path, name, f"1,{name},p,2026-01-01\n")
        run(spark, tmp_path)
    (table / "id=1").rename(table / "id=01")

    with pytest.raises(PublishError, match="its files in id=01 hold 2 rows, put together 0"):
        optimize(spark, tmp_path)

    assert len(files(table)) == 2
    assert not (table / "_sparkjobs/staging").exists() or not list((table / "_sparkjobs/staging").iterdir())
    assert [row[0] for row in sorted(rows(spark, table))] == ["a", "b"]


@pytest.mark.parametrize("table_format", FORMATS)
def test_files_become_no_larger_than_is_wanted(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    table = project(tmp_path, table_format, ", sort_by: [word], target_file_size: 3kB", by="part")
    for number in range(7):
        deliver(tmp_path, str(number), f"{number},w{9 - number},a/b,\n{number + 10},v,x,\n")
        run(spark, tmp_path)
    sizes = [file.stat().st_size for file in files(table)]
    assert (len(sizes), all(768 < size < 1024 for size in sizes)) == (14, True), sizes

    (done,) = optimize(spark, tmp_path)

    assert counts(done) == (14, 6)
    assert max(file.stat().st_size for file in files(table)) < 3072
    ids = [row[0] for row in sorted(rows(spark, table))]
    assert ids == [*range(7), *range(10, 17)]
    if table_format == "parquet":
        words = [pq.read_table(file, partitioning=None)["word"].to_pylist() for file in files(table)]
        assert all(one == sorted(one) for one in words)
        assert sorted(map(len, words)) == [1, 1, 3, 3, 3, 3]


@pytest.mark.parametrize("table_format", FORMATS)
def test_a_column_that_came_later_is_null_in_the_older_rows(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    grown(spark, tmp_path, table_format, "append", "add_columns")
    table = tmp_path / "warehouse/events"
    before = rows(spark, table)

    (done,) = optimize(spark, tmp_path)

    assert counts(done) == (2, 1)
    assert rows(spark, table) == before
    assert {row["id"]: row["size"] for row in table_of(spark, table).collect()} == {1: None, 2: 20}


@pytest.mark.parametrize("table_format", FORMATS)
def test_a_table_that_was_never_published_is_told_and_left_alone(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    table = project(tmp_path, table_format)

    (done,) = optimize(spark, tmp_path)

    assert (done.before, done.after) == (None, None)
    assert not table.exists()


def test_a_table_that_somebody_else_has_changed_is_left_alone_and_so_are_the_others(
    spark: SparkSession, tmp_path: Path
) -> None:
    table = project(tmp_path, "delta", readers="whole")
    appended(spark, tmp_path)
    run(spark, tmp_path)
    DeltaTable(table).delete("id = 1")

    with pytest.raises(ForeignCommitError, match="version 3 of its table is a DELETE"):
        optimize(spark, tmp_path)

    assert version(table) == 3


def test_files_that_move_while_they_are_listed_are_listed_again(spark: SparkSession, tmp_path: Path) -> None:
    table = project(tmp_path, "parquet", readers="whole")
    appended(spark, tmp_path)
    _, plan = planned(tmp_path, "whole")
    (job,) = plan.jobs
    (one,) = job.inputs
    assert isinstance(one, TableInput)
    shelf = Shelf(spark, plan, NOW.now)
    journal = table / "_sparkjobs/journal.json"
    journal.write_text(json.dumps({"moves": [], "commit": {"number": 3}}))

    with pytest.raises(TransientError, match="files of events were moved while they were listed"):
        shelf.open(spark, job, one, one.version)

    journal.unlink()
    assert shelf.open(spark, job, one, one.version).rows == 9
