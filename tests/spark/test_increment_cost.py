"""What an increment costs: it reads the partitions that it touches, however long the table's history is."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.event_log import Scan, log_of, scans
from tests.projects import lay_out, run, table, write_project

CODE = """
@job
def readings(rows: DataFrame) -> DataFrame:
    return rows
"""
SOURCES = """
rows:
  format: csv
  path: ${landing}/*.csv
  columns: {part: int, id: int, value: string}
"""
READINGS = """
inputs: {rows: {source: rows}}
output: {format: FORMAT, path: "${warehouse}/readings", mode: merge, keys: [part, id], partition_by: [part]}
incremental: {by: files}
checks:
  - unique: [part, id]
"""
ROWS = 10_000


def csv(part: int, word: str) -> str:
    return "part,id,value\n" + "".join(f"{part},{number},{word}{number}\n" for number in range(ROWS))


def increment(spark: SparkSession, root: Path, table_format: str, history: int) -> list[Scan]:
    """What the run scans that brings 10,000 rows to one of `history` partitions."""
    write_project(
        root,
        CODE,
        {"conf/sources.yml": SOURCES, "conf/jobs/readings.yml": READINGS.replace("FORMAT", table_format)},
    )
    lay_out(root, {f"landing/{part:02}.csv": csv(part, "old") for part in range(history)})
    run(spark, root)
    before = max(one.query for one in scans(log_of(spark)))
    lay_out(root, {"landing/new.csv": csv(1, "new")})
    assert run(spark, root)["readings"].status == "success"
    found = [one for one in scans(log_of(spark)) if one.query > before and one.path.startswith(str(root))]
    assert table(spark, root / "warehouse/readings").filter("value like 'new%'").count() == ROWS
    return [one for one in found if "_delta_log" not in one.path]


@pytest.mark.parametrize("table_format", ["delta", "parquet"])
def test_an_increment_of_10_000_rows_reads_no_more_of_a_longer_history(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    short = increment(spark, tmp_path / "short", table_format, 2)
    long = increment(spark, tmp_path / "long", table_format, 8)

    assert sum(one.rows for one in long) == sum(one.rows for one in short)
    assert sum(one.bytes for one in long) == pytest.approx(sum(one.bytes for one in short), rel=0.1)
