"""Parquet, ORC and Delta sources: by name, by footer, at a pinned version."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from sparkjobs.errors import InputError
from sparkjobs.plan.inputs import pin
from sparkjobs.read import Sound, read_source
from sparkjobs.sql import IN
from tests.spark.inputs import incoming_of, outcome, source

BODY = """
format: parquet
path: in
columns: {id: int, name: string}
bad_rows: {max_share: 1.0}
"""


def parquet(root: Path, file: str, /, **columns: list[object]) -> None:
    (root / "in").mkdir(exist_ok=True)
    pq.write_table(pa.table(columns), root / "in" / file)


def test_a_wider_type_is_narrowed_where_nothing_is_lost(spark: SparkSession, tmp_path: Path) -> None:
    parquet(tmp_path, "a.parquet", id=[1, 2**40], name=["a", "b"])
    result = outcome(spark, tmp_path, BODY)
    assert result.good == [(1, "a")]
    assert result.bad == [("type int", '{"id":1099511627776,"name":"b"}')]


def test_a_fraction_is_no_whole_number(spark: SparkSession, tmp_path: Path) -> None:
    parquet(tmp_path, "a.parquet", id=[1.0, 1.5], name=["a", "b"])
    result = outcome(spark, tmp_path, BODY)
    assert result.good == [(1, "a")]
    assert result.bad == [("type int", '{"id":1.5,"name":"b"}')]


def test_files_of_different_types_and_orders_are_read_by_name(spark: SparkSession, tmp_path: Path) -> None:
    parquet(tmp_path, "a.parquet", id=[1], name=["a"])
    parquet(tmp_path, "b.parquet", name=["b"], id=["2"])
    assert outcome(spark, tmp_path, BODY).good == [(1, "a"), (2, "b")]


def test_a_declared_column_that_a_file_lacks_is_an_error_that_names_the_file(
    spark: SparkSession, tmp_path: Path
) -> None:
    parquet(tmp_path, "a.parquet", id=[1], name=["a"])
    parquet(tmp_path, "b.parquet", id=[2])
    with pytest.raises(InputError, match=r"in/b.parquet: it lacks the column 'name'"):
        outcome(spark, tmp_path, BODY)


def test_or_null_when_the_conf_says_so(spark: SparkSession, tmp_path: Path) -> None:
    parquet(tmp_path, "a.parquet", id=[1], name=["a"])
    parquet(tmp_path, "b.parquet", id=[2], surplus=[True])
    body = BODY + "on_missing_columns: 'null'\non_extra_columns: ignore\n"
    assert outcome(spark, tmp_path, body).good == [(1, "a"), (2, None)]


def test_without_columns_files_that_differ_are_refused(spark: SparkSession, tmp_path: Path) -> None:
    parquet(tmp_path, "a.parquet", id=[1])
    parquet(tmp_path, "b.parquet", id=["2"])
    with pytest.raises(InputError, match="declare `columns:`"):
        outcome(spark, tmp_path, "format: parquet\npath: in\n")


def test_without_columns_the_files_own_schema_holds(spark: SparkSession, tmp_path: Path) -> None:
    parquet(tmp_path, "a.parquet", id=[1], day=[date(2013, 1, 1)], amount=[Decimal("1.10")])
    sound = incoming_of(spark, tmp_path, "format: parquet\npath: in\n")
    assert isinstance(sound, Sound)
    assert sound.rows.dtypes == [("id", "bigint"), ("day", "date"), ("amount", "decimal(3,2)")]
    assert [tuple(row) for row in sound.rows.collect()] == [(1, date(2013, 1, 1), Decimal("1.10"))]
    assert sound.count == 1


def test_partition_folders_are_columns_of_the_declared_type(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "in" / "code=007").mkdir(parents=True)
    pq.write_table(pa.table({"id": [1]}), tmp_path / "in" / "code=007" / "a.parquet")
    body = "format: parquet\npath: in\ncolumns: {id: int, code: string}\n"
    assert outcome(spark, tmp_path, body).good == [(1, "007")]


def test_a_flipped_byte_in_a_page_fails_the_read(spark: SparkSession, tmp_path: Path) -> None:
    frame = spark.range(1000).selectExpr("cast(id as int) id", "cast(id * 7919 as string) name")
    frame.coalesce(1).write.option("compression", "zstd").parquet(str(tmp_path / "in"))
    (file,) = (tmp_path / "in").glob("*.parquet")
    content = bytearray(file.read_bytes())
    content[1500] ^= 0xFF
    file.write_bytes(content)
    for crc in (tmp_path / "in").glob(".*.crc"):
        crc.unlink()
    with pytest.raises(Exception, match=r"(?i)crc|checksum|corrupt|FAILED_READ_FILE"):
        outcome(spark, tmp_path, BODY)


def test_orc_is_read(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    pyarrow.orc.write_table(pa.table({"id": [1, 2], "name": ["a", None]}), tmp_path / "in" / "a.orc")
    result = outcome(spark, tmp_path, BODY.replace("parquet", "orc"))
    assert result.good == [(1, "a"), (2, None)]


def test_delta_is_read_at_the_version_that_was_planned(spark: SparkSession, tmp_path: Path) -> None:
    path = str(tmp_path / "in")
    spark.createDataFrame([(1, "a")], "id int, name string").write.format("delta").save(path)
    conf = source(BODY.replace("format: parquet", "format: delta")).model_copy(update={"path": path})
    planned = pin("rows", "rows", conf, tmp_path, cached=False)
    spark.createDataFrame([(2, "b")], "id int, name string").write.format("delta").mode("append").save(path)

    rows = read_source(spark, planned, tmp_path).rows.select(f"{IN}.*").collect()

    assert planned.version == 0
    assert [tuple(row) for row in rows] == [(1, "a")]
