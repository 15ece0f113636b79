"""A result with other columns than the table: by name, and only as the conf says."""

from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from sparkjobs.shape import Shape, shape_of
from tests.projects import lay_out, run, table, write_project

CODE = """
@job
def events(rows: DataFrame) -> DataFrame:
    return rows.select(SELECT)
"""
SOURCES = """
rows:
  format: csv
  path: ${landing}/*.csv
  columns: {id: int, part: string, size: bigint}
"""
EVENTS = """
inputs: {rows: {source: rows}}
output: {format: FORMAT, path: "${warehouse}/events", mode: MODE, partition_by: [part], on_schema_change: CHOICE}
incremental: {by: files}
"""
OLD, NEW = '"id", "part"', '"size", "part", "id"'
A, B = {"landing/a.csv": "id,part,size\n1,x,10\n"}, {"landing/b.csv": "id,part,size\n2,x,20\n"}


def project(root: Path, select: str, table_format: str, mode: str, choice: str) -> None:
    conf = EVENTS.replace("FORMAT", table_format).replace("MODE", mode).replace("CHOICE", choice)
    write_project(
        root, CODE.replace("SELECT", select), {"conf/sources.yml": SOURCES, "conf/jobs/events.yml": conf}
    )


def adopted(spark: SparkSession, root: Path) -> None:
    """Say that the older rows are still right, so that only the columns are left to decide about."""
    from sparkjobs import upkeep  # noqa: PLC0415 (of no other use here)
    from sparkjobs.registry import collect  # noqa: PLC0415
    from tests.projects import planned  # noqa: PLC0415

    conf, _ = planned(root, full_refresh=True)
    upkeep.adopt(upkeep.job_of(conf, collect(conf.project.jobs, root), "events"), "adopter")


def grown(spark: SparkSession, root: Path, table_format: str, mode: str, choice: str) -> str:
    """One row with old columns is published, then one with new ones is tried; what became of that."""
    project(root, OLD, table_format, mode, choice)
    lay_out(root, A)
    assert run(spark, root)["events"].status == "success"
    project(root, NEW, table_format, mode, choice)
    adopted(spark, root)
    lay_out(root, B)
    return run(spark, root)["events"].message


def found(spark: SparkSession, root: Path) -> list[tuple[object, ...]]:
    frame = table(spark, root / "warehouse/events")
    columns = [name for name in ("id", "part", "size") if name in frame.columns]
    return sorted(tuple(row) for row in frame.select(*columns).collect())


@pytest.mark.parametrize(
    ("table_format", "mode"), [("delta", "append"), ("parquet", "merge, keys: [id, part]")]
)
def test_by_default_another_column_fails_and_nothing_changes(
    spark: SparkSession, tmp_path: Path, table_format: str, mode: str
) -> None:
    message = grown(spark, tmp_path, table_format, mode, "fail")

    assert "its result does not have the table's columns: 'size' is new" in message
    assert found(spark, tmp_path) == [(1, "x")]


@pytest.mark.parametrize(
    ("table_format", "mode"),
    [
        ("delta", "append"),
        ("parquet", "append"),
        ("delta", "merge, keys: [id, part]"),
        ("parquet", "merge, keys: [id, part]"),
    ],
)
def test_add_columns_adds_them_and_older_rows_have_null(
    spark: SparkSession, tmp_path: Path, table_format: str, mode: str
) -> None:
    message = grown(spark, tmp_path, table_format, mode, "add_columns")

    assert message == "rows has 1 new files"
    assert found(spark, tmp_path) == [(1, "x", None), (2, "x", 20)]
    assert run(spark, tmp_path)["events"].status == "no-op"


def test_full_refresh_makes_the_table_anew_from_all_input_in_one_commit(
    spark: SparkSession, tmp_path: Path
) -> None:
    grown(spark, tmp_path, "delta", "append", "full_refresh")

    assert found(spark, tmp_path) == [(1, "x", 10), (2, "x", 20)]
    assert DeltaTable(tmp_path / "warehouse/events").version() == 2  # one to adopt, one to make it anew
    assert run(spark, tmp_path)["events"].status == "no-op"


def test_a_table_is_not_made_anew_by_itself_without_the_rows_of_files_that_are_gone(
    spark: SparkSession, tmp_path: Path
) -> None:
    project(tmp_path, OLD, "delta", "append", "full_refresh")
    lay_out(tmp_path, A)
    run(spark, tmp_path)
    project(tmp_path, NEW, "delta", "append", "full_refresh")
    adopted(spark, tmp_path)
    (tmp_path / "landing/a.csv").unlink()
    lay_out(tmp_path, B)

    refused = run(spark, tmp_path)["events"].message
    before = found(spark, tmp_path)
    asked = run(spark, tmp_path, full_refresh=True)["events"].message

    assert "1 of the files it was made from are gone: landing/a.csv." in refused
    assert before == [(1, "x")]
    assert asked == "full refresh; the rows of 1 files that are gone go too: landing/a.csv"
    assert found(spark, tmp_path) == [(2, "x", 20)]


def test_columns_are_matched_by_name_though_the_function_swaps_them(
    spark: SparkSession, tmp_path: Path
) -> None:
    project(tmp_path, '"id", "part", F.col("id").alias("size")', "delta", "append", "fail")
    lay_out(tmp_path, A)
    run(spark, tmp_path)
    project(tmp_path, 'F.lit(7).alias("size"), "part", "id"', "delta", "append", "fail")
    adopted(spark, tmp_path)
    lay_out(tmp_path, B)

    assert run(spark, tmp_path)["events"].status == "success"
    assert found(spark, tmp_path) == [(1, "x", 1), (2, "x", 7)]


def test_a_wider_type_is_taken_where_the_table_widens(spark: SparkSession, tmp_path: Path) -> None:
    narrow, wide = '"id", "part", F.col("size").cast("int").alias("size")', '"id", "part", "size"'
    project(tmp_path, narrow, "delta", "append", "add_columns")
    lay_out(tmp_path, A)
    run(spark, tmp_path)
    project(tmp_path, wide, "delta", "append", "add_columns")
    adopted(spark, tmp_path)
    lay_out(tmp_path, {"landing/b.csv": "id,part,size\n2,x,5000000000\n"})

    refused = run(spark, tmp_path)["events"].message
    path = tmp_path / "warehouse/events"
    spark.sql(f"ALTER TABLE delta.`{path}` SET TBLPROPERTIES ('delta.enableTypeWidening' = 'true')")
    taken = run(spark, tmp_path)["events"]

    assert (
        "'size' is bigint, wider than in the table; Delta widens types where delta.enableTypeWidening"
        in refused
    )
    assert taken.status == "success"
    assert found(spark, tmp_path) == [(1, "x", 10), (2, "x", 5000000000)]


@pytest.mark.parametrize(
    ("result", "shape"),
    [
        ("a int, b string", Shape((), (), ())),
        ("b string, a int", Shape((), (), ())),
        ("a int, b string, c date", Shape((("c", "date"),), (), ())),
        ("a bigint, b string", Shape((), (("a", "bigint"),), ())),
        ("a smallint, b string", Shape((), (), ())),
        ("a int", Shape((), (), ("'b' is missing",))),
        ("a string, b string", Shape((), (), ("'a' is string, in the table int",))),
        ("a double, b string", Shape((), (), ("'a' is double, in the table int",))),
    ],
)
def test_the_shape_of_a_result(spark: SparkSession, result: str, shape: Shape) -> None:
    def schema(text: str) -> StructType:
        return spark.createDataFrame([], text).schema

    assert shape_of(schema(result), schema("a int, b string")) == shape
