"""Random histories in runs that are killed: merges and histories come to what one plain fold over all rows tells."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from random import Random

import pytest
from pyspark.sql import SparkSession

from tests.faults.cases import CASES, FORMATS, Row
from tests.faults.points import points
from tests.faults.test_moments import SEED
from tests.faults.victims import killed_at
from tests.folds import Event, Run, merged, random_runs, versions
from tests.projects import lay_out, run, table, write_project

HISTORIES, RUNS = 48, 4
CODE = """
@job
def events(rows: DataFrame) -> DataFrame:
    return rows.select("history", "key", "at", "op", "value", "note")
"""
SOURCES = """
rows:
  format: csv
  path: ${landing}/*.csv
  columns: {history: int, key: int, at: int, op: string, value: string, note: string}
"""
JOB = """
inputs: {{rows: {{source: rows}}}}
incremental: {{by: files}}
output:
  format: {format}
  path: "${{warehouse}}/events"
  partition_by: [key]
  mode: {mode}
  keys: [history, key]
  delete_when: op = 'D'
"""
MORE = {"merge": "  order_by: [at]\n", "scd2": "  sequence_by: at\n  track: [value]\n"}

pytestmark = pytest.mark.exhaustive


def _merged(number: int, runs: Sequence[Run]) -> Iterator[Row]:
    return ((number, *event) for event in merged(runs).values())


def _versions(number: int, runs: Sequence[Run]) -> Iterator[Row]:
    for one in versions(runs):
        yield number, *one.event, one.valid_from, one.valid_to, one.valid_to is None


@pytest.mark.parametrize("table_format", FORMATS)
@pytest.mark.parametrize(("mode", "fold"), [("merge", _merged), ("scd2", _versions)])
def test_random_histories_in_killed_runs_are_those_of_all_events(
    spark: SparkSession,
    tmp_path: Path,
    mode: str,
    fold: Callable[[int, Sequence[Run]], Iterable[Row]],
    table_format: str,
) -> None:
    random = Random(f"{SEED} {mode} {table_format}")  # noqa: S311 (no secret)
    histories = [random_runs(random, RUNS) for _ in range(HISTORIES)]
    conf = JOB.format(format=table_format, mode=mode) + MORE[mode]
    write_project(tmp_path, CODE, {"conf/sources.yml": SOURCES, "conf/jobs/events.yml": conf})
    where = [point for point in points(CASES[mode], table_format) if "journal.move." not in point]

    for number in range(RUNS):
        lay_out(tmp_path, {f"landing/{number}.csv": _lines([runs[number] for runs in histories])})
        if number:  # before the first there is nothing to compare with, so some points are not reached
            killed_at(tmp_path, random.choice(where))
        assert run(spark, tmp_path)["events"].status in ("success", "no-op")
        expected = {row for index, runs in enumerate(histories) for row in fold(index, runs[: number + 1])}
        assert _rows(spark, tmp_path / "warehouse/events", mode) == expected


def _lines(runs: Iterable[Run]) -> str:
    rows = (f"{index},{','.join(map(str, event))}\n" for index, run in enumerate(runs) for event in run)
    return "".join(["history,key,at,op,value,note\n", *rows])


def _rows(spark: SparkSession, path: Path, mode: str) -> set[Row]:
    names = ["history", *Event._fields, *(("valid_from", "valid_to", "is_current") if mode == "scd2" else ())]
    rows = [tuple(row) for row in table(spark, path).select(*names).collect()]
    assert len(set(rows)) == len(rows)
    return set(rows)
