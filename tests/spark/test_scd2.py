"""What a history makes of events: facts, and random increments held to the fold over all of them."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from pyspark.sql import SparkSession

from sparkjobs.config import Scd2Output
from tests.folds import Event, Version, latest, random_runs, random_snapshots, snapshot_versions, versions
from tests.spark.merging import Row, Target

SCHEMA = "history int, key int, at int, op string, value string, note string"


class Fact(NamedTuple):
    """`runs` of rows (at, op, value, note); in the end those of `rows` are versions, each until when."""

    name: str
    runs: list[list[Row]]
    rows: list[Row]


FACTS = [
    Fact("an event opens a version", [[(1, "U", "a", "x")]], [(1, "U", "a", "x", 1, None, True)]),
    Fact(
        "a change closes it and opens another",
        [[(1, "U", "a", "x")], [(3, "U", "b", "x")]],
        [(1, "U", "a", "x", 1, 3, False), (3, "U", "b", "x", 3, None, True)],
    ),
    Fact(
        "what is not tracked changes nothing",
        [[(1, "U", "a", "x")], [(3, "U", "a", "y")]],
        [(1, "U", "a", "x", 1, None, True)],
    ),
    Fact(
        "null is a value",
        [[(1, "U", "a", "x")], [(3, "U", None, "x")], [(4, "U", None, "y")]],
        [(1, "U", "a", "x", 1, 3, False), (3, "U", None, "x", 3, None, True)],
    ),
    Fact(
        "a value can come back",
        [[(1, "U", "a", "x"), (2, "U", "b", "x"), (3, "U", "a", "x")]],
        [(1, "U", "a", "x", 1, 2, False), (2, "U", "b", "x", 2, 3, False), (3, "U", "a", "x", 3, None, True)],
    ),
    Fact(
        "a late event divides a version",
        [[(1, "U", "a", "x"), (9, "U", "c", "x")], [(5, "U", "b", "x")]],
        [(1, "U", "a", "x", 1, 5, False), (5, "U", "b", "x", 5, 9, False), (9, "U", "c", "x", 9, None, True)],
    ),
    Fact(
        "a late event makes a repeat visible",
        [[(1, "U", "a", "x")], [(9, "U", "a", "y")], [(5, "U", "b", "x")]],
        [(1, "U", "a", "x", 1, 5, False), (5, "U", "b", "x", 5, 9, False), (9, "U", "a", "y", 9, None, True)],
    ),
    Fact(
        "a late event makes its successor a repeat",
        [[(1, "U", "a", "x"), (9, "U", "b", "x")], [(5, "U", "b", "y")]],
        [(1, "U", "a", "x", 1, 5, False), (5, "U", "b", "y", 5, None, True)],
    ),
    Fact(
        "an event before the first one comes first",
        [[(5, "U", "a", "x")], [(1, "U", "b", "x")]],
        [(1, "U", "b", "x", 1, 5, False), (5, "U", "a", "x", 5, None, True)],
    ),
    Fact("a delete closes", [[(1, "U", "a", "x")], [(3, "D", "a", "x")]], [(1, "U", "a", "x", 1, 3, False)]),
    Fact(
        "after a delete there may be a gap",
        [[(1, "U", "a", "x")], [(3, "D", None, None)], [(7, "U", "a", "x")]],
        [(1, "U", "a", "x", 1, 3, False), (7, "U", "a", "x", 7, None, True)],
    ),
    Fact("a delete of nothing leaves nothing", [[(1, "D", "a", "x")]], []),
    Fact(
        "it counts once something comes before it",
        [[(5, "D", "a", "x")], [(1, "U", "a", "x")]],
        [(1, "U", "a", "x", 1, 5, False)],
    ),
    Fact(
        "a late delete before a delete takes its place",
        [[(1, "U", "a", "x"), (9, "D", "a", "x")], [(5, "D", "a", "x")]],
        [(1, "U", "a", "x", 1, 5, False)],
    ),
    Fact(
        "and gives it back once something comes between them",
        [[(1, "U", "a", "x"), (9, "D", "a", "x")], [(5, "D", "a", "x")], [(7, "U", "b", "x")]],
        [(1, "U", "a", "x", 1, 5, False), (7, "U", "b", "x", 7, 9, False)],
    ),
    Fact(
        "a row of the same sequence corrects its event",
        [[(1, "U", "a", "x"), (3, "U", "b", "x")], [(3, "U", "c", "x")]],
        [(1, "U", "a", "x", 1, 3, False), (3, "U", "c", "x", 3, None, True)],
    ),
    Fact(
        "also what is not tracked",
        [[(1, "U", "a", "x")], [(1, "U", "a", "y")]],
        [(1, "U", "a", "y", 1, None, True)],
    ),
    Fact(
        "a correction can undo a change",
        [[(1, "U", "a", "x"), (3, "U", "b", "x")], [(3, "U", "a", "x")]],
        [(1, "U", "a", "x", 1, None, True)],
    ),
    Fact(
        "and the correction of an unseen event counts",
        [[(1, "U", "a", "x"), (3, "U", "a", "x")], [(3, "U", "a", "y")], [(2, "U", "b", "x")]],
        [(1, "U", "a", "x", 1, 2, False), (2, "U", "b", "x", 2, 3, False), (3, "U", "a", "y", 3, None, True)],
    ),
    Fact(
        "a correction can take a delete back",
        [[(1, "U", "a", "x"), (3, "D", "a", "x")], [(3, "U", "a", "x")]],
        [(1, "U", "a", "x", 1, None, True)],
    ),
    Fact(
        "rows that are the same are one",
        [[(1, "U", "a", "x"), (1, "U", "a", "x")]],
        [(1, "U", "a", "x", 1, None, True)],
    ),
    Fact(
        "a key that does not come again stays",
        [[(1, "U", "a", "x")], []],
        [(1, "U", "a", "x", 1, None, True)],
    ),
]
# the first run has snapshots of 1 and 3, the second that of 3 again, and of 5
ABSENT = [
    Fact(
        "a key that every snapshot has is open",
        [[(1, "U", "a", "x"), (3, "U", "a", "y")], [(3, "U", "a", "y"), (5, "U", "a", "x")]],
        [(1, "U", "a", "x", 1, None, True)],
    ),
    Fact(
        "a key that a snapshot lacks is closed there",
        [[(1, "U", "a", "x")], []],
        [(1, "U", "a", "x", 1, 3, False)],
    ),
    Fact(
        "even if a later one has it again",
        [[(1, "U", "a", "x")], [(5, "U", "a", "x")]],
        [(1, "U", "a", "x", 1, 3, False), (5, "U", "a", "x", 5, None, True)],
    ),
    Fact(
        "a key of the table that a new snapshot lacks is closed there",
        [[(3, "U", "a", "x")], [(3, "U", "a", "x")]],
        [(3, "U", "a", "x", 3, 5, False)],
    ),
    Fact(
        "a snapshot that comes again can hold a key that it lacked",
        [[(1, "U", "a", "x")], [(3, "U", "a", "x"), (5, "U", "a", "x")]],
        [(1, "U", "a", "x", 1, None, True)],
    ),
    Fact(
        "or lack one that it held",
        [[(1, "U", "a", "x"), (3, "U", "a", "x")], [(5, "U", "a", "x")]],
        [(1, "U", "a", "x", 1, 3, False), (5, "U", "a", "x", 5, None, True)],
    ),
    Fact("or lack one that it opened", [[(3, "U", "a", "x")], []], []),
]


def output_of(table_format: str, **more: object) -> Scd2Output:
    plain = {"format": table_format, "path": "unused", "mode": "scd2", "sequence_by": "at"}
    return Scd2Output.model_validate({**plain, **more})


def _held(target: Target, facts: list[Fact]) -> None:
    for number in range(max(len(fact.runs) for fact in facts)):
        runs = [(fact.name, fact.runs[number]) for fact in facts if number < len(fact.runs)]
        target.publish([(name, *row) for name, run in runs for row in run])
    found = target.rows()
    told = {fact.name: [row[1:] for row in found if row[0] == fact.name] for fact in facts}
    assert told == {fact.name: fact.rows for fact in facts}
    assert len(found) == sum(len(fact.rows) for fact in facts)


def test_facts_of_events(spark: SparkSession, tmp_path: Path) -> None:
    output = output_of("parquet", keys=("fact",), track=("value",), delete_when="op = 'D'")
    schema = "fact string, at int, op string, value string, note string"
    _held(Target(spark, tmp_path / "table", output, schema), FACTS)


def test_facts_of_snapshots(spark: SparkSession, tmp_path: Path) -> None:
    output = output_of("delta", keys=("fact",), track=("value",), absent_keys="close")
    schema = "fact string, at int, op string, value string, note string"
    # so that every snapshot is there
    always = [
        Fact(
            "always",
            [[(1, "U", "a", "x"), (3, "U", "a", "x")], [(3, "U", "a", "x"), (5, "U", "a", "x")]],
            [(1, "U", "a", "x", 1, None, True)],
        )
    ]
    _held(Target(spark, tmp_path / "table", output, schema), [*ABSENT, *always])


def test_a_version_has_the_type_and_the_names_that_its_conf_says(spark: SparkSession, tmp_path: Path) -> None:
    output = output_of(
        "delta", keys=("k",), valid_from="since", valid_to="until", is_current="current", sort_by=("since",)
    )
    target = Target(spark, tmp_path / "table", output, "k int, at timestamp, v string")
    target.publish([(1, datetime(2024, 1, 1), "a")])  # noqa: DTZ001 (the session's is UTC)
    target.publish([(1, datetime(2024, 1, 1, 0, 0, 0, 1), "b")])  # noqa: DTZ001
    assert target.table().drop("at").dtypes == [
        ("k", "int"),
        ("v", "string"),
        ("since", "timestamp"),
        ("until", "timestamp"),
        ("current", "boolean"),
    ]
    shown = target.table().selectExpr("v", "string(since)", "string(until)", "current").collect()
    assert sorted(map(tuple, shown)) == [
        ("a", "2024-01-01 00:00:00", "2024-01-01 00:00:00.000001", False),
        ("b", "2024-01-01 00:00:00.000001", None, True),
    ]


def test_by_default_every_column_is_tracked(spark: SparkSession, tmp_path: Path) -> None:
    target = Target(
        spark, tmp_path / "table", output_of("parquet", keys=("k",)), "k int, at date, v int, w int"
    )
    target.publish([(1, date(2024, 1, 1), 1, 1)])
    target.publish([(1, date(2024, 1, 2), 1, 1), (1, date(2024, 1, 3), 1, 2)])
    assert target.rows() == [
        (1, date(2024, 1, 1), 1, 1, date(2024, 1, 1), date(2024, 1, 3), False),
        (1, date(2024, 1, 3), 1, 2, date(2024, 1, 3), None, True),
    ]


@pytest.mark.parametrize(
    ("table_format", "by", "count"),
    [("parquet", ("key",), 4), ("delta", ("value",), 3)],
)
def test_random_increments_are_the_history_of_all_events(
    spark: SparkSession, tmp_path: Path, table_format: str, by: tuple[str, ...], count: int
) -> None:
    output = output_of(
        table_format, keys=("history", "key"), track=("value",), delete_when="op = 'D'", partition_by=by
    )
    histories = [random_runs(Random(seed), count) for seed in range(100)]  # noqa: S311 (no secret)
    target = Target(spark, tmp_path / "table", output, SCHEMA)
    for number in range(count):
        target.publish(list(_rows([runs[number] for runs in histories])))
        assert _found(target) == set(_versions([versions(runs[: number + 1]) for runs in histories]))
    anew = Target(spark, tmp_path / "anew", output, SCHEMA)
    anew.publish(list(_rows([latest(runs) for runs in histories])))
    assert anew.rows() == target.rows()


def test_random_snapshots_are_the_history_of_all_snapshots(spark: SparkSession, tmp_path: Path) -> None:
    output = output_of("parquet", keys=("history", "key"), track=("value",), absent_keys="close")
    target = Target(spark, tmp_path / "table", output, SCHEMA)
    runs = random_snapshots(Random(95), 4, keys=300)  # noqa: S311 (no secret)
    for number, run in enumerate(runs):
        target.publish(list(_rows([run])))
        assert _found(target) == set(_versions([snapshot_versions(runs[: number + 1])]))
    assert len({event.at for run in runs for event in run}) > 4
    corrected = [
        {event.at for event in run} & {event.at for event in before} for before, run in pairwise(runs)
    ]
    assert any(corrected)


def _rows(histories: Iterable[Iterable[Event]]) -> Iterator[Row]:
    for number, events in enumerate(histories):
        yield from ((number, *event) for event in events)


def _versions(histories: Iterable[Iterable[Version]]) -> Iterator[Row]:
    for number, found in enumerate(histories):
        for one in found:
            yield (number, *one.event, one.valid_from, one.valid_to, one.valid_to is None)


def _found(target: Target) -> set[Row]:
    names = [*Event._fields, "valid_from", "valid_to", "is_current"]
    rows = [tuple(row) for row in target.table().select("history", *names).collect()]
    assert len(set(rows)) == len(rows)
    return set(rows)
