"""A replay of rejected rows that is killed, wherever it is, and given again: each row comes in once."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.faults.trial import Trials
from tests.faults.victims import finished, killed_at
from tests.projects import lay_out, run, write_project
from tests.projects import rows as published

CODE = """
@job
def events(rows: DataFrame) -> DataFrame:
    return rows.select("id", "kind")
"""
SOURCES = """
rows:
  format: csv
  path: ${{landing}}/*.csv
  columns: {{id: int, kind: string}}
  rules: [{{accepted_values: {{column: kind, values: {}}}}}]
  bad_rows: {{max_share: 0.9}}
"""
JOB = """
inputs: {{rows: {{source: rows}}}}
output: {{format: {}, path: "${{warehouse}}/events", {}}}
incremental: {{by: files}}
"""
MODES = {"append": "mode: append", "merge": "mode: merge, keys: [id], order_by: [kind]"}
OLD, NEW = [(1, "x")], [(1, "x"), (2, "z")]


def rows(spark: SparkSession, root: Path) -> list[tuple[object, ...]]:
    return published(spark, root / "warehouse/events")


@pytest.mark.parametrize(
    ("mode", "table_format", "where"),
    [
        ("append", "delta", ("manifest.written", "commit.before", "commit.after")),
        ("merge", "parquet", ("quarantine.after", "journal.move.0", "journal.recorded")),
        pytest.param("append", "parquet", ("commit.before", "journal.written"), marks=pytest.mark.exhaustive),
        pytest.param(
            "merge", "delta", ("outcome.written", "merge.before", "merge.after"), marks=pytest.mark.exhaustive
        ),
    ],
)
def test_a_replay_that_is_killed_is_done_once(
    trials: Trials, mode: str, table_format: str, where: tuple[str, ...]
) -> None:
    spark, root = trials.spark, trials.root
    files = {
        "conf/sources.yml": SOURCES.format("[x]"),
        "conf/jobs/events.yml": JOB.format(table_format, MODES[mode]),
        "landing/a.csv": "id,kind\n1,x\n2,z\n3,q\n",
    }
    write_project(root, CODE, files)
    assert run(spark, root)["events"].status == "success"
    lay_out(root, {"conf/sources.yml": SOURCES.format("[x, z]")})
    assert finished(root, "state", "adopt", "events")[0] == 0

    for point in where:
        killed_at(root, point, "quarantine", "replay", "events")
        if table_format == "delta":
            assert rows(spark, root) == (NEW if point in ("commit.after", "merge.after") else OLD)
    code, told = finished(root, "quarantine", "replay", "events")

    assert code == 0, told
    assert rows(spark, root) == NEW
    code, told = finished(root, "quarantine", "list")
    assert "accepted_values(kind)" in told
    assert [line.split()[3] for line in told.splitlines() if line.startswith("events")] == ["1"]
    assert finished(root, "quarantine", "replay", "events")[0] == 0
    assert rows(spark, root) == NEW
