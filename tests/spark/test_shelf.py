"""What several jobs read is opened once, cached, and released after its last user."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sparkjobs.errors import ConfigError
from sparkjobs.plan import TableInput
from sparkjobs.shelf import Shelf
from tests.projects import executed, planned, rows, write_project

CODE = """
@job
def first(rows: DataFrame) -> DataFrame:
    return rows.select("id")

@job
def second(rows: DataFrame, first: DataFrame) -> DataFrame:
    return rows.join(first, "id", "inner").select("id", "part")

@job
def third(first: DataFrame) -> DataFrame:
    raise ValueError("on purpose")
"""
SOURCES = "rows: {format: csv, path: '${landing}/*.csv', columns: {id: int, part: int}}\n"


def project(root: Path) -> None:
    def job(inputs: str, name: str) -> str:
        return f'inputs: {inputs}\noutput: {{format: delta, path: "${{warehouse}}/{name}"}}\n'

    files = {
        "conf/sources.yml": SOURCES,
        "conf/jobs/first.yml": job("{rows: {source: rows}}", "first"),
        "conf/jobs/second.yml": job("{rows: {source: rows}, first: {ref: first}}", "second"),
        "conf/jobs/third.yml": job("{first: {ref: first}}", "third"),
        "landing/a.csv": "id,part\n1,1\n2,2\n",
    }
    write_project(root, CODE, files)


def test_what_is_shared_is_released_even_when_its_last_user_fails(
    spark: SparkSession, tmp_path: Path
) -> None:
    project(tmp_path)
    spark.catalog.clearCache()
    conf, plan = planned(tmp_path)
    assert [(job.name, one.name, one.cached) for job in plan.jobs for one in job.inputs] == [
        ("first", "rows", True),
        ("second", "rows", True),
        ("second", "first", True),
        ("third", "first", True),
    ]

    results = {one.job: one for one in executed(spark, conf, plan).jobs}

    assert [results[name].status for name in ("first", "second", "third")] == ["success", "success", "error"]
    assert "ValueError: on purpose" in results["third"].message
    assert rows(spark, tmp_path / "warehouse/second") == [(1, 1), (2, 2)]
    assert spark._jsparkSession.sharedState().cacheManager().isEmpty()  # noqa: SLF001


def test_what_is_shared_stays_when_a_query_drops_its_view_of_it(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path)
    executed(spark, *planned(tmp_path, "first"))
    spark.catalog.clearCache()
    _, plan = planned(tmp_path, "second", "third")
    shelf = Shelf(spark, plan, datetime(2026, 1, 1, tzinfo=UTC))
    (job,) = [one for one in plan.jobs if one.name == "second"]
    (one,) = [one for one in job.inputs if one.name == "first"]
    assert isinstance(one, TableInput)

    shelf.open(spark, job, one, one.version).frame.createOrReplaceTempView("a_view")
    spark.catalog.dropTempView("a_view")

    asked = shelf.open(spark, job, one, one.version).frame
    assert "InMemoryTableScan" in asked._jdf.queryExecution().toString()  # noqa: SLF001
    shelf.release(job)
    spark.catalog.clearCache()


def test_fail_fast_starts_no_further_job(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path)
    (module,) = tmp_path.glob("jobs_*/__init__.py")
    module.write_text(module.read_text().replace('return rows.select("id")', 'raise ValueError("first")'))
    conf, plan = planned(tmp_path, "first", "second", "third")
    results = executed(spark, conf, plan, fail_fast=True).jobs
    assert [(one.job, one.status) for one in results] == [
        ("first", "error"),
        ("second", "skipped"),
        ("third", "skipped"),
    ]


def test_an_expression_that_may_not_run_stops_everything_before(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path)
    conf_file = tmp_path / "conf/jobs/first.yml"
    conf_file.write_text(conf_file.read_text() + "checks:\n  - expression: rand() > 0.5\n")
    conf, plan = planned(tmp_path)
    with pytest.raises(
        ConfigError, match=r"conf/jobs/first.yml:4:5: .*rand\(\) is not a function of the row"
    ):
        executed(spark, conf, plan)
    assert not (tmp_path / "warehouse").exists()


def test_a_secret_reaches_the_function_and_no_message(spark: SparkSession, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2-canary\n")
    code = "@job\ndef out(rows: DataFrame, *, key: str) -> DataFrame:\n    raise ValueError(key)\n"
    job = f"""
    inputs: {{rows: {{source: rows}}}}
    params: {{key: "${{secret:file:{secret}}}"}}
    output: {{format: delta, path: "${{warehouse}}/out"}}
    """
    files = {"conf/sources.yml": SOURCES, "conf/jobs/out.yml": job, "landing/a.csv": "id,part\n1,1\n"}
    write_project(tmp_path, code, files)
    conf, plan = planned(tmp_path)
    (result,) = executed(spark, conf, plan).jobs
    assert "ValueError: ********" in result.message
