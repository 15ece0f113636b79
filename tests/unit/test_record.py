"""What a run leaves behind when things go wrong: a record, told without secrets, that overwrites no other."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from sparkjobs.config import Conf, references
from sparkjobs.config.references import revealed, scrubbed
from sparkjobs.errors import SetupError
from sparkjobs.plan import RunPlan
from sparkjobs.record import Event, EventLog, write_results
from sparkjobs.results import Advice, CheckResult, JobResult, RunResult
from sparkjobs.run import Orders, execute
from sparkjobs.session import root_cause, start
from sparkjobs.state import locked, state_folder
from sparkjobs.state.durable import write_json
from sparkjobs.terminal import Progress, advice_lines
from tests.projects import process
from tests.unit.projects import MAIN, conf_of, plan_of, project, publish_as_a_run_would, published

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_secret_of_another_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(references, "_revealed", set())


def test_a_secret_of_digits_leaves_the_numbers_of_the_record_alone(tmp_path: Path) -> None:
    _reveal("2024")
    plan = plan_of(project(tmp_path))

    (event,) = _events(tmp_path, {"seconds": 2024.5, "read": 2024, "message": "no 2024"})
    (entry,) = _results(tmp_path, plan, "no 2024")

    assert (event["seconds"], event["read"], event["message"]) == (2024.5, 2024, "no ********")
    assert (entry["staged"], entry["message"]) == (2024, "no ********")
    assert entry["checks"][0]["observed"] == "********"
    assert entry["checks"][0]["failing"] == 2024


@pytest.mark.parametrize("secret", ['say "friend"', "back\\slash", "näher", "it's"])
def test_a_secret_that_json_or_repr_would_escape_is_found(tmp_path: Path, secret: str) -> None:
    _reveal(secret)
    plan = plan_of(project(tmp_path))

    (event,) = _events(tmp_path, {"message": f"<{secret}>"})
    (entry,) = _results(tmp_path, plan, f"<{secret}>")

    assert event["message"] == entry["message"] == "<********>"
    assert "****" in root_cause(KeyError(secret))
    assert secret not in root_cause(KeyError(secret))


def test_each_line_of_a_secret_is_one_unless_it_is_short() -> None:
    _reveal("-----BEGIN KEY-----\n  MIIEvQIBADAN  \nabc\n")

    assert scrubbed("MIIEvQIBADAN abc") == "******** abc"
    assert root_cause(ValueError("bad key -----BEGIN KEY-----\n  MIIEvQIBADAN  \n")) == (
        "bad key ******** ********"
    )


def test_a_secret_is_scrubbed_before_the_message_is_cut() -> None:
    _reveal("swordfish-at-the-edge")

    assert "swordfish" not in root_cause(ValueError("x" * 790 + " swordfish-at-the-edge"))


def test_a_secret_of_three_characters_would_spoil_every_text_and_stays() -> None:
    _reveal("job")

    assert scrubbed("the job failed") == "the job failed"


def test_a_job_with_nothing_to_do_is_told_as_up_to_date(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = published(tmp_path)
    plan = plan_of(root)

    with Progress(plan) as progress:
        result = execute(_no_spark, conf_of(root), plan, Orders("run", _now, progress.show))

    assert [job.status for job in result.jobs] == ["no-op"]
    assert capsys.readouterr() == ("", "00:00:00 daily: up to date\n")


def test_what_became_of_a_compaction_takes_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(plan_of(project(tmp_path))) as progress:
        facts = {"before": 1_212, "after": 3, "bytes": 5}
        progress.show(Event("2026-01-01T00:00:00", "optimized", "daily", facts))
        progress.show(Event("2026-01-01T00:00:01", "warning", "daily", {"message": "not compacted: why"}))

    assert capsys.readouterr().err == (
        "00:00:00 daily: its table's files put together, 1,212 into 3\n"
        "00:00:01 daily: warning: not compacted: why\n"
    )


def test_a_half_made_commit_that_another_process_holds_fails_its_job_with_10(tmp_path: Path) -> None:
    root = published(tmp_path)
    plan = plan_of(root)
    (job,) = plan.jobs
    write_json(state_folder(job.table) / "journal.json", {"commit": {"number": 1}, "moves": []})

    with locked(job.name, state_folder(job.table), "other"):
        result = execute(_no_spark, conf_of(root), plan, Orders("run", _now, _silent))

    assert [(one.status, one.exit_code) for one in result.jobs] == [("error", 10)]
    assert "is being written by run other" in result.jobs[0].message


def test_a_bug_met_by_one_job_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    weekly = "inputs: {sales: {source: sales}}\noutput: {format: parquet, path: '${warehouse}/weekly'}\n"
    code = "from sparkjobs import job\n\n\n@job\ndef daily(sales, *, least): ...\n\n\n@job\ndef weekly(sales): ...\n"
    root = published(tmp_path, {"conf/jobs/weekly.yml": weekly}, code)
    plan = plan_of(root)
    write_json(state_folder(plan.jobs[0].table) / "journal.json", {"commit": {"number": 1}})

    result = execute(_no_spark, conf_of(root), plan, Orders("run", _now, _silent))

    assert [(one.job, one.status, one.message) for one in result.jobs] == [
        ("daily", "error", "unexpected: KeyError: 'moves'"),
        ("weekly", "no-op", "up to date"),
    ]


def test_no_java_is_told_with_its_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", "/nowhere")

    done = process(project(tmp_path), "run")
    _, told = done.communicate(timeout=60)

    assert done.returncode == 2
    assert "Spark does not start: [JAVA_GATEWAY_EXITED]" in told
    assert told.endswith("`sparkjobs doctor` says what this machine lacks.\n")
    assert "Traceback" not in told


def test_a_secret_setting_that_is_not_there_is_told(tmp_path: Path) -> None:
    root = project(tmp_path, {"conf/sparkjobs.yml": MAIN + "spark: {spark.x.key: '${secret:env:NOPE}'}\n"})

    with pytest.raises(SetupError, match=re.escape("there is no secret at '${secret:env:NOPE}'")):
        start(conf_of(root))


def test_a_run_id_that_was_used_overwrites_nothing(tmp_path: Path) -> None:
    root = project(tmp_path)
    for job in plan_of(root).jobs:
        publish_as_a_run_would(job)
    first = process(root, "run", "--run-id", "monday")
    first.communicate(timeout=60)
    record = {path.name: path.read_text() for path in (root / "target/runs/monday").iterdir()}

    second = process(root, "run", "--run-id", "monday")
    _, told = second.communicate(timeout=60)

    assert (first.returncode, second.returncode) == (0, 2)
    assert told.startswith("The record of a run 'monday' is there already: ")
    assert {path.name: path.read_text() for path in (root / "target/runs/monday").iterdir()} == record


def test_a_folder_for_records_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    done = process(project(tmp_path, {"target": "a file"}), "run")
    _, told = done.communicate(timeout=60)

    assert done.returncode == 2
    assert "Traceback" not in told
    assert told.endswith("Not a directory\nMend `artifacts` in `paths:`.\n")


def test_advice_is_recorded_without_secrets(tmp_path: Path) -> None:
    _reveal("hunter2-advice")
    advice = Advice("unpruned", "it read every partition of sales: (key = 'hunter2-advice')", "a remedy")
    job = JobResult("daily", "success", "", "", "", 1.0, "t", advice=(advice,))
    result = RunResult("run", "", 1.0, (job, replace(job, job="other", advice=())))

    path = write_results(tmp_path, plan_of(project(tmp_path / "project")), result)

    entries = json.loads(path.read_text())["results"]
    text = "it read every partition of sales: (key = '********')"
    assert [one["advice"] for one in entries] == [
        [{"kind": "unpruned", "text": text, "remedy": "a remedy"}],
        [],
    ]


def test_advice_takes_a_line(tmp_path: Path) -> None:
    advice = Advice("spill", "1 stage wrote 7.0 MB to disk", "make tasks smaller")
    job = JobResult("daily", "success", "", "", "", 1.0, "t", advice=(advice,))

    lines = advice_lines(RunResult("run", "", 1.0, (job, replace(job, job="other", advice=()))))

    assert lines == ["advice  daily: spill: 1 stage wrote 7.0 MB to disk: make tasks smaller"]


def _reveal(secret: str) -> None:
    revealed("${secret:env:IT}", {"IT": secret})


def _events(folder: Path, facts: dict[str, object]) -> list[dict[str, object]]:
    log = EventLog(folder / "events.jsonl")
    log.write(Event("2024-01-01", "job_ended", "daily", facts))
    log.close()
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def _results(folder: Path, plan: RunPlan, message: str) -> list[dict[str, Any]]:
    check = CheckResult("unique", "error", "fail", "2024", 2024, 2024, "scan")
    job = JobResult("daily", "error", message, "", "", 2024.0, "t", staged=2024, checks=(check,))
    path = write_results(folder, plan, RunResult("run", "", 1.0, (job,)))
    entries: list[dict[str, Any]] = json.loads(path.read_text())["results"]
    return entries


def _no_spark(_: Conf) -> SparkSession:
    raise AssertionError("nothing runs, so nothing is started")


def _now() -> datetime:
    return NOW


def _silent(_: Event) -> None: ...
