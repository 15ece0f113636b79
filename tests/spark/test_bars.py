"""What a job has Spark do, beside a script by hand that does the same: counted, not timed."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from py4j.clientserver import JavaClient
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from tests.event_log import events, log_of
from tests.projects import lay_out, run, write_project

CODE = """
@job
def sums(rows: DataFrame) -> DataFrame:
    return rows.groupBy("part").agg(F.sum("n").alias("n"))
"""
SOURCES = """
rows:
  format: csv
  path: ${landing}/*.csv
  columns: {part: int, n: int}
  rules: [positive: [n], not_null: {columns: [part, n]}]
"""
JOB = """
inputs: {{rows: {{source: rows}}}}
output: {{format: {}, path: "${{warehouse}}/sums"{}}}
checks: [{}]
"""
BY_FOOTERS = "row_count: {min: 1}, not_null: [part, n], between: {column: n, min: 0, max: 99}, unique: [part]"
BY_SCAN = f"{BY_FOOTERS}, expression: n > part, mean: {{column: n, min: 1}}, not_equal: {{column: n, to: 1}}"


def spark_jobs(spark: SparkSession, work: Callable[[], object]) -> int:
    """How many Spark jobs `work` makes."""
    log = log_of(spark)
    before = len(events(log, "SparkListenerJobStart"))
    work()
    return len(events(log, "SparkListenerJobStart")) - before


@pytest.mark.parametrize("by", ["", ", partition_by: [part]"])
@pytest.mark.parametrize("table_format", ["parquet", "delta"])
def test_an_output_takes_no_more_spark_jobs_than_by_hand(
    spark: SparkSession, tmp_path: Path, table_format: str, by: str
) -> None:
    write_project(tmp_path, CODE, {"conf/sources.yml": SOURCES})
    lay_out(tmp_path, {f"landing/{name}.csv": f"part,n\n1,{name}\n2,{name}\n" for name in (1, 2, 3)})

    def by_hand() -> None:
        rows = spark.read.csv(str(tmp_path / "landing"), header=True, schema="part int, n int")
        sums = rows.groupBy("part").agg({"n": "sum"}).toDF("part", "n")
        if by:  # one file for each partition, as ours has them
            sums = sums.hint("rebalance", "part")
        sums.write.format(table_format).partitionBy(*["part"] * bool(by)).save(str(tmp_path / "by_hand"))

    def ours(checks: str) -> int:
        lay_out(tmp_path, {"conf/jobs/sums.yml": JOB.format(table_format, by, checks)})
        return spark_jobs(spark, lambda: run(spark, tmp_path, full_refresh=True))

    script = spark_jobs(spark, by_hand)

    assert ours("") <= script
    assert ours(BY_FOOTERS) <= script
    assert ours(BY_SCAN) <= script + 2  # one query: a shuffle of one row per task, and the row of them all


def test_a_file_for_each_partition_and_all_that_is_written_is_published(
    spark: SparkSession, tmp_path: Path
) -> None:
    write_project(
        tmp_path,
        CODE,
        {
            "conf/sources.yml": SOURCES,
            "conf/jobs/sums.yml": JOB.format("parquet", ", partition_by: [part]", ""),
        },
    )
    lines = "".join(f"{number % 5},{number + 1}\n" for number in range(1000))
    lay_out(tmp_path, {f"landing/{name}.csv": f"part,n\n{lines}" for name in "abcd"})
    log = log_of(spark)
    before = len(events(log, "SparkListenerTaskEnd"))

    published = run(spark, tmp_path)["sums"].published

    tasks = [event["Task Metrics"] for event in events(log, "SparkListenerTaskEnd")[before:]]
    files = [
        path.relative_to(tmp_path / "warehouse/sums") for path in tmp_path.glob("warehouse/sums/*/*.parquet")
    ]
    assert sorted(str(file.parent) for file in files) == [f"part={part}" for part in range(5)]
    assert published is not None
    assert published.files == 5
    assert sum(task["Output Metrics"]["Bytes Written"] for task in tasks) == published.size
    assert sum((tmp_path / "warehouse/sums" / file).stat().st_size for file in files) == published.size


@pytest.mark.parametrize("source", ["format: parquet", "format: csv, columns: {part: int, n: int}"])
def test_more_files_take_no_more_calls_of_the_jvm(
    spark: SparkSession, tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = "csv" if "csv" in source else "parquet"
    calls: list[str] = []
    send = JavaClient.send_command

    def counted(self: object, command: str, *more: object, **named: object) -> object:
        calls.extend(["call"] * command.startswith("c\n"))  # others free what Python has forgotten
        return send(self, command, *more, **named)

    def calls_for(files: int) -> int:
        root = tmp_path / str(files)
        write_project(
            root, CODE, {"conf/sources.yml": f"rows: {{{source}, path: '${{landing}}/*.{kind}'}}\n"}
        )
        lay_out(root, {"conf/jobs/sums.yml": JOB.format("parquet", "", "")})
        for number in range(files):
            table = pa.table({"part": pa.array([number], pa.int32()), "n": pa.array([1], pa.int32())})
            path = root / f"landing/{number:02}.{kind}"
            path.parent.mkdir(exist_ok=True)
            pq.write_table(table, path) if kind == "parquet" else pa_csv.write_csv(table, path)
        calls.clear()
        with monkeypatch.context() as patched:
            patched.setattr(JavaClient, "send_command", counted)
            assert run(spark, root)["sums"].status == "success"
        return len(calls)

    calls_for(5)  # what is asked once for a session

    assert calls_for(30) == calls_for(5)


def test_a_function_of_columns_is_one_call_of_the_jvm(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[str] = []
    send = JavaClient.send_command

    def noted(self: object, command: str, *more: object, **named: object) -> object:
        commands.extend([command] * (not command.startswith("m\n")))  # those free what Python has forgotten
        return send(self, command, *more, **named)

    F.upper(F.lit("name"))  # what is asked once for a session
    with monkeypatch.context() as patched:
        patched.setattr(JavaClient, "send_command", noted)
        F.upper(F.lit("name"))

    assert [command.split("\n")[:3:2] for command in commands] == [["c", "lit"], ["c", "upper"]]


@pytest.mark.parametrize(
    "output",
    [
        "mode: overwrite_partitions, partition_by: [part]",
        "mode: merge, keys: [part]",
        "mode: merge, keys: [part], partition_by: [part]",
    ],
)
@pytest.mark.parametrize("table_format", ["parquet", "delta"])
def test_no_rows_go_through_a_python_worker(
    spark: SparkSession, tmp_path: Path, table_format: str, output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = SOURCES.replace("  rules:", "  on_empty: accept\n  rules:")
    job = JOB.format(table_format, f", {output}", "unique: [n], mean: {column: n, min: 0, severity: warn}")
    write_project(tmp_path, CODE, {"conf/sources.yml": sources, "conf/jobs/sums.yml": job})
    monkeypatch.setattr(SparkSession, "createDataFrame", None)  # it imports pandas
    log = log_of(spark)
    before = len(events(log, "SparkListenerStageCompleted"))

    (tmp_path / "landing").mkdir()
    assert run(spark, tmp_path)["sums"].status == "success"
    for lines in ("1,1\n2,2\n", "1,3\n", "3,4\n"):
        lay_out(tmp_path, {"landing/rows.csv": f"part,n\n{lines}"})
        assert run(spark, tmp_path)["sums"].status == "success"

    stages = [event["Stage Info"] for event in events(log, "SparkListenerStageCompleted")[before:]]
    names = [rdd["Name"] for stage in stages for rdd in stage["RDD Info"]]
    assert ("FileScanRDD" in names, [name for name in names if "Python" in name]) == (True, [])
