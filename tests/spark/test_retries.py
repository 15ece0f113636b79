"""Failures that pass are tried again with the same write key; others end the job at once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sparkjobs.record import Event
from sparkjobs.results import JobResult
from sparkjobs.run import Orders, execute
from tests.projects import lay_out, planned, rows, write_project

CODE = """
@job
def events(rows: DataFrame) -> DataFrame:
    name = F.java_method(F.lit("java.lang.System"), F.lit("getProperty"), F.lit("sparkjobs.test.host"))
    host = F.java_method(F.lit("java.net.InetAddress"), F.lit("getByName"), name)
    return rows.select("id", F.length(host).alias("length"))
"""
STAYS = """
@job
def events(rows: DataFrame) -> DataFrame:
    return rows.select("id", F.col("part").cast("int").alias("length"))
"""
SOURCES = "rows:\n  format: csv\n  path: ${landing}/*.csv\n  columns: {id: int, part: string}\n"
EVENTS = 'inputs: {rows: {source: rows}}\noutput: {format: delta, path: "${warehouse}/events", mode: append}\nincremental: {by: files}\n'


def tried(spark: SparkSession, root: Path, code: str, *, mended_after: int) -> tuple[JobResult, list[Event]]:
    """Run `events`; after so many retries its host has a name that is known."""
    write_project(root, code, {"conf/sources.yml": SOURCES, "conf/jobs/events.yml": EVENTS})
    with (root / "conf/sparkjobs.yml").open("a") as main:
        main.write("retries: {times: 2, wait_s: 0.01}\n")
    lay_out(root, {"landing/a.csv": "id,part\n1,x\n2,y\n"})
    jvm = spark._jvm  # noqa: SLF001 (there is no other way to a property of the JVM)
    assert jvm is not None
    system = jvm.java.lang.System
    system.setProperty("sparkjobs.test.host", "no-such-host.invalid")
    retries: list[Event] = []

    def emit(event: Event) -> None:
        if event.name == "retry":
            retries.append(event)
            if len(retries) == mended_after:
                system.setProperty("sparkjobs.test.host", "127.0.0.1")

    conf, plan = planned(root)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    result = execute(lambda _: spark, conf, plan, Orders("run", lambda: moment, emit))
    return result.jobs[0], retries


@pytest.mark.parametrize("mended_after", [1, 2])
def test_a_failure_that_passes_is_tried_again_under_the_same_number(
    spark: SparkSession, tmp_path: Path, mended_after: int
) -> None:
    result, retries = tried(spark, tmp_path, CODE, mended_after=mended_after)

    assert (result.status, result.write_key) == ("success", "sparkjobs/events:1")
    assert [(one.facts["step"], one.facts["wait_s"]) for one in retries] == [
        ("stage", 0.01),
        ("stage", 0.02),
    ][:mended_after]
    assert [one.read for one in result.ledgers] == [2]
    assert [row[0] for row in rows(spark, tmp_path / "warehouse/events")] == [1, 2]
    assert len(list((tmp_path / "warehouse/events").glob("sparkjobs_run=*"))) == 1


def test_a_failure_that_does_not_pass_in_time_leaves_the_table_alone(
    spark: SparkSession, tmp_path: Path
) -> None:
    result, retries = tried(spark, tmp_path, CODE, mended_after=99)

    assert (result.status, len(retries)) == ("error", 2)
    assert "it failed to stage: UnknownHostException" in result.message
    assert "This kind of failure passes" in result.message
    assert not (tmp_path / "warehouse/events/_delta_log").exists()


def test_a_failure_that_stays_is_not_tried_again(spark: SparkSession, tmp_path: Path) -> None:
    result, retries = tried(spark, tmp_path, STAYS, mended_after=99)

    assert (result.status, retries) == ("error", [])
    assert "CAST_INVALID_INPUT" in result.message
