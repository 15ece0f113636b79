"""`absent_keys: close`, through whole runs: only a key that a whole snapshot lacks is closed."""

from pathlib import Path

from pyspark.sql import SparkSession

from tests.projects import lay_out, rows, run, write_project

CODE = """
@job
def register(snapshots: DataFrame) -> DataFrame:
    return snapshots.select("k", "seen", "v")
"""
SOURCES = """
snapshots:
  format: csv
  path: ${landing}/*.csv
  columns: {k: {type: int, not_null: true}, seen: {type: date, not_null: true}, v: {type: string, accepted_values: [a, b]}}
  bad_rows: {max_share: 0.5}
"""
REGISTER = """
inputs: {snapshots: {source: snapshots}}
incremental: {by: files}
output: {format: delta, path: "${warehouse}/register", mode: scd2, keys: [k], sequence_by: seen, absent_keys: close}
"""


def test_a_key_whose_row_was_rejected_is_not_closed(spark: SparkSession, tmp_path: Path) -> None:
    write_project(tmp_path, CODE, {"conf/sources.yml": SOURCES, "conf/jobs/register.yml": REGISTER})
    lay_out(tmp_path, {"landing/1.csv": "k,seen,v\n1,2026-01-01,a\n2,2026-01-01,a\n"})
    assert run(spark, tmp_path)["register"].status == "success"
    table = tmp_path / "warehouse/register"
    before = rows(spark, table)

    lay_out(tmp_path, {"landing/2.csv": "k,seen,v\n1,2026-02-01,a\n2,2026-02-01,wrong\n"})
    result = run(spark, tmp_path)["register"]

    assert result.status == "error"
    told = "1 rows of 'snapshots' are bad; `absent_keys: close` would end their histories."
    assert told in result.message
    assert rows(spark, table) == before
    lay_out(tmp_path, {"landing/2.csv": "k,seen,v\n1,2026-02-01,a\n"})
    assert run(spark, tmp_path)["register"].status == "success"
    current = [row[0] for row in rows(spark, table) if row[-1]]
    assert (len(rows(spark, table)), current) == (2, [1])
