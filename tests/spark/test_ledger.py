"""The ledger is exact whatever a job does with its inputs, and when Spark repeats a stage."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from sparkjobs import jvm
from sparkjobs.results import Ledger
from tests.projects import REPOSITORY, lay_out, rows, run, write_project

SOURCES = """
rows:
  format: csv
  path: ${landing}/*.csv
  columns: {id: int, part: int}
  bad_rows: {max_share: 0.5}
"""
JOB = """
inputs: {rows: {source: rows}}
output: {format: parquet, path: "${warehouse}/out"}
"""
LINES = "id,part\n" + "".join(f"{one},{one % 2}\n" for one in range(8)) + "x,1\ny,0\n"


def project(root: Path, body: str, *, job: str = JOB) -> None:
    code = f"@job\ndef out(rows: DataFrame) -> DataFrame:\n    return {body}\n"
    write_project(root, code, {"conf/sources.yml": SOURCES, "conf/jobs/out.yml": job, "landing/a.csv": LINES})


@pytest.mark.parametrize("cache", ["[]", "[rows]"])
@pytest.mark.parametrize(
    "body",
    [
        "rows",
        "rows.groupBy('part').count()",
        "rows.orderBy('id')",
        "rows.limit(1)",
        "rows.filter('false')",
        "rows.alias('a').join(rows.alias('b'), 'id', 'inner').select('id')",
        "rows.sparkSession.range(3)",
        "rows.select('part').distinct()",
        "rows.sparkSession.range(3).filter(rows.exists())",
    ],
)
def test_every_row_is_counted_once_whatever_the_job_does(
    spark: SparkSession, tmp_path: Path, body: str, cache: str
) -> None:
    project(tmp_path, body, job=JOB + f"cache: {cache}\n")
    result = run(spark, tmp_path)["out"]
    assert result.status == "success", result.message
    assert result.ledgers == (Ledger("rows", 10, 8, 2),)
    lines = list((tmp_path / "warehouse/out/_sparkjobs/quarantine/1/rows").glob("*.json.gz"))
    assert len(lines) == 1


WITHOUT_HEADER = """
rows:
  format: json
  path: ${landing}/*.json
  columns: {id: int}
  bad_rows: {max_share: 0.5}
"""


def without_header(root: Path, function: str, *files: str) -> None:
    """A job over lines of JSON: no header line is there to tell that counts are not right."""
    landing = {f"landing/{number}.json": content for number, content in enumerate(files)}
    write_project(
        root,
        f"@job\ndef out(rows: DataFrame) -> DataFrame:\n    {function}\n",
        {"conf/sources.yml": WITHOUT_HEADER, "conf/jobs/out.yml": JOB, **landing},
    )


@pytest.mark.parametrize(
    "look",
    [
        "rows.first()",
        "rows.limit(2).collect()",
        "rows.isEmpty()",
        "rows.show(1)",
        "rows.tail(1)",
        "rows = rows.cache(); rows.first()",
        "rows.createTempView('r'); rows.sparkSession.sql('select * from r limit 1').collect()",
    ],
)
def test_a_function_that_looks_at_a_few_rows_hides_no_bad_one(
    spark: SparkSession, tmp_path: Path, look: str
) -> None:
    good = "".join(f'{{"id": {one}}}\n' for one in range(40))
    without_header(tmp_path, f"{look}; return rows", good, good + '{"id": "x"}\n' + good)
    result = run(spark, tmp_path)["out"]
    spark.catalog.dropTempView("r")
    spark.catalog.clearCache()
    assert result.status == "success", result.message
    assert result.ledgers == (Ledger("rows", 121, 120, 1),)
    assert len(list((tmp_path / "warehouse/out/_sparkjobs/quarantine/1/rows").glob("*.json.gz"))) == 1


def test_rows_that_a_join_with_nothing_spares_are_counted(spark: SparkSession, tmp_path: Path) -> None:
    interpreted = spark.newSession()
    interpreted.conf.set("spark.sql.codegen.wholeStage", "false")
    interpreted.conf.set("spark.sql.adaptive.enabled", "false")
    lines = "".join(f'{{"id": {one}}}\n' for one in range(40))
    without_header(
        tmp_path,
        "return rows.join(F.broadcast(rows.sparkSession.range(5).filter('id * id < 0')), 'id')",
        lines,
        '{"id": "x"}\n',
    )
    result = run(interpreted, tmp_path)["out"]
    assert result.status == "success", result.message
    assert result.ledgers == (Ledger("rows", 41, 40, 1),)


@pytest.mark.parametrize(
    "body",
    [
        "rows.orderBy(F.desc('id'))",
        "rows.repartitionByRange(3, F.desc('id'))",
        "rows.zipWithIndex()",
        "rows.join(rows.withColumnRenamed('id', 'other').hint('shuffle_replicate_nl'), F.expr('id < other'))",
        "rows.join(F.broadcast(rows.sparkSession.range(3).toDF('n')), F.expr('id < n'), 'full')",
        "rows.join(F.broadcast(rows.sparkSession.range(3).toDF('n')), F.expr('id < n'), 'right')",
    ],
)
def test_rows_that_spark_reads_more_than_once_are_counted_once(
    spark: SparkSession, tmp_path: Path, body: str
) -> None:
    lines = "".join(f'{{"id": {one}}}\n' for one in range(40))
    without_header(tmp_path, f"return {body}", lines, lines, lines)
    result = run(spark, tmp_path)["out"]
    assert result.status == "success", result.message
    assert result.ledgers == (Ledger("rows", 120, 120, 0),)


@pytest.mark.parametrize(
    ("asked", "once"),
    [
        (lambda rows: rows.sortWithinPartitions("id"), True),
        (lambda rows: rows.repartition(3, "id"), True),
        (lambda rows: rows.join(rows.groupBy("id").count(), "id", "left"), True),
        # what a sort reads again are the files of the shuffle below it
        (lambda rows: rows.groupBy("id").count().orderBy("id"), True),
        (lambda rows: rows.distinct().orderBy("id"), True),
        (lambda rows: rows.orderBy("id").groupBy("id").count(), False),
        (lambda rows: rows.groupBy("id").count().select("id").orderBy("id").union(rows), True),
        (lambda rows: rows.groupBy("id").count().select("id").union(rows).orderBy("id"), False),
        (lambda rows: rows.groupBy("id").count().limit(1), False),
        # as a contract with `unique` counts
        (lambda rows: rows.distinct().observe("good", F.count("id")).orderBy("id"), False),
    ],
)
def test_plans_that_read_rows_once_are_known(
    spark: SparkSession, asked: Callable[[DataFrame], DataFrame], *, once: bool
) -> None:
    rows = spark.range(10).toDF("id").observe("seen", F.count("id"))
    assert jvm.reads_once(asked(rows)) == once


def test_too_many_bad_rows_publish_nothing_and_say_where_they_are(
    spark: SparkSession, tmp_path: Path
) -> None:
    project(tmp_path, "rows")
    run(spark, tmp_path)
    before = rows(spark, tmp_path / "warehouse/out")
    lay_out(tmp_path, {"landing/a.csv": "id,part\n1,1\nx,1\ny,1\n"})
    result = run(spark, tmp_path)["out"]
    assert result.status == "error"
    assert "2 of 3 rows of 'rows' are bad; its conf allows a share of 0.5" in result.message
    assert "/_sparkjobs/staging/2-" in result.message
    assert rows(spark, tmp_path / "warehouse/out") == before
    assert not (tmp_path / "warehouse/out/_sparkjobs/quarantine/2").exists()


RETRIED = """
import json, os, sys
from pathlib import Path
import pyspark
from pyspark.sql import SparkSession
from tests.projects import CLASS_PATH, QUICK, planned, executed

root = Path(sys.argv[1])
options = f"{QUICK} -Dspark.testing=true -Dspark.test.home={Path(pyspark.__file__).parent}"
builder = SparkSession.builder.master("local[2]").config("spark.driver.extraJavaOptions", options)
for key, value in {
    "spark.testing.memory": "1500000000", "spark.testing.reservedMemory": "100000000",
    "spark.testing.injectShuffleFetchFailures": "true", "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "2", "spark.ui.enabled": "false", "spark.sql.session.timeZone": "UTC",
    "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
    "spark.eventLog.enabled": "true", "spark.eventLog.dir": (root / "events").as_uri(),
    "spark.eventLog.compress": "false", "spark.eventLog.rolling.enabled": "false",
    "spark.driver.extraClassPath": CLASS_PATH,
}.items():
    builder = builder.config(key, value)
spark = builder.getOrCreate()
(result,) = executed(spark, *planned(root)).jobs
print(json.dumps([result.status, result.message, [[one.read, one.valid, one.quarantined] for one in result.ledgers]]))
spark.stop()
"""


def test_a_stage_that_spark_repeats_is_not_counted_twice(tmp_path: Path) -> None:
    project(tmp_path, "rows.groupBy('part').count()")
    (tmp_path / "events").mkdir()

    command = [sys.executable, "-c", RETRIED, str(tmp_path)]
    environment = {
        "SPARK_TESTING": "1",
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYTHONPATH": str(REPOSITORY),
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)

    assert done.returncode == 0, done.stderr
    status, message, ledgers = json.loads(done.stdout.splitlines()[-1])
    assert (status, ledgers) == ("success", [[10, 8, 2]]), message
    (log,) = (tmp_path / "events").iterdir()
    events = [json.loads(line) for line in log.read_text().splitlines()]
    attempts = [
        one["Stage Info"]["Stage Attempt ID"]
        for one in events
        if one["Event"] == "SparkListenerStageCompleted"
    ]
    assert max(attempts) > 0


FORGETFUL = """
from pyspark.sql import SparkSession
from sparkjobs.jvm import label, retried
from tests.projects import CLASS_PATH, QUICK

builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
builder = builder.config("spark.driver.extraClassPath", CLASS_PATH).config("spark.driver.extraJavaOptions", QUICK)
spark = builder.config("spark.ui.retainedStages", "20").config("spark.driver.host", "127.0.0.1").getOrCreate()
for _ in range(40):
    spark.range(10).count()
label(spark, "run", "job")
for _ in range(4):
    spark.range(100).selectExpr("id % 7 as k").groupBy("k").count().collect()
print(retried(spark, "run", "job"))
spark.stop()
"""


def test_stages_that_had_nothing_to_do_and_were_forgotten_were_not_tried_twice() -> None:
    environment = {"SPARK_LOCAL_IP": "127.0.0.1", "PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", FORGETFUL],
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.stdout.splitlines()[-1:] == ["False"], done.stderr


def test_where_spark_let_news_fall_nobody_knows_that_no_stage_was_tried_twice(spark: SparkSession) -> None:
    registry = spark.sparkContext._jsc.sc().listenerBus().metrics().metricRegistry()  # noqa: SLF001
    name = "queue.appStatus.numDroppedEvents"
    assert registry.getCounters().containsKey(name)
    assert not jvm.retried(spark, "run", "nothing")
    registry.counter(name).inc()
    try:
        assert jvm.retried(spark, "run", "nothing")
    finally:
        registry.counter(name).dec()
