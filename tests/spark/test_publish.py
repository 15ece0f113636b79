"""Every mode and format: what readers see before, between and after runs."""

import json
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from delta.tables import DeltaTable as JvmDelta
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from sparkjobs.config import PlainOutput
from sparkjobs.errors import PublishError, StateMovedError
from sparkjobs.publish import Attempt, commit, stage
from tests.projects import lay_out, rows, run, write_project

FORMATS = ["delta", "parquet"]
CODE = """
@job
def events(rows: DataFrame) -> DataFrame:
    return rows.select("id", "kind", "part")
"""
SOURCES = """
rows:
  format: csv
  path: ${landing}/*.csv
  columns: {id: int, kind: string, part: int}
"""


def project(root: Path, table_format: str, mode: str, *, checks: str = "[]", more: str = "") -> None:
    job = f"""
    inputs: {{rows: {{source: rows}}}}
    output: {{format: {table_format}, path: "${{warehouse}}/events", mode: {mode}, partition_by: [part]{more}}}
    checks: {checks}
    """
    write_project(root, CODE, {"conf/sources.yml": SOURCES, "conf/jobs/events.yml": job})


def land(root: Path, **files: str) -> None:
    """Land CSV files: name=lines."""
    lay_out(root, {f"landing/{name}.csv": f"id,kind,part\n{lines}\n" for name, lines in files.items()})


@pytest.mark.parametrize("table_format", FORMATS)
def test_overwrite_replaces_the_whole_table(spark: SparkSession, tmp_path: Path, table_format: str) -> None:
    project(tmp_path, table_format, "overwrite")
    land(tmp_path, a="1,x,1\n2,y,2")
    assert run(spark, tmp_path)["events"].status == "success"
    land(tmp_path, a="3,z,2\n4,z,3")
    result = run(spark, tmp_path)["events"]
    assert result.message == "rows has other files (1 changed)"
    assert rows(spark, tmp_path / "warehouse/events") == [(3, "z", 2), (4, "z", 3)]


@pytest.mark.parametrize("table_format", FORMATS)
def test_overwrite_partitions_replaces_those_that_have_rows(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    project(tmp_path, table_format, "overwrite_partitions")
    land(tmp_path, a="1,x,1\n2,y,2")
    run(spark, tmp_path)
    land(tmp_path, a="3,z,2\n4,z,3")
    run(spark, tmp_path)
    assert rows(spark, tmp_path / "warehouse/events") == [(1, "x", 1), (3, "z", 2), (4, "z", 3)]


@pytest.mark.parametrize("table_format", FORMATS)
def test_append_adds_only_files_that_are_new(spark: SparkSession, tmp_path: Path, table_format: str) -> None:
    project(tmp_path, table_format, "append")
    land(tmp_path, a="1,x,1")
    run(spark, tmp_path)
    (tmp_path / "landing/a.csv").unlink()
    land(tmp_path, b="2,y,1\n3,y,2")
    run(spark, tmp_path)
    assert rows(spark, tmp_path / "warehouse/events") == [(1, "x", 1), (2, "y", 1), (3, "y", 2)]


@pytest.mark.parametrize("table_format", FORMATS)
@pytest.mark.parametrize("mode", ["append", "overwrite", "overwrite_partitions"])
def test_an_unchanged_input_publishes_nothing_again(
    spark: SparkSession, tmp_path: Path, table_format: str, mode: str
) -> None:
    project(tmp_path, table_format, mode)
    land(tmp_path, a="1,x,1")
    run(spark, tmp_path)
    before = sorted(str(path) for path in (tmp_path / "warehouse").rglob("*"))
    assert run(spark, tmp_path)["events"].status == "no-op"
    assert sorted(str(path) for path in (tmp_path / "warehouse").rglob("*")) == before


@pytest.mark.parametrize("table_format", FORMATS)
@pytest.mark.parametrize("mode", ["append", "overwrite", "overwrite_partitions"])
def test_a_failed_check_publishes_nothing_and_skips_what_depends_on_it(
    spark: SparkSession, tmp_path: Path, table_format: str, mode: str
) -> None:
    code = (
        CODE
        + "\n@job\ndef counts(events: DataFrame) -> DataFrame:\n    return events.groupBy('part').count()\n"
    )
    project(tmp_path, table_format, mode, checks="[{accepted_values: {column: kind, values: [x]}}]")
    lay_out(
        tmp_path,
        {
            "conf/jobs/counts.yml": """
            inputs: {events: {ref: events}}
            output: {format: parquet, path: "${warehouse}/counts"}
            """,
            f"{next(tmp_path.glob('jobs_*')).name}/__init__.py": "from pyspark.sql import DataFrame\nfrom sparkjobs import job\n"
            + code,
        },
    )
    land(tmp_path, a="1,x,1")
    run(spark, tmp_path)
    (tmp_path / "landing/a.csv").unlink()
    land(tmp_path, b="2,bad,1\n3,x,2")

    results = run(spark, tmp_path)

    assert results["events"].status == "fail"
    assert "accepted_values(kind) failed: 1 of 2 rows (scan)" in results["events"].message
    assert (results["counts"].status, results["counts"].message) == ("skipped", "events did not publish")
    assert rows(spark, tmp_path / "warehouse/events") == [(1, "x", 1)]
    assert rows(spark, tmp_path / "warehouse/counts") == [(1, 1)]
    kept = list((tmp_path / "warehouse/events").rglob("*2-*/**/*.parquet"))
    assert sum(pq.read_metadata(path).num_rows for path in kept) == 2

    land(tmp_path, b="2,x,1\n3,x,2")
    assert run(spark, tmp_path)["counts"].status == "success"
    assert not list((tmp_path / "warehouse/events").rglob("*2-*/**/*.parquet")) or table_format == "delta"


@pytest.mark.parametrize("table_format", FORMATS)
def test_a_warning_publishes(spark: SparkSession, tmp_path: Path, table_format: str) -> None:
    checks = "[{accepted_values: {column: kind, values: [x], severity: warn}}]"
    project(tmp_path, table_format, "overwrite", checks=checks)
    land(tmp_path, a="1,y,1")
    result = run(spark, tmp_path)["events"]
    assert (result.status, [check.status for check in result.checks]) == ("success", ["warn"])


@pytest.mark.parametrize("table_format", FORMATS)
@pytest.mark.parametrize("mode", ["append", "overwrite_partitions"])
def test_unique_looks_at_the_rows_that_stay_in_the_table_too(
    spark: SparkSession, tmp_path: Path, table_format: str, mode: str
) -> None:
    project(tmp_path, table_format, mode, checks="[{unique: [id]}]")
    land(tmp_path, a="1,x,1\n2,x,2")
    run(spark, tmp_path)
    (tmp_path / "landing/a.csv").unlink()
    land(tmp_path, b="1,y,2\n5,y,2")
    result = run(spark, tmp_path)["events"]
    assert "unique(id) failed: 1 of 2 rows (keys)" in result.message
    assert rows(spark, tmp_path / "warehouse/events") == [(1, "x", 1), (2, "x", 2)]


@pytest.mark.parametrize("table_format", FORMATS)
def test_an_empty_result_makes_an_empty_table(spark: SparkSession, tmp_path: Path, table_format: str) -> None:
    project(tmp_path, table_format, "overwrite")
    lay_out(tmp_path, {"landing/a.csv": "id,kind,part\n"})
    assert run(spark, tmp_path)["events"].message == "first run"
    assert rows(spark, tmp_path / "warehouse/events") == []
    land(tmp_path, a="1,x,1")
    run(spark, tmp_path)
    assert rows(spark, tmp_path / "warehouse/events") == [(1, "x", 1)]
    lay_out(tmp_path, {"landing/a.csv": "id,kind,part\n"})
    run(spark, tmp_path)
    assert rows(spark, tmp_path / "warehouse/events") == []


@pytest.mark.parametrize("table_format", FORMATS)
def test_a_partition_is_one_file_and_it_is_sorted(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    project(tmp_path, table_format, "overwrite", more=", sort_by: [id]")
    land(
        tmp_path,
        **{
            f"f{part}": "\n".join(f"{99 - one},x,{one % 3}" for one in range(part, 90, 5))
            for part in range(5)
        },
    )
    result = run(spark, tmp_path)["events"]
    files = list((tmp_path / "warehouse/events").rglob("part=*/*.parquet"))
    assert (result.published and result.published.files, len(files)) == (3, 3)
    for path in files:
        ids = pq.read_table(path, partitioning=None).column("id").to_pylist()
        assert ids == sorted(ids)


def test_a_smaller_target_makes_more_files(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path, "parquet", "overwrite", more=", target_file_size: 1kB")
    land(
        tmp_path,
        **{f"f{part}": "\n".join(f"{one},k{one},1" for one in range(part, 20_000, 8)) for part in range(8)},
    )
    spark.conf.set("spark.sql.files.maxPartitionBytes", "8kB")
    try:
        published = run(spark, tmp_path)["events"].published
    finally:
        spark.conf.unset("spark.sql.files.maxPartitionBytes")
    assert published is not None
    assert published.files > 4


ASCII = ["a b", "a/b", "a=b", "a%2Fb", "a:b", "a'b", 'a"b', "a#b", "..", "a\\b", "a,b", "[x]{y}*?"]


@pytest.mark.parametrize("values", [ASCII, ["ü", "漢"]])
@pytest.mark.parametrize("table_format", FORMATS)
def test_partition_values_come_back_as_they_were(
    spark: SparkSession, tmp_path: Path, table_format: str, values: list[str]
) -> None:
    code = "@job\ndef events(rows: DataFrame) -> DataFrame:\n    return rows.select('id', 'kind')\n"
    job = f"""
    inputs: {{rows: {{source: rows}}}}
    output: {{format: {table_format}, path: "${{warehouse}}/events", mode: overwrite_partitions, partition_by: [kind]}}
    """
    write_project(tmp_path, code, {"conf/sources.yml": SOURCES, "conf/jobs/events.yml": job})
    quoted = ['"' + value.replace('"', '""') + '"' for value in values]
    land(tmp_path, a="\n".join([*(f"1,{value},1" for value in quoted), "2,other,1", "3,,1"]))
    run(spark, tmp_path)
    land(tmp_path, a="\n".join([*(f"4,{value},1" for value in quoted), "5,,1"]))
    assert run(spark, tmp_path)["events"].status == "success"
    expected = sorted([(2, "other"), (5, None), *((4, value) for value in values)], key=repr)
    assert rows(spark, tmp_path / "warehouse/events") == expected
    land(tmp_path, a="6,other,1")
    run(spark, tmp_path, full_refresh=True)
    assert rows(spark, tmp_path / "warehouse/events") == [(6, "other")]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("", "holds an empty text, which would become null"),
        ("x._COPYING_", "holds a text that ends in ._COPYING_, and no reader would look into its folder"),
    ],
)
def test_a_partition_value_that_would_be_lost_is_refused(
    spark: SparkSession, tmp_path: Path, value: str, told: str
) -> None:
    code = f"@job\ndef events(rows: DataFrame) -> DataFrame:\n    return rows.select('id', F.lit('{value}').alias('part'))\n"
    job = """
    inputs: {rows: {source: rows}}
    output: {format: delta, path: "${warehouse}/events", partition_by: [part]}
    """
    write_project(tmp_path, code, {"conf/sources.yml": SOURCES, "conf/jobs/events.yml": job})
    land(tmp_path, a="1,x,1")
    result = run(spark, tmp_path)["events"]
    assert result.status == "error"
    assert told in result.message


@pytest.mark.parametrize("table_format", FORMATS)
def test_unique_looks_at_partitions_that_stay_and_not_at_those_that_are_replaced(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    project(tmp_path, table_format, "overwrite_partitions", checks="[{unique: [id]}]")
    conf = tmp_path / "conf/jobs/events.yml"
    conf.write_text(conf.read_text().replace("[part]", "[kind]"))
    land(tmp_path, a='1,,1\n2,"a""b\\c",1\n3,ä.parquet,1')
    assert run(spark, tmp_path)["events"].status == "success"
    for line in ("1,z,1", "2,z,1", "3,z,1"):
        land(tmp_path, a=line)
        assert "unique(id) failed: 1 of 1 rows (keys)" in run(spark, tmp_path)["events"].message
    land(tmp_path, a='1,"a""b\\c",1\n2,ä.parquet,1\n3,,1')
    assert run(spark, tmp_path)["events"].status == "success"
    expected = [(1, 'a"b\\c', 1), (2, "ä.parquet", 1), (3, None, 1)]
    assert rows(spark, tmp_path / "warehouse/events", "id", "kind", "part") == expected


@pytest.mark.parametrize("table_format", FORMATS)
@pytest.mark.parametrize("mode", ["append", "overwrite_partitions"])
def test_other_columns_are_refused_and_a_full_refresh_takes_them(
    spark: SparkSession, tmp_path: Path, table_format: str, mode: str
) -> None:
    project(tmp_path, table_format, mode)
    land(tmp_path, a="1,x,1")
    run(spark, tmp_path)
    (module,) = tmp_path.glob("jobs_*/__init__.py")
    module.write_text(module.read_text().replace('"kind", ', ""))
    (tmp_path / "landing/a.csv").unlink()
    land(tmp_path, b="2,y,1")
    assert "does not have the table's columns" in run(spark, tmp_path)["events"].message
    assert rows(spark, tmp_path / "warehouse/events") == [(1, "x", 1)]
    assert run(spark, tmp_path, full_refresh=True)["events"].status == "success"
    assert rows(spark, tmp_path / "warehouse/events") == [(2, 1)]


def test_one_log_entry_holds_data_write_key_and_run_id(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path, "delta", "overwrite")
    land(tmp_path, a="1,x,1\n2,y,2")
    run(spark, tmp_path, run_id="monday")
    log = tmp_path / "warehouse/events/_delta_log"
    (entry,) = log.glob("*.json")
    actions = [json.loads(line) for line in entry.read_text().splitlines()]
    kinds = sorted(next(iter(action)) for action in actions)
    assert kinds == ["add", "add", "commitInfo", "metaData", "protocol", "txn"]
    txn = next(action["txn"] for action in actions if "txn" in action)
    info = next(action["commitInfo"] for action in actions if "commitInfo" in action)
    assert (txn["appId"], txn["version"]) == ("sparkjobs/events", 1)
    assert json.loads(info["userMetadata"])["run_id"] == "monday"


def test_all_readers_see_the_same_rows(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path, "delta", "overwrite_partitions")
    land(tmp_path, a="1,x,1\n2,y,2")
    run(spark, tmp_path)
    land(tmp_path, a="3,z,2")
    run(spark, tmp_path)
    path = tmp_path / "warehouse/events"
    expected = [(1, "x", 1), (3, "z", 2)]
    dataset = DeltaTable(path).to_pyarrow_dataset()
    connection = duckdb.connect()
    connection.register("events", dataset)
    assert rows(spark, path) == expected
    assert sorted(tuple(row.values()) for row in dataset.to_table().to_pylist()) == expected
    assert connection.sql("select id, kind, part from events order by id").fetchall() == expected


def test_jvm_delta_goes_on_with_a_table_that_deltalake_committed(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path, "delta", "append")
    land(tmp_path, a="1,x,1\n2,y,2")
    run(spark, tmp_path)
    path = tmp_path / "warehouse/events"
    spark.sql(f"optimize delta.`{path}`")
    (tmp_path / "landing/a.csv").unlink()
    land(tmp_path, b="3,z,2")
    run(spark, tmp_path)
    spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    spark.sql(f"vacuum delta.`{path}` retain 0 hours")
    JvmDelta.forPath(spark, str(path)).update("id = 1", {"kind": "'u'"})
    assert rows(spark, path) == [(1, "u", 1), (2, "y", 2), (3, "z", 2)]


def test_a_table_with_features_we_do_not_know_is_written_by_jvm_delta(
    spark: SparkSession, tmp_path: Path
) -> None:
    project(tmp_path, "delta", "append")
    land(tmp_path, a="1,x,1")
    run(spark, tmp_path)
    path = tmp_path / "warehouse/events"
    spark.sql(f"alter table delta.`{path}` set tblproperties ('delta.columnMapping.mode' = 'name')")
    (tmp_path / "landing/a.csv").unlink()
    land(tmp_path, b="2,y,1")
    assert run(spark, tmp_path)["events"].status == "success"
    assert rows(spark, path) == [(1, "x", 1), (2, "y", 1)]
    assert not list(path.glob("sparkjobs_run=2-*"))


def test_a_constraint_of_the_table_is_enforced(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path, "delta", "append")
    land(tmp_path, a="1,x,1")
    run(spark, tmp_path)
    path = tmp_path / "warehouse/events"
    spark.sql(f"alter table delta.`{path}` add constraint positive check (id > 0)")
    (tmp_path / "landing/a.csv").unlink()
    land(tmp_path, b="-2,y,1")
    result = run(spark, tmp_path)["events"]
    assert result.status == "error"
    assert "positive" in result.message
    assert rows(spark, path) == [(1, "x", 1)]


def test_a_folder_of_somebody_elses_is_not_touched(spark: SparkSession, tmp_path: Path) -> None:
    from sparkjobs.errors import ForeignTableError  # noqa: PLC0415

    project(tmp_path, "delta", "overwrite")
    land(tmp_path, a="1,x,1")
    lay_out(tmp_path, {"warehouse/events/precious.txt": "mine\n"})
    with pytest.raises(ForeignTableError):
        run(spark, tmp_path)
    assert (tmp_path / "warehouse/events/precious.txt").read_text() == "mine\n"


def flat(root: Path, table_format: str, mode: str, by: str, checks: str = "[]") -> None:
    """A project whose one job passes id and kind on, kind under the name `by`."""
    code = f"@job\ndef events(rows: DataFrame) -> DataFrame:\n    return rows.select('id', F.col('kind').alias('{by}'))\n"
    job = f"""
    inputs: {{rows: {{source: rows}}}}
    output: {{format: {table_format}, path: "${{warehouse}}/events", mode: {mode}, partition_by: ['{by}']}}
    checks: {checks}
    """
    write_project(root, code, {"conf/sources.yml": SOURCES, "conf/jobs/events.yml": job})


@pytest.mark.parametrize("table_format", FORMATS)
@pytest.mark.parametrize("column", ["run", "_day"])
def test_partitions_that_look_like_our_own_folders_stay(
    spark: SparkSession, tmp_path: Path, table_format: str, column: str
) -> None:
    flat(tmp_path, table_format, "overwrite_partitions", column)
    land(tmp_path, a="1,2024-01-01,1\n3,2024-ü-03,1")
    run(spark, tmp_path)
    land(tmp_path, a="2,2024-01-02,1")
    run(spark, tmp_path)
    expected = [(1, "2024-01-01"), (2, "2024-01-02"), (3, "2024-ü-03")]
    assert rows(spark, tmp_path / "warehouse/events") == expected
    lay_out(tmp_path, {"landing/a.csv": "id,kind,part\n9,2024-01-09,1\n"})
    run(spark, tmp_path, full_refresh=True)
    assert rows(spark, tmp_path / "warehouse/events") == [(9, "2024-01-09")]


@pytest.mark.parametrize("column", ["sparkjobs_run", ".hidden", "_sparkjobs_x"])
def test_a_partition_column_that_readers_would_pass_over_is_refused(
    spark: SparkSession, tmp_path: Path, column: str
) -> None:
    flat(tmp_path, "parquet", "overwrite", column)
    land(tmp_path, a="1,x,1")
    assert "no partition column may be called" in run(spark, tmp_path)["events"].message


@pytest.mark.parametrize("table_format", FORMATS)
def test_unique_stands_many_partitions_and_any_column_name(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    code = "@job\ndef events(rows: DataFrame) -> DataFrame:\n    return rows.select(F.col('id').alias('rows'), 'part')\n"
    job = f"""
    inputs: {{rows: {{source: rows}}}}
    output: {{format: {table_format}, path: "${{warehouse}}/events", mode: overwrite_partitions, partition_by: [part]}}
    checks: [{{unique: [rows]}}]
    """
    write_project(tmp_path, code, {"conf/sources.yml": SOURCES, "conf/jobs/events.yml": job})
    land(tmp_path, a="1,x,1000")
    run(spark, tmp_path)
    land(tmp_path, a="\n".join(f"{one + 2},x,{one}" for one in range(400)))
    result = run(spark, tmp_path)["events"]
    assert (result.status, result.checks[0].failing) == ("success", 0)


@pytest.mark.parametrize("table_format", FORMATS)
def test_a_commit_is_fenced_and_its_files_must_be_there(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    attempt = Attempt("events", tmp_path / "events", table_format, 1, "run", "0123abcd")
    output = PlainOutput(format="delta", path="unused", mode="overwrite")
    staged = stage(spark, spark.range(3).selectExpr("id"), output, attempt.data)
    commit(spark, attempt, staged, "append")
    with pytest.raises(StateMovedError):
        commit(spark, attempt, staged, "append")
    assert rows(spark, tmp_path / "events") == [(0,), (1,), (2,)]

    second = Attempt("events", tmp_path / "events", table_format, 2, "run", "4567abcd")
    staged = stage(spark, spark.range(5).selectExpr("id"), output, second.data)
    (second.data / staged.files[0].path).unlink()
    with pytest.raises(PublishError, match="has vanished or changed"):
        commit(spark, second, staged, "append")
    assert rows(spark, tmp_path / "events") == [(0,), (1,), (2,)]
