"""How changes become the table: one commit, what it leaves alone, what is refused before it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from sparkjobs.config import MergeOutput, Scd2Output
from sparkjobs.errors import (
    HistoryError,
    LateSnapshotError,
    NullKeyError,
    PublishError,
    StateMovedError,
    TiedRowsError,
)
from sparkjobs.publish import Attempt, Changes, commit, put_unseen_in_force, refuse, stage, sweep
from sparkjobs.publish.invariants import refuse_broken
from tests.spark.merging import FORMATS, Target

SCHEMA = "k int, at int, v string, part string"
CONFS = ("write.txnAppId", "write.txnVersion", "commitInfo.userMetadata")


def merge_of(table_format: str, **more: object) -> MergeOutput:
    plain = {"format": table_format, "path": "unused", "mode": "merge", "keys": ("k",)}
    return MergeOutput.model_validate({**plain, **more})


def scd2_of(table_format: str, **more: object) -> Scd2Output:
    plain = {"format": table_format, "path": "unused", "mode": "scd2", "keys": ("k",), "sequence_by": "at"}
    return Scd2Output.model_validate({**plain, **more})


def committed(target: Target) -> int:
    """The number that the table itself says is in force."""
    if target.output.format == "delta":
        return DeltaTable(target.path).transaction_version("sparkjobs/job") or 0
    number = json.loads((target.path / "_sparkjobs/committed.json").read_text())["commit"]["number"]
    return int(number)


def data(target: Target) -> dict[str, int]:
    """The files that readers of the table see, and when they were written."""
    if target.output.format == "delta":
        files = [Path(uri) for uri in DeltaTable(target.path).file_uris()]
    else:
        files = [path for path in target.path.rglob("*.parquet") if "_sparkjobs" not in path.parts]
    return {str(path.relative_to(target.path)): path.stat().st_mtime_ns for path in files}


def last_actions(target: Target) -> list[dict[str, Any]]:
    log = max((target.path / "_delta_log").glob("*.json"))
    return [json.loads(line) for line in log.read_text().splitlines()]


@pytest.mark.parametrize("table_format", FORMATS)
def test_where_nothing_changes_only_the_number_moves(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    target = Target(spark, tmp_path / "table", merge_of(table_format, partition_by=("part",)), SCHEMA)
    target.publish([(1, 1, "a", "x"), (2, 1, "b", "y")])
    before = data(target)
    for result in ([(1, 1, "a", "x")], []):
        changes = target.publish(result)
        assert (changes.nothing, changes.rows.rows, changes.gone.rows) == (True, 0, 0)
        assert committed(target) == target.number
        assert data(target) == before
    assert target.rows() == [(1, 1, "a", "x"), (2, 1, "b", "y")]


def test_a_merge_is_one_commit_that_carries_the_number(spark: SparkSession, tmp_path: Path) -> None:
    target = Target(spark, tmp_path / "table", merge_of("delta", partition_by=("part",)), SCHEMA)
    target.publish([(1, 1, "a", "x"), (2, 1, "b", "y"), (3, 1, "c", "z")])
    first = data(target)
    assert all(path.startswith("sparkjobs_run=1-") for path in first)  # not copied
    target.publish([(1, 2, "a", "w"), (2, 2, "c", "y")])
    actions = last_actions(target)
    (txn,) = (action["txn"] for action in actions if "txn" in action)
    (info,) = (action["commitInfo"] for action in actions if "commitInfo" in action)
    assert (txn["appId"], txn["version"], info["operation"]) == ("sparkjobs/job", 2, "MERGE")
    assert json.loads(info["userMetadata"])["manifest"] == 2
    assert DeltaTable(target.path).version() == 1
    # the file of the partition without changes is still the same
    assert [path for path in data(target) if path in first] == [path for path in first if "part=z" in path]
    assert [spark.conf.get(f"spark.databricks.delta.{name}", "-1") for name in CONFS] == ["-1"] * 3


def test_a_merge_that_fails_leaves_no_number_in_the_session(spark: SparkSession, tmp_path: Path) -> None:
    target = Target(spark, tmp_path / "table", merge_of("delta"), SCHEMA)
    target.publish([(1, 1, "a", "x")])
    spark.sql(f"alter table delta.`{target.path}` add constraint positive check (at > 0)")
    with pytest.raises(Exception, match="positive"):
        target.publish([(1, -1, "a", "x")])
    assert [spark.conf.get(f"spark.databricks.delta.{name}", "-1") for name in CONFS] == ["-1"] * 3
    assert target.rows() == [(1, 1, "a", "x")]
    target.publish([(1, 2, "a", "x")])
    assert (target.rows(), committed(target)) == ([(1, 2, "a", "x")], 3)


@pytest.mark.parametrize("table_format", FORMATS)
def test_partitions_without_rows_of_the_result_are_not_read(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    output = scd2_of(table_format, keys=("k", "part"), partition_by=("part",), delete_when="v = 'D'")
    target = Target(spark, tmp_path / "table", output, SCHEMA)
    target.publish([(1, 1, "a", "x"), (2, 1, "b", "y"), (3, 1, "c", "ü y")])
    for path in data(target):
        if "part=y" in path:
            (target.path / path).write_bytes(b"no rows at all")
    target.publish([(1, 3, "b", "x"), (3, 3, "D", "ü y"), (4, 3, "a", "w")])
    shown = target.table().filter("part <> 'y'").select("k", "v", "valid_from", "valid_to").collect()
    assert sorted(map(tuple, shown), key=repr) == [
        (1, "a", 1, 3), (1, "b", 3, None), (3, "c", 1, 3), (4, "a", 3, None)
    ]  # fmt: skip


@pytest.mark.parametrize("table_format", FORMATS)
def test_a_partition_that_loses_its_last_row_is_gone(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    output = merge_of(table_format, partition_by=("part",), order_by=("at",), delete_when="v = 'D'")
    target = Target(spark, tmp_path / "table", output, SCHEMA)
    target.publish([(1, 1, "a", "x"), (2, 1, "b", "y"), (3, 1, "c", "z")])
    target.publish([(1, 2, "D", "x"), (2, 2, "b", "z")])
    assert target.rows() == [(2, 2, "b", "z"), (3, 1, "c", "z")]
    assert {path.split("part=")[1][0] for path in data(target)} == {"z"}
    target.publish([(2, 3, "D", "z"), (3, 3, "D", "z")])
    assert (target.rows(), data(target), committed(target)) == ([], {}, 3)


def test_a_full_refresh_makes_the_table_and_its_unseen_events_anew(
    spark: SparkSession, tmp_path: Path
) -> None:
    target = Target(spark, tmp_path / "table", scd2_of("parquet", track=("v",)), SCHEMA)
    target.publish([(1, 1, "a", "x"), (1, 9, "a", "x"), (2, 1, "a", "x")])
    assert (target.unseen, target.newest) == ((1,), "9")
    changes = target.publish([(1, 1, "a", "x")], refresh=True)
    assert (changes.whole, target.unseen) == (True, (2,))
    target.publish([(1, 5, "b", "x")])
    assert target.rows() == [(1, 1, "a", "x", 1, 5, False), (1, 5, "b", "x", 5, None, True)]
    changes = target.publish([], refresh=True)
    assert (changes.whole, target.rows(), committed(target)) == (True, [], 4)


@pytest.mark.parametrize("table_format", FORMATS)
def test_any_name_can_be_a_key_a_value_or_a_partition(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    by = "p'q" if table_format == "delta" else "p.q"
    output = merge_of(
        table_format,
        keys=("source", "a.b"),
        order_by=("Row`s",),
        partition_by=(by, "target"),
        sort_by=("a.b",),
    )
    schema = f"`source` int, `a.b` string, `Row``s` int, value string, `{by}` string, `target` date"
    target = Target(spark, tmp_path / "table", output, schema)
    target.publish([(1, "x", 1, "a", "a=b/ü", None), (2, "x", 1, "a", None, None)])
    target.publish([(1, "x", 2, "b", "a=b/ü", None), (2, "x", 3, "d", "{c}*", None)])
    names = ["source", "`a.b`", "`Row``s`", "value", f"`{by}`", "target"]
    shown = target.table().select(*names).collect()
    assert sorted(map(tuple, shown)) == [(1, "x", 2, "b", "a=b/ü", None), (2, "x", 3, "d", "{c}*", None)]


def test_a_table_with_features_we_do_not_know_is_merged_too(spark: SparkSession, tmp_path: Path) -> None:
    target = Target(spark, tmp_path / "table", merge_of("delta"), SCHEMA)
    target.publish([(1, 1, "a", "x")])
    spark.sql(f"alter table delta.`{target.path}` set tblproperties ('delta.columnMapping.mode' = 'name')")
    target.publish([(1, 2, "b", "x"), (2, 1, "b", "y")])
    assert committed(target) == 2
    target.publish([(1, 2, "b", "x")])
    assert (committed(target), target.rows()) == (3, [(1, 2, "b", "x"), (2, 1, "b", "y")])
    assert not [action for action in last_actions(target) if "add" in action or "remove" in action]


@pytest.mark.parametrize("table_format", FORMATS)
def test_a_commit_of_changes_is_fenced_and_its_files_must_be_there(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    target = Target(spark, tmp_path / "table", merge_of(table_format), SCHEMA)
    target.publish([(1, 1, "a", "x")])
    attempt = target.attempt()
    changes = target.found(attempt, [(1, 2, "b", "x")])
    (changes.rows.folder / changes.rows.files[0].path).unlink()
    with pytest.raises(PublishError, match="has vanished or changed"):
        commit(spark, attempt, changes, "merge")
    target.number -= 1
    sweep(target.path, committed(target))
    attempt = target.attempt()
    changes = target.found(attempt, [(1, 2, "b", "x")])
    commit(spark, attempt, changes, "merge")
    assert target.rows() == [(1, 2, "b", "x")]
    again = target.found(attempt, [(1, 3, "c", "x")]) if table_format == "parquet" else changes
    with pytest.raises(StateMovedError):
        commit(spark, attempt, again, "merge")
    assert target.rows() == [(1, 2, "b", "x")]


def test_unseen_events_are_in_force_with_their_commit_and_no_reader_meets_them(
    spark: SparkSession, tmp_path: Path
) -> None:
    target = Target(
        spark, tmp_path / "table", scd2_of("parquet", track=("v",), partition_by=("part",)), SCHEMA
    )
    target.publish([(1, 1, "a", "x")])
    attempt = target.attempt()
    put_unseen_in_force(attempt, target.found(attempt, [(1, 9, "a", "x")]))
    assert len(list((target.path / "_sparkjobs/unseen").rglob("*.unseen"))) == 1
    sweep(target.path, committed(target))  # the run was killed before it could commit
    assert not list((target.path / "_sparkjobs/unseen").rglob("*.unseen"))
    target.number -= 1
    target.publish([(1, 9, "a", "x")])
    sweep(target.path, committed(target))
    assert len(list((target.path / "_sparkjobs/unseen").rglob("*.unseen"))) == 1
    assert not list((target.path / "_sparkjobs").rglob("*.parquet"))
    found = duckdb.read_parquet(f"{target.path}/**/*.parquet")
    assert found.select("k", "v", "valid_from").fetchall() == [(1, "a", 1)]
    target.publish([(1, 5, "b", "x")])
    shown = target.table().select("v", "valid_from", "valid_to").collect()
    assert sorted(map(tuple, shown), key=repr) == [("a", 1, 5), ("a", 9, None), ("b", 5, 9)]


@pytest.mark.parametrize("table_format", FORMATS)
def test_an_unseen_event_has_null_in_columns_that_came_later(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    target = Target(spark, tmp_path / "table", scd2_of(table_format, track=("v",)), SCHEMA)
    target.publish([(1, 1, "a", "x"), (1, 9, "a", "x")])
    if table_format == "delta":
        spark.sql(f"alter table delta.`{target.path}` add columns (more long)")
    target.schema = "k int, at int, v string, part string, more long"
    target.publish([(1, 5, "b", "x", 7)])
    shown = target.table().select("v", "valid_from", "more").collect()
    assert sorted(map(tuple, shown), key=repr) == [("a", 1, None), ("a", 9, None), ("b", 5, 7)]


@pytest.mark.parametrize("table_format", FORMATS)
def test_kept_rows_are_those_that_the_changes_leave_in_their_places(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    target = Target(spark, tmp_path / "table", merge_of(table_format, partition_by=("part",)), SCHEMA)
    target.publish([(1, 1, "a", "x"), (2, 1, "b", "x"), (3, 1, "c", None)])
    attempt = target.attempt()
    changes = target.found(attempt, [(1, 2, "a", "y"), (3, 2, "c", None)])
    assert target.kept(attempt, changes) == [(2, 1, "b", "x")]
    assert target.kept(attempt, target.found(target.attempt(), [(2, 2, "a", "y")], refresh=True)) == []


def test_tied_rows_are_told_and_nothing_is_published(spark: SparkSession, tmp_path: Path) -> None:
    target = Target(spark, tmp_path / "table", merge_of("parquet", partition_by=("part",)), SCHEMA)
    target.publish([(1, 1, "a", "x")])
    tied = [(k, at, "a", "x") for k in range(7) for at in (1, 2)]
    with pytest.raises(TiedRowsError) as told:
        target.publish([*tied, (9, 1, "a", "x")])
    assert (told.value.count, len(told.value.keys), told.value.keys[0][:2]) == (7, 5, "k=")
    assert target.rows() == [(1, 1, "a", "x")]


def test_tied_events_are_told_with_their_sequence(spark: SparkSession, tmp_path: Path) -> None:
    output = scd2_of("parquet", keys=("k", "part"), partition_by=("part",))
    target = Target(spark, tmp_path / "table", output, SCHEMA)
    with pytest.raises(TiedRowsError) as told:
        target.publish([(1, 1, "a", "x"), (1, 1, "b", "x"), (1, 2, "b", "x"), (1, 2, "b", "x")])
    assert (told.value.count, told.value.keys) == (1, ("k=1, part=x, at=1",))


NULLS: list[tuple[str, tuple[object, ...]]] = [
    ("k", (None, 1, "a", "x")),
    ("part", (1, 1, "a", None)),
    ("at", (1, None, "a", "x")),
]


@pytest.mark.parametrize(("column", "row"), NULLS)
def test_a_row_without_a_key_or_a_sequence_is_refused(
    spark: SparkSession, tmp_path: Path, column: str, row: tuple[object, ...]
) -> None:
    output = scd2_of("parquet", keys=("k", "part"), partition_by=("part",))
    target = Target(spark, tmp_path / "table", output, SCHEMA)
    with pytest.raises(NullKeyError) as told:
        target.publish([row, row, (2, 2, "b", "x")])
    assert (told.value.columns, told.value.count) == (column, 2)


def test_a_long_key_is_looked_at_by_itself(spark: SparkSession, tmp_path: Path) -> None:
    target = Target(spark, tmp_path / "table", merge_of("parquet"), "k string, v int")
    with pytest.raises(NullKeyError, match="1 rows"):
        target.publish([("k" * 5000, 1), (None, 1)])


def test_a_snapshot_must_not_be_older_than_the_newest(spark: SparkSession, tmp_path: Path) -> None:
    output = scd2_of("parquet", absent_keys="close")
    target = Target(spark, tmp_path / "table", output, "k int, at date, v string")
    target.publish(spark.sql("select 1 k, date'2024-01-10' at, 'a' v"))
    assert target.newest == "2024-01-10"
    with pytest.raises(LateSnapshotError) as told:
        target.publish(spark.sql("select 1 k, date'2024-01-09' at, 'a' v"))
    assert (told.value.found, told.value.newest) == ("2024-01-09", "2024-01-10")
    target.publish(spark.sql("select 2 k, date'2024-01-10' at, 'a' v"))
    assert [row[0] for row in target.rows()] == [2]


def test_a_history_that_somebody_has_broken_is_not_published_on(spark: SparkSession, tmp_path: Path) -> None:
    target = Target(spark, tmp_path / "table", scd2_of("parquet", delete_when="v = 'D'"), SCHEMA)
    target.publish([(k, at, str(at), "x") for k in range(1, 8) for at in (1, 3)] + [(7, 2, "D", "x")])
    changed = {
        (1, 1): {"is_current": True},
        (2, 1): {"valid_to": 4},
        (3, 1): {"valid_to": 2},
        (4, 1): {"valid_to": None, "is_current": True},
        (5, 1): {"valid_to": 1},
    }
    for path in map(target.path.joinpath, data(target)):
        rows = [
            row | changed.get((row["k"], row["valid_from"]), {}) for row in pq.read_table(path).to_pylist()
        ]
        pq.write_table(pa.Table.from_pylist(rows, pq.read_schema(path)), path)
        path.with_name(f".{path.name}.crc").unlink(missing_ok=True)
    before = target.rows()
    with pytest.raises(HistoryError) as told:
        target.publish([(k, 9, "z", "x") for k in range(1, 8)])
    assert sorted(told.value.problems) == [
        "k=1, valid_from=1: is_current and valid_to disagree.",
        "k=2, valid_from=1: it overlaps the next version.",
        "k=3, valid_from=1: a gap that no delete has opened.",
        "k=5, valid_from=1: it ends before it begins.",
    ]
    assert target.rows() == before
    sweep(target.path, committed(target))
    target.number -= 1
    target.publish([(k, 9, "z", "x") for k in (4, 6, 7)])
    # what is open is placed anew in any case
    assert [row[4:] for row in target.rows() if row[0] == 4] == [
        (1, 3, False),
        (3, 9, False),
        (9, None, True),
    ]
    assert [row[4:] for row in target.rows() if row[0] == 7] == [
        (1, 2, False),
        (3, 9, False),
        (9, None, True),
    ]


BROKEN = [
    (1, 1, None, True, None),
    (2, 1, 3, False, None),
    (2, 3, None, True, None),
    (3, 1, 3, True, "is_current and valid_to disagree"),
    (4, 1, None, False, "is_current and valid_to disagree"),
    (5, 3, 3, False, "it ends before it begins"),
    (6, 1, None, True, "a later version follows one that has no end"),
    (6, 3, None, True, None),
    (7, 1, 5, False, "it overlaps the next version"),
    (7, 3, None, True, None),
    (8, 1, 5, False, "it overlaps the next version"),
    (8, 1, 5, False, None),
    (9, 1, 2, False, "a gap that no delete has opened"),
    (9, 3, None, True, None),
]


@pytest.mark.parametrize("keys", [range(1, 6), range(6, 10)])
def test_what_makes_a_history_broken(spark: SparkSession, tmp_path: Path, keys: range) -> None:
    rows = [row for row in BROKEN if row[0] in keys]
    frame = spark.createDataFrame(
        [row[:4] for row in rows], "k int, valid_from int, valid_to int, is_current boolean"
    )
    output = scd2_of("parquet")
    staged = stage(spark, frame, output, tmp_path / "staged")
    gone = replace(staged, files=())
    changes = Changes(output, None, whole=True, rows=staged, gone=gone, unseen=None, high=None)
    with pytest.raises(HistoryError) as told:
        refuse_broken(spark, Attempt("job", tmp_path, "parquet", 1, "run", "0"), changes, ())
    expected = [f"k={k}, valid_from={at}: {problem}." for k, at, *_, problem in rows if problem]
    assert sorted(told.value.problems) == expected


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"keys": ("x",)}, SCHEMA, "no column 'x', which `keys` names; it has k, at, v, part"),
    ({"order_by": ("x",)}, SCHEMA, "no column 'x', which `order_by` names"),
    ({"columns": ("x",)}, SCHEMA, "no column 'x', which `columns` names"),
    ({"sequence_by": "x"}, SCHEMA, "no column 'x', which `sequence_by` names"),
    ({"sequence_by": "at", "track": ("x",)}, SCHEMA, "no column 'x', which `track` names"),
    ({}, "k double", "'k' is double, which no column of `keys` may be"),
    ({}, "k struct<a:int>", "'k' is struct<a:int>, which no column of `keys` may be"),
    (
        {"order_by": ("at",)},
        "k int, at array<int>",
        "'at' is array<int>, which no column of `order_by` may be",
    ),
    ({"sequence_by": "at"}, "k int, at double", "'at' is double, which no column of `sequence_by` may be"),
    ({}, "k int, v map<int,int>", "'v' is map<int,int>, of which two values cannot be compared"),
    ({}, "k int, v array<struct<a:variant>>", "of which two values cannot be compared"),
    (
        {"partition_by": ("p.q",)},
        "k int, v int, `p.q` int",
        "Delta cannot merge into partitions of a column with a dot",
    ),
    ({}, "k int, _SPARKJOBS_x int", "no column '_SPARKJOBS_x'"),
    (
        {"sequence_by": "at"},
        "k int, at int, Valid_To int",
        "has a column 'Valid_To'; a history makes its own",
    ),
    (
        {"sequence_by": "at", "partition_by": ("valid_from",)},
        SCHEMA,
        "partitioned by its own column 'valid_from'",
    ),
    ({"delete_when": "w = 1"}, SCHEMA, "`delete_when`: [UNRESOLVED_COLUMN"),
    ({"delete_when": "at + 1"}, SCHEMA, "`delete_when`: 'at + 1' is int, not true or false"),
    (
        {"delete_when": "rand() > at"},
        SCHEMA,
        "`delete_when`: 'rand() > at': rand() is not a function of the row",
    ),
    ({"delete_when": "at >"}, SCHEMA, "`delete_when`: 'at >' is not a SQL condition"),
    ({"update_when": "source.w > 1"}, SCHEMA, "`update_when`: [FIELD_NOT_FOUND"),
    ({"update_when": "v > 'a'"}, SCHEMA, "`update_when`: [UNRESOLVED_COLUMN"),
]


@pytest.mark.parametrize(("more", "schema", "told"), REFUSED)
def test_what_cannot_be_merged_is_refused(
    spark: SparkSession, more: dict[str, Any], schema: str, told: str
) -> None:
    output = scd2_of("delta", **more) if "sequence_by" in more else merge_of("delta", **more)
    assert told in (refuse(spark.createDataFrame([], schema), output) or "")


def test_a_right_conf_is_not_refused(spark: SparkSession) -> None:
    empty = spark.createDataFrame([], "k int, at timestamp, v array<int>, `source` struct<x:int>, target int")
    wanted = "source.at >= target.at and source.source.x > target.source.x and target.target = 1"
    assert (
        refuse(empty, merge_of("delta", order_by=("at",), update_when=wanted, delete_when="at is null"))
        is None
    )
    assert refuse(empty, scd2_of("delta", track=("v",), sort_by=("valid_from",))) is None
