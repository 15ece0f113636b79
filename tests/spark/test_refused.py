"""A failed check of severity error, in every mode and format and from every source of answers: nothing is published."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pyarrow.dataset
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from sparkjobs.record import Event, write_results
from sparkjobs.results import JobResult
from sparkjobs.run import Orders, execute
from sparkjobs.state import TableState, look
from tests.faults.readers import leftovers
from tests.projects import planned, write_project

Row = tuple[object, ...]
START = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = ("id", "code", "kind", "part", "at", "valid_from", "valid_to", "is_current", "count")
"""The order in which rows are written down here; no table has all of them."""
CODE = """
@job
def events(rows: DataFrame) -> DataFrame:
    return rows.select("id", "code", "kind", "part", "at")

@job
def counts(events: DataFrame) -> DataFrame:
    return events.groupBy("part").count()
"""
SOURCES = """
rows: {format: csv, path: "${landing}/rows/*.csv", columns: {id: int, code: string, kind: string, part: int, at: int}}
parts: {format: csv, path: "${landing}/parts.csv", columns: {part: int}}
"""
EVENTS = """
inputs: {rows: {source: rows}, parts: {source: parts, for_checks: true}}
output: {path: "${warehouse}/events", partition_by: [part], format: FORMAT, MODE}
"""
COUNTS = 'inputs: {events: {ref: events}}\noutput: {path: "${warehouse}/counts", format: FORMAT}\n'
HEAD = "id,code,kind,part,at\n"


@dataclass(frozen=True, slots=True)
class Broken:
    """A check, what answers it, and what breaks it."""

    entry: str
    """How conf writes it; its name there is `tried`."""
    source: str
    lines: str
    """What comes besides the rows of the second input. Without any, the check is what comes."""
    status: str = "fail"


ALIKE = "anomaly: {of: row_count, max: 20, max_change: 1.0, min_runs: 1, name: tried}"
BROKEN: Final = {
    "footer": Broken("not_null: {column: kind, name: tried}", "footer", "9,c9,,2,50\n"),
    "scan": Broken('matches: {column: kind, pattern: "[a-z]+", name: tried}', "scan", "9,c9,LOUD,2,50\n"),
    "keys": Broken("unique: {columns: [code], name: tried}", "keys", "9,a5,z,2,50\n"),
    "pass": Broken(
        'query: {sql: "select id from {rows} group by id having sum(at) < 0", name: tried}',
        "pass",
        "9,c9,z,2,-50\n",
    ),
    "other input": Broken(
        "foreign_key: {columns: [part], input: parts, name: tried}", "keys", "9,c9,z,9,50\n"
    ),
    "groups": Broken(
        "mean: {column: at, max: 100, group_by: [part], name: tried}", "keys", "9,c9,z,2,1000\n"
    ),
    "history": Broken(ALIKE, "history", "".join(f"{one},c{one},z,2,50\n" for one in range(10, 18))),
    "bound": Broken(ALIKE, "history", "".join(f"{one},c{one},z,2,50\n" for one in range(10, 29))),
    "no such column": Broken("not_null: {column: nope, name: tried}", "scan", "", "error"),
    "an error": Broken('expression: {expr: "100 % id >= 0", name: tried}', "scan", "0,c0,z,2,50\n", "error"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A mode, what comes first and second, and the rows of both tables after each."""

    output: str
    files: tuple[tuple[str, str], tuple[str, str]]
    first: tuple[Row, ...]
    counted_first: tuple[Row, ...]
    second: tuple[Row, ...]
    counted_second: tuple[Row, ...]
    more: str = ""


_FIRST = ("a", "1,a1,x,1,10\n5,a5,x,2,10\n")
_PLAIN = (_FIRST, ("a", "3,b3,y,2,20\n4,b4,y,3,20\n"))
_ROWS = ((1, "a1", "x", 1, 10), (5, "a5", "x", 2, 10))
_COUNTED = ((1, 1), (2, 1))
CASES: Final[Mapping[str, Case]] = {
    "append": Case(
        "mode: append",
        (_FIRST, ("b", "3,b3,y,2,20\n4,b4,y,3,20\n")),
        _ROWS,
        _COUNTED,
        ((1, "a1", "x", 1, 10), (3, "b3", "y", 2, 20), (4, "b4", "y", 3, 20), (5, "a5", "x", 2, 10)),
        ((1, 1), (2, 2), (3, 1)),
        "incremental: {by: files}",
    ),
    "overwrite": Case(
        "mode: overwrite",
        _PLAIN,
        _ROWS,
        _COUNTED,
        ((3, "b3", "y", 2, 20), (4, "b4", "y", 3, 20)),
        ((2, 1), (3, 1)),
    ),
    "overwrite_partitions": Case(
        "mode: overwrite_partitions",
        _PLAIN,
        _ROWS,
        _COUNTED,
        ((1, "a1", "x", 1, 10), (3, "b3", "y", 2, 20), (4, "b4", "y", 3, 20)),
        ((1, 1), (2, 1), (3, 1)),
    ),
    # 1 is deleted and leaves its partition empty
    "merge": Case(
        "mode: merge, keys: [id], order_by: [at], delete_when: kind = 'gone'",
        (_FIRST, ("b", "1,b1,gone,1,20\n3,b3,y,2,20\n4,b4,y,3,20\n")),
        _ROWS,
        _COUNTED,
        ((3, "b3", "y", 2, 20), (4, "b4", "y", 3, 20), (5, "a5", "x", 2, 10)),
        ((2, 2), (3, 1)),
        "incremental: {by: files}",
    ),
    # 1 ends, 5 has another version
    "scd2": Case(
        "mode: scd2, keys: [id], sequence_by: at, delete_when: kind = 'gone'",
        (_FIRST, ("b", "1,b1,gone,1,20\n5,b5,y,2,20\n4,b4,y,3,20\n")),
        ((1, "a1", "x", 1, 10, 10, None, True), (5, "a5", "x", 2, 10, 10, None, True)),
        _COUNTED,
        (
            (1, "a1", "x", 1, 10, 10, 20, False),
            (4, "b4", "y", 3, 20, 20, None, True),
            (5, "a5", "x", 2, 10, 10, 20, False),
            (5, "b5", "y", 2, 20, 20, None, True),
        ),
        ((1, 1), (2, 2), (3, 1)),
        "incremental: {by: files}",
    ),
}
TRIED = [
    ("append", "delta", ("other input",)),
    ("append", "parquet", ("an error",)),
    ("overwrite", "delta", ("history",)),
    ("overwrite", "parquet", ("pass", "no such column")),
    ("overwrite_partitions", "delta", ("scan",)),
    ("overwrite_partitions", "parquet", ("bound",)),
    ("merge", "delta", ("keys",)),
    ("merge", "parquet", ("footer",)),
    ("scd2", "delta", ("groups",)),
    ("scd2", "parquet", ("footer",)),
]
"""Each source of answers, and each mode and format."""


def lay(
    root: Path, mode: str, table_format: str, step: int, kinds: tuple[str, ...], broken: str | None = None
) -> None:
    """The project with its first (0) or second (1) input, and what breaks one of its checks beside it."""
    case = CASES[mode]
    output = EVENTS.replace("FORMAT", table_format).replace("MODE", case.output)
    tried = {kind: BROKEN[kind].entry.replace("name: tried", f"name: {kind}") for kind in kinds}
    checks = [entry for kind, entry in tried.items() if BROKEN[kind].lines or kind == broken]
    name, good = case.files[step]
    files = {
        "conf/sources.yml": SOURCES,
        "conf/jobs/events.yml": "\n  - ".join([f"{output}{case.more}\nchecks:", *checks]),
        "conf/jobs/counts.yml": COUNTS.replace("FORMAT", table_format),
        "landing/parts.csv": "part\n1\n2\n3\n",
        f"landing/rows/{name}.csv": HEAD + good + (BROKEN[broken].lines if broken else ""),
    }
    write_project(root, CODE, files)


def ran(spark: SparkSession, root: Path, *select: str, full_refresh: bool = False) -> Mapping[str, JobResult]:
    """A run on the next day, which leaves its record."""
    place = len(list(root.glob("target/runs/*")))
    conf, plan = planned(root, *select, full_refresh=full_refresh)
    events: list[Event] = []
    orders = Orders(f"run{place}", lambda: START + timedelta(place), events.append)
    result = execute(lambda _: spark, conf, plan, orders)
    write_results(root / "target/runs" / f"run{place}", plan, result)
    return {one.job: one for one in result.jobs}


def seen(spark: SparkSession, table: Path) -> Iterator[list[Row]]:
    """All rows, as plain Spark and as pyarrow sees them: readers that know nothing of this project."""
    if (table / "_delta_log").exists():
        frame = spark.read.format("delta").load(str(table))
        arrow = DeltaTable(table).to_pyarrow_table()
    else:
        frame = spark.read.parquet(str(table))
        arrow = pyarrow.dataset.dataset(table, format="parquet", partitioning="hive").to_table()
    names = [name for name in COLUMNS if name in frame.columns]
    # what Spark reads from the names of folders is text
    typed = frame.withColumn("part", F.col("part").cast("int")).select(*names)
    yield sorted((tuple(row) for row in typed.collect()), key=repr)
    yield sorted((tuple(row.values()) for row in arrow.select(names).to_pylist()), key=repr)


def standing(root: Path, name: str, table_format: str) -> tuple[TableState, dict[str, bytes]]:
    """How a table stands, and to the byte its files: all but what no log and no reader knows of."""
    table = root / "warehouse" / name
    files = {str(path.relative_to(table)): path for path in table.rglob("*") if path.is_file()}
    files = {
        where: path
        for where, path in files.items()
        if where == "_sparkjobs/committed.json"
        or where.startswith("sparkjobs_run=1-")
        or not where.startswith(("_sparkjobs/", "sparkjobs_run="))
    }
    return look(name, table, table_format), {where: path.read_bytes() for where, path in files.items()}


def refused(results: Mapping[str, JobResult], kind: str) -> None:
    """Make sure that this check, and no other, has kept the result from being published."""
    events, counts, broken = results["events"], results["counts"], BROKEN[kind]
    bad = [(one.name, one.status, one.source) for one in events.checks if one.status in ("fail", "error")]
    assert bad == [(kind, broken.status, broken.source)]
    assert (events.status, events.exit_code, events.published) == ("fail", 1, None)
    assert f"{kind} failed: " in events.message
    assert (counts.status, counts.message) == ("skipped", "events did not publish")


@pytest.mark.parametrize(("mode", "table_format", "kinds"), TRIED)
def test_a_failed_check_publishes_nothing_until_its_input_is_mended(
    spark: SparkSession, tmp_path: Path, mode: str, table_format: str, kinds: tuple[str, ...]
) -> None:
    case = CASES[mode]
    lay(tmp_path, mode, table_format, 0, kinds)
    first = ran(spark, tmp_path)
    assert {job.status for job in first.values()} == {"success"}, first["events"].message
    before = [standing(tmp_path, name, table_format) for name in ("events", "counts")]

    for kind in kinds:
        lay(tmp_path, mode, table_format, 1, kinds, kind)
        refused(ran(spark, tmp_path), kind)
        assert [standing(tmp_path, name, table_format) for name in ("events", "counts")] == before
    assert list(seen(spark, tmp_path / "warehouse/events")) == [list(case.first)] * 2
    assert list(seen(spark, tmp_path / "warehouse/counts")) == [list(case.counted_first)] * 2

    alone = ran(spark, tmp_path, "counts", full_refresh=True)["counts"]
    assert (alone.status, alone.published and alone.published.rows) == ("success", len(case.counted_first))
    assert list(seen(spark, tmp_path / "warehouse/counts")) == [list(case.counted_first)] * 2

    lay(tmp_path, mode, table_format, 1, kinds)
    mended = ran(spark, tmp_path)
    assert {job.status for job in mended.values()} == {"success"}, mended["events"].message
    assert list(seen(spark, tmp_path / "warehouse/events")) == [list(case.second)] * 2
    assert list(seen(spark, tmp_path / "warehouse/counts")) == [list(case.counted_second)] * 2
    state = look("events", tmp_path / "warehouse/events", table_format)
    last = 2 + len(kinds)
    assert (state.committed, state.version) == (last, 1 if table_format == "delta" else last)
    assert leftovers(tmp_path / "warehouse/events") == []
