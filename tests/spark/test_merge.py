"""What a merge makes of a table: facts, and random increments held to the fold over all of them."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from pyspark.sql import SparkSession

from sparkjobs.config import MergeOutput
from tests.folds import Event, latest, merged, random_runs
from tests.spark.merging import Row, Target


class Fact(NamedTuple):
    """`runs` of rows without their key; in the end those of `rows` are in the table."""

    name: str
    runs: list[list[Row]]
    rows: list[Row]


# order, op, v, part
ORDERED = [
    Fact("a new key is inserted", [[(1, "U", "a", 1)]], [(1, "U", "a", 1)]),
    Fact("a key that does not come again stays", [[(1, "U", "a", 1)], []], [(1, "U", "a", 1)]),
    Fact(
        "a later row takes the place of its key's",
        [[(1, "U", "a", 1)], [(2, "U", "b", 1)]],
        [(2, "U", "b", 1)],
    ),
    Fact("a late row is passed over", [[(2, "U", "a", 1)], [(1, "U", "b", 1)]], [(2, "U", "a", 1)]),
    Fact("of equal order the new row holds", [[(2, "U", "a", 1)], [(2, "U", "b", 1)]], [(2, "U", "b", 1)]),
    Fact(
        "within a run the highest order holds",
        [[(1, "U", "a", 1), (3, "U", "c", 1), (2, "U", "b", 1)]],
        [(3, "U", "c", 1)],
    ),
    Fact("rows that are the same are one", [[(1, "U", "a", 1), (1, "U", "a", 1)]], [(1, "U", "a", 1)]),
    Fact(
        "rows below the highest may be tied",
        [[(1, "U", "a", 1), (1, "U", "b", 1), (2, "U", "c", 1)]],
        [(2, "U", "c", 1)],
    ),
    Fact("no order is the lowest", [[(None, "U", "a", 1), (-5, "U", "b", 1)]], [(-5, "U", "b", 1)]),
    Fact("no order is late", [[(-5, "U", "a", 1)], [(None, "U", "b", 1)]], [(-5, "U", "a", 1)]),
    Fact("an update can be null", [[(1, "U", "a", 1)], [(2, "U", None, 1)]], [(2, "U", None, 1)]),
    Fact("a delete removes its key", [[(1, "U", "a", 1)], [(2, "D", "a", 1)]], []),
    Fact("a late delete removes nothing", [[(2, "U", "a", 1)], [(1, "D", "a", 1)]], [(2, "U", "a", 1)]),
    Fact("a delete of nothing is nothing", [[(1, "D", "a", 1)]], []),
    Fact("a delete within a run", [[(1, "U", "a", 1), (2, "D", "a", 1)]], []),
    Fact(
        "an older row does not bring back a deleted key",
        [[(1, "U", "a", 1)], [(3, "D", "a", 1)], [(2, "U", "b", 1)]],
        [],
    ),
    Fact("nor where the delete came first of all", [[(3, "D", "a", 1)], [(2, "U", "b", 1)]], []),
    Fact(
        "nor after a first run that held both", [[(1, "U", "a", 1), (3, "D", "a", 1)], [(2, "U", "b", 1)]], []
    ),
    Fact("a newer row does", [[(3, "D", "a", 1)], [(4, "U", "b", 1)]], [(4, "U", "b", 1)]),
    Fact(
        "and stays past an old delete",
        [[(3, "D", "a", 1)], [(4, "U", "b", 1)], [(3, "D", "a", 1)]],
        [(4, "U", "b", 1)],
    ),
    Fact(
        "a condition that is null deletes nothing",
        [[(1, "U", "a", 1)], [(2, None, "b", 1)]],
        [(2, None, "b", 1)],
    ),
    Fact("a row can move to another partition", [[(1, "U", "a", 1)], [(2, "U", "b", 2)]], [(2, "U", "b", 2)]),
    Fact("to that of null", [[(1, "U", "a", 1)], [(2, "U", "a", None)]], [(2, "U", "a", None)]),
    Fact("and back from it", [[(1, "U", "a", None)], [(2, "U", "a", 1)]], [(2, "U", "a", 1)]),
    Fact(
        "a row in the partition of null is updated",
        [[(1, "U", "a", None)], [(2, "U", "b", None)]],
        [(2, "U", "b", None)],
    ),
    Fact("and deleted", [[(1, "U", "a", None)], [(2, "D", "b", None)]], []),
    Fact("a delete finds its key in another partition", [[(1, "U", "a", 1)], [(2, "D", "b", 2)]], []),
]
# v, w, n, part: an update takes v and part, where w is not below the table's
PICKED = [
    Fact("an insert takes all columns", [[("a", 1, 1, 1)]], [("a", 1, 1, 1)]),
    Fact("an update takes the named columns", [[("a", 1, 1, 1)], [("b", 2, 2, 1)]], [("b", 1, 1, 1)]),
    Fact(
        "where the condition is false the row stays", [[("a", 1, 1, 1)], [("b", 0, 2, 1)]], [("a", 1, 1, 1)]
    ),
    Fact("where it is null too", [[("a", 1, 1, 1)], [("b", None, 2, 1)]], [("a", 1, 1, 1)]),
    Fact("it says nothing of an insert", [[("a", None, 1, 1)]], [("a", None, 1, 1)]),
    Fact("a move takes along what is not named", [[("a", 1, 1, 1)], [("b", 2, 2, 2)]], [("b", 1, 1, 2)]),
    Fact("without order the last run holds", [[("b", 1, 1, 1)], [("a", 1, 1, 1)]], [("a", 1, 1, 1)]),
    Fact("a delete needs no permission", [[("a", 1, 1, 1)], [("DELETE", 0, 1, 1)]], []),
    Fact(
        "without order a deleted key comes back",
        [[("a", 1, 1, 1)], [("DELETE", 1, 1, 1)], [("a", 1, 1, 1)]],
        [("a", 1, 1, 1)],
    ),
]


def _runs(facts: list[Fact]) -> Iterator[list[Row]]:
    for number in range(max(len(fact.runs) for fact in facts)):
        runs = [(fact.name, fact.runs[number]) for fact in facts if number < len(fact.runs)]
        yield [(name, *row) for name, run in runs for row in run]


def _held(target: Target, facts: list[Fact]) -> None:
    for run in _runs(facts):
        target.publish(run)
    found = target.rows()
    told = {fact.name: [row[1:] for row in found if row[0] == fact.name] for fact in facts}
    assert told == {fact.name: fact.rows for fact in facts}
    assert len(found) == sum(len(fact.rows) for fact in facts)


def test_facts_of_ordered_rows(spark: SparkSession, tmp_path: Path) -> None:
    output = MergeOutput.model_validate(
        {
            "format": "parquet",
            "path": "unused",
            "mode": "merge",
            "keys": ("fact",),
            "order_by": ("seq",),
            "delete_when": "op = 'D'",
            "partition_by": ("part",),
        }
    )
    schema = "fact string, seq int, op string, v string, part int"
    _held(Target(spark, tmp_path / "table", output, schema), ORDERED)


def test_facts_of_picked_columns(spark: SparkSession, tmp_path: Path) -> None:
    output = MergeOutput.model_validate(
        {
            "format": "delta",
            "path": "unused",
            "mode": "merge",
            "keys": ("fact",),
            "columns": ("v", "part"),
            "update_when": "source.w >= target.w",
            "delete_when": "v = 'DELETE'",
            "partition_by": ("part",),
        }
    )
    _held(Target(spark, tmp_path / "table", output, "fact string, v string, w int, n int, part int"), PICKED)


@pytest.mark.parametrize(
    ("table_format", "by", "count"),
    [("parquet", ("key",), 4), ("delta", ("value",), 3)],
)
def test_random_increments_come_to_what_holds_of_all_events(
    spark: SparkSession, tmp_path: Path, table_format: str, by: tuple[str, ...], count: int
) -> None:
    output = MergeOutput.model_validate(
        {
            "format": table_format,
            "path": "unused",
            "mode": "merge",
            "keys": ("history", "key"),
            "order_by": ("at",),
            "delete_when": "op = 'D'",
            "partition_by": by,
        }
    )
    schema = "history int, key int, at int, op string, value string, note string"
    histories = [random_runs(Random(seed), count) for seed in range(100)]  # noqa: S311 (no secret)
    target = Target(spark, tmp_path / "table", output, schema)
    for number in range(count):
        target.publish(list(_rows([runs[number] for runs in histories])))
        assert _by_key(target) == set(_rows([merged(runs[: number + 1]).values() for runs in histories]))
    anew = Target(spark, tmp_path / "anew", output, schema)
    anew.publish(list(_rows([latest(runs) for runs in histories])))
    assert anew.rows() == target.rows()


def _rows(histories: Iterable[Iterable[Event]]) -> Iterator[Row]:
    for number, events in enumerate(histories):
        yield from ((number, *event) for event in events)


def _by_key(target: Target) -> set[Row]:
    names = ["history", "key", "at", "op", "value", "note"]
    rows = [tuple(row) for row in target.table().select(*names).collect()]
    assert len(set(rows)) == len(rows)
    return set(rows)
