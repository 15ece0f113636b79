"""Jobs side by side: what starts when, what a failure stops, and what becomes of SIGTERM."""

import os
import signal
import threading
import time
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sparkjobs.config import Conf
from sparkjobs.errors import SetupError
from sparkjobs.outset import finish
from sparkjobs.plan import JobPlan, RunPlan
from sparkjobs.progress import Run
from sparkjobs.record import Event
from sparkjobs.results import JobResult
from sparkjobs.run import Orders, execute
from sparkjobs.schedule import ready, side_by_side
from sparkjobs.session import start
from sparkjobs.state import interrupted, locked, state_folder
from sparkjobs.state.durable import write_json
from tests.unit.projects import conf_of, plan_of, project, publish_as_a_run_would

PATIENCE_S = 60
READS = {"a": (), "b": (), "c": ("a",), "d": ("b", "c"), "e": ()}
"""a → c → d ← b, and e."""


def _files(reads: Mapping[str, tuple[str, ...]]) -> tuple[dict[str, str | bytes], str]:
    files: dict[str, str | bytes] = {}
    code = "from sparkjobs import job\n"
    for job, refs in reads.items():
        inputs = ", ".join(f"{ref}: {{ref: {ref}}}" for ref in refs) or "sales: {source: sales}"
        files[f"conf/jobs/{job}.yml"] = (
            f"inputs: {{{inputs}}}\noutput: {{format: parquet, path: '${{warehouse}}/{job}'}}\n"
        )
        code += f"\n\n@job\ndef {job}({', '.join(refs) or 'sales'}): ...\n"
    code += "\n\n@job\ndef daily(sales, *, least): ...\n"
    return files, code


def _project(root: Path) -> Path:
    files, code = _files(READS)
    return project(root, files, code)


def _plan(root: Path) -> RunPlan:
    plan = plan_of(_project(root), exclude=("daily",))
    assert [(job.name, job.upstream) for job in plan.jobs] == [
        ("a", ()),
        ("b", ()),
        ("e", ()),
        ("c", ("a",)),
        ("d", ("b", "c")),
    ]
    return plan


def _result(job: JobPlan) -> JobResult:
    return JobResult(job.name, "success", "", "", "", 0.0, str(job.table))


def _no_stop(running: Collection[str]) -> None:
    raise AssertionError(running)


def test_what_waits_for_nothing_is_ready_in_the_order_of_the_plan(tmp_path: Path) -> None:
    jobs = _plan(tmp_path).jobs

    def names(ended: set[str], running: set[str]) -> list[str]:
        return [job.name for job in ready(jobs, ended, running)]

    assert names(set(), set()) == ["a", "b", "e"]
    assert names(set(), {"a", "b"}) == ["e"]
    assert names({"a"}, {"b"}) == ["e", "c"]
    assert names({"a", "c"}, {"b", "e"}) == []
    assert names({"a", "b", "c"}, {"e"}) == ["d"]
    assert names({"a", "b", "c", "d", "e"}, set()) == []


def test_a_job_starts_once_all_that_it_reads_has_ended_and_knows_what_became_of_it(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    seen: dict[str, set[str]] = {}

    def work(job: JobPlan, results: Mapping[str, JobResult]) -> JobResult:
        seen[job.name] = {name for name in results if name in job.upstream}
        return _result(job)

    results = side_by_side(plan.jobs, 2, work, _no_stop)

    assert seen == {"a": set(), "b": set(), "c": {"a"}, "d": {"b", "c"}, "e": set()}
    assert sorted(results) == ["a", "b", "c", "d", "e"]


def test_as_many_jobs_run_at_a_time_as_there_are_threads_and_no_more(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    barrier = threading.Barrier(2)
    lock = threading.Lock()
    running: set[str] = set()
    most: list[int] = []

    def work(job: JobPlan, _: Mapping[str, JobResult]) -> JobResult:
        with lock:
            running.add(job.name)
            most.append(len(running))
        if job.name in ("a", "b"):
            barrier.wait(PATIENCE_S)  # neither ends before the other has begun
        with lock:
            running.remove(job.name)
        return _result(job)

    side_by_side(plan.jobs, 2, work, _no_stop)

    assert max(most) == 2


def test_a_job_that_ends_late_keeps_none_waiting_that_does_not_read_it(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    last = threading.Event()
    order: list[str] = []

    def work(job: JobPlan, _: Mapping[str, JobResult]) -> JobResult:
        if job.name == "e":
            assert last.wait(PATIENCE_S)
        order.append(job.name)
        if job.name == "d":
            last.set()
        return _result(job)

    side_by_side(plan.jobs, 2, work, _no_stop)

    assert order[-2:] == ["d", "e"]


def test_sigterm_stops_what_runs_and_nothing_is_left_running(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    told = threading.Event()
    both = threading.Barrier(3)
    stopped: list[set[str]] = []
    before = threading.active_count()

    def work(job: JobPlan, _: Mapping[str, JobResult]) -> JobResult:
        if not told.is_set():
            both.wait(PATIENCE_S)
            assert told.wait(PATIENCE_S)
        return _result(job)

    def stop(running: Collection[str]) -> None:
        stopped.append(set(running))
        told.set()

    def terminate() -> None:
        both.wait(PATIENCE_S)
        os.kill(os.getpid(), signal.SIGTERM)

    asking = threading.Thread(target=terminate)
    asking.start()
    results = side_by_side(plan.jobs, 2, work, stop)
    asking.join()

    assert stopped == [{"a", "b"}]
    assert sorted(results) == ["a", "b", "c", "d", "e"]
    assert threading.active_count() == before


def test_an_error_that_is_no_jobs_own_stops_the_others_and_is_raised(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    told = threading.Event()
    seen: list[tuple[str, bool]] = []

    def work(job: JobPlan, _: Mapping[str, JobResult]) -> JobResult:
        if job.name == "a":
            raise OSError("no space left for the events")
        seen.append((job.name, told.wait(PATIENCE_S)))
        return _result(job)

    with pytest.raises(OSError, match="no space left"):
        side_by_side(plan.jobs, 2, work, lambda _: told.set())

    assert seen == [("b", True)]


def _no_spark(_: Conf) -> SparkSession:
    raise AssertionError("nothing runs")


def _published(root: Path) -> tuple[Conf, RunPlan]:
    """All jobs are up to date."""
    for job in plan_of(_project(root)).jobs:
        publish_as_a_run_would(job)
    plan = plan_of(root, exclude=("daily",))
    return conf_of(root), plan


def _moment() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_a_failure_skips_what_reads_it_and_nothing_else(tmp_path: Path, threads: int) -> None:
    conf, plan = _published(tmp_path)
    write_json(state_folder(plan.jobs[0].table) / "journal.json", {"commit": {"number": 1}})

    result = execute(_no_spark, conf, plan, Orders("run", _moment, lambda _: None, threads=threads))

    assert {one.job: (one.status, one.exit_code) for one in result.jobs} == {
        "a": ("error", 1),
        "b": ("no-op", 0),
        "c": ("skipped", 0),
        "d": ("skipped", 0),
        "e": ("no-op", 0),
    }
    assert [one.message for one in result.jobs[3:]] == ["a did not publish", "c did not publish"]


def _ended(conf: Conf, plan: RunPlan, held: str, until: str, *, fail_fast: bool = False) -> dict[str, str]:
    """How jobs ended, in that order, while the table of `held` was locked until `until` had ended."""
    told: dict[str, str] = {}
    folder = next(state_folder(job.table) for job in plan.jobs if job.name == held)
    write_json(folder / "journal.json", {"commit": {"number": 1}, "moves": []})
    with ExitStack() as lock:
        lock.enter_context(locked(held, folder, "other"))

        def emit(event: Event) -> None:
            if event.name == "job_ended" and event.job:
                told[event.job] = str(event.facts["message"])
                if event.job == until:
                    lock.close()

        orders = Orders("run", _moment, emit, fail_fast, lock_wait_s=PATIENCE_S, threads=2)
        results = execute(_no_spark, conf, plan, orders).jobs
    assert [(one.job, one.message) for one in results] == [(job.name, told[job.name]) for job in plan.jobs]
    return told


def test_results_are_told_in_the_order_of_the_plan_whatever_ended_first(tmp_path: Path) -> None:
    conf, plan = _published(tmp_path)

    told = _ended(conf, plan, held="a", until="e")

    assert list(told)[:3] == ["b", "e", "a"]
    assert set(told.values()) == {"up to date"}


def test_fail_fast_starts_nothing_once_a_job_has_failed(tmp_path: Path) -> None:
    conf, plan = _published(tmp_path)
    write_json(state_folder(plan.jobs[0].table) / "journal.json", {"commit": {"number": 1}})

    told = _ended(conf, plan, held="b", until="e", fail_fast=True)

    # b had begun beside a
    assert told == {
        "a": "unexpected: KeyError: 'moves'",
        "e": "stopped by --fail-fast",
        "b": "up to date",
        "c": "a did not publish",
        "d": "c did not publish",
    }


def test_events_are_told_one_at_a_time(tmp_path: Path) -> None:
    conf, plan = _published(tmp_path)
    inside = threading.Lock()
    met: list[str] = []

    def emit(event: Event) -> None:
        if not inside.acquire(blocking=False):
            met.append(event.name)
            return
        time.sleep(0.01)
        inside.release()

    execute(_no_spark, conf, plan, Orders("run", _moment, emit, threads=8))

    assert met == []


def test_readers_of_one_half_made_table_wait_until_one_of_them_has_finished_it(tmp_path: Path) -> None:
    _, plan = _published(tmp_path)
    (table, *_) = (job.table for job in plan.jobs)
    run = Run("run", plan, None, _moment, lambda _: None, _moment())

    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            write_json(state_folder(table) / "journal.json", {"commit": {"number": 1}, "moves": []})
            list(pool.map(lambda _: finish(run, "a", table), range(8)))
            assert not interrupted(table)


def test_threads_that_spark_cannot_tell_apart_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYSPARK_PIN_THREAD", "false")

    with pytest.raises(SetupError, match="PYSPARK_PIN_THREAD is off"):
        start(conf_of(project(tmp_path)), threads=2)
