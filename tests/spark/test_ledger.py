"""The ledger is exact whatever a job does with its inputs, and when Spark repeats a stage."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

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
