"""A run in which nothing has anything to do: what it tells, and when there is none."""

from datetime import UTC, datetime
from pathlib import Path

from pyspark.sql import SparkSession

from sparkjobs.config import Conf
from sparkjobs.idle import idle, is_idle
from sparkjobs.record import Event
from sparkjobs.results import JobResult
from sparkjobs.run import Orders, execute
from sparkjobs.state import state_folder
from sparkjobs.state.durable import write_json
from tests.unit.projects import conf_of, plan_of, project, publish_as_a_run_would

NOW = "2026-01-01T00:00:00+00:00"


def _clock() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


def _facts(event: Event) -> dict[str, object]:
    return {**event.facts, "name": event.name, "seconds": None}


def _no_spark(_: Conf) -> SparkSession:
    raise AssertionError("nothing runs")


def test_what_is_up_to_date_is_told_as_in_any_run(tmp_path: Path) -> None:
    (job,) = plan_of(project(tmp_path)).jobs
    assert not is_idle(plan_of(tmp_path))
    publish_as_a_run_would(job)
    plan = plan_of(tmp_path)
    told: list[Event] = []

    result = idle(plan, "monday", _clock, told.append)

    table = str(tmp_path / "warehouse/daily")
    assert is_idle(plan)
    assert result.jobs == (JobResult("daily", "no-op", "up to date", NOW, NOW, 0.0, table),)
    assert [(one.name, one.job) for one in told] == [
        ("run_started", None),
        ("job_ended", "daily"),
        ("run_ended", None),
    ]
    heard: list[Event] = []
    full = execute(_no_spark, conf_of(tmp_path), plan, Orders("monday", _clock, heard.append))
    assert [_facts(one) for one in heard] == [_facts(one) for one in told]
    assert [(one.status, one.message, one.table) for one in full.jobs] == [("no-op", "up to date", table)]


def test_a_run_that_has_to_finish_a_commit_is_not_idle(tmp_path: Path) -> None:
    (job,) = plan_of(project(tmp_path)).jobs
    publish_as_a_run_would(job)

    write_json(state_folder(job.table) / "journal.json", {"commit": {"number": 1}, "moves": []})

    assert not is_idle(plan_of(tmp_path))
