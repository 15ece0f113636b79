"""Execute a RunPlan: every job that has a reason to run, in order; what depends on a failure is skipped."""

import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock

from py4j.protocol import Py4JError
from pyspark.sql import SparkSession

from sparkjobs import jvm, session
from sparkjobs.config import Conf, Retries
from sparkjobs.config.references import scrubbed
from sparkjobs.errors import CheckFailedError, SparkjobsError, StoppedError, TransientError
from sparkjobs.flow import run_job
from sparkjobs.hindsight import advice_on
from sparkjobs.lineage.reporting import reporting
from sparkjobs.outset import PublishedMeanwhileError, finish
from sparkjobs.plan import JobPlan, RunPlan
from sparkjobs.progress import Clock, Emit, Progress, Run
from sparkjobs.quality import profile_of
from sparkjobs.record import Event, Records, job_ended, past_runs
from sparkjobs.results import JobResult, JobStatus, RunResult
from sparkjobs.schedule import Work, side_by_side
from sparkjobs.shelf import Shelf, shelf_of
from sparkjobs.stop import Stopped, held_back, stoppable

_TOLD = "stopped by SIGTERM"


@dataclass(frozen=True, slots=True)
class Orders:
    """How a plan is to be run."""

    run_id: str
    clock: Clock
    emit: Emit
    fail_fast: bool = False
    lock_wait_s: float = 0
    """How long to wait for a table that another run is writing."""
    threads: int = 1
    """How many jobs may run at a time."""


def execute(start: Callable[[Conf], SparkSession], conf: Conf, plan: RunPlan, orders: Orders) -> RunResult:
    """Run every job of `plan` that has a reason to; a failure skips what depends on it.

    `start` is called only when there is something to run.

    Raises:
        ConfigError: a rule or check holds an expression that may not run.
        SetupError: Delta's jars are missing.
    """
    clock, emit = orders.clock, _one_at_a_time(orders.emit)
    now, before = clock(), time.monotonic()
    started = now.isoformat()
    shelf = shelf_of(start, conf, plan, now, apart=orders.threads > 1)
    past = _past(conf, plan)
    run = Run(orders.run_id, plan, shelf, clock, emit, now, orders.lock_wait_s, orders.fail_fast, past.runs)
    facts = {"run_id": orders.run_id, "jobs": len(plan.jobs)}
    emit(Event(started, "run_started", facts=facts | ({"skipped": past.skipped} if past.skipped else {})))
    with reporting(conf, orders.run_id, partial(_warn, run)) as reporter:
        run = replace(run, reporter=reporter)
        work = partial(_worked, run, conf.project.retries)
        if orders.threads > 1:
            results = side_by_side(plan.jobs, orders.threads, work, partial(_halt, run))
        else:
            results = _in_turn(run, work)
    jobs = tuple(results[job.name] for job in plan.jobs)
    result = RunResult(orders.run_id, started, time.monotonic() - before, jobs)
    emit(Event(clock().isoformat(), "run_ended", facts={"failed": len(result.failed)}))
    return result


def _warn(run: Run, text: str) -> None:
    run.emit(Event(run.clock().isoformat(), "warning", facts={"message": text}))


def _one_at_a_time(emit: Emit) -> Emit:
    lock = Lock()

    def emit_one(event: Event) -> None:
        with lock:
            emit(event)

    return emit_one


def _in_turn(run: Run, work: Work) -> dict[str, JobResult]:
    """The results of all jobs, one after another."""
    results: dict[str, JobResult] = {}
    with suppress(Stopped), stoppable():
        for job in run.plan.jobs:
            with held_back():
                results[job.name] = work(job, results)
    for job in run.plan.jobs:
        if job.name not in results:
            results[job.name] = _skipped(run, job, _TOLD)
    return results


def _worked(run: Run, retries: Retries, job: JobPlan, results: Mapping[str, JobResult]) -> JobResult:
    result = _job(run, job, results, retries)
    # a call into the JVM may have been cut short: the next would read its answer
    if run.shelf and not run.halt.told:
        run.shelf.release(job)
    return result


def _halt(run: Run, running: Collection[str]) -> None:
    """Let `running` jobs end soon: all but those that commit lose what they have Spark do."""
    for job in set(running) - run.halt.tell():
        with suppress(Py4JError, OSError):  # the JVM is gone
            if run.shelf:
                jvm.cancel(run.shelf.spark, run.run_id, job)


def _past(conf: Conf, plan: RunPlan) -> Records:
    """The recorded runs, read once where a check compares with them."""
    if not any("history" in one.function.given for job in plan.jobs if job.runs for one in job.checks):
        return Records({}, ())
    return past_runs(conf.path("artifacts", "target") / "runs", plan.project, plan.env)


def _job(run: Run, job: JobPlan, results: Mapping[str, JobResult], retries: Retries) -> JobResult:
    if why := _held_up(run, job, results):
        return _skipped(run, job, why)
    started, before = run.clock().isoformat(), time.monotonic()
    progress = Progress()
    status, message, exit_code = _outcome(run, job, progress, results, retries)
    stopped = exit_code == StoppedError.exit_code
    profiled = progress.judged or progress.staged
    ended = JobResult(
        job=job.name,
        status=status,
        message=message,
        exit_code=exit_code,
        started=started,
        table=str(job.table),
        completed=run.clock().isoformat(),
        seconds=time.monotonic() - before,
        ledgers=tuple(progress.ledgers),
        checks=progress.checks,
        staged=progress.staged.rows if progress.staged else None,
        published=progress.published,
        kind=progress.kind,
        profile=profile_of(profiled, progress.estimates) if profiled else None,
        write_key=f"sparkjobs/{job.name}:{progress.manifest}" if progress.manifest else None,
        advice=() if stopped else (*progress.advice, *advice_on(run, job, progress)),
    )
    if run.reporter:
        run.reporter.ended(job, ended, None if stopped else progress.frame)
    run.emit(job_ended(ended))
    return ended


def _held_up(run: Run, job: JobPlan, results: Mapping[str, JobResult]) -> str | None:
    """Why `job` may not start; None when it may."""
    if run.halt.told:
        return _TOLD
    lost = [name for name in job.upstream if results[name].status in ("fail", "error", "skipped")]
    if lost:
        return f"{', '.join(lost)} did not publish"
    if run.fail_fast and any(one.status in ("fail", "error") for one in results.values()):
        return "stopped by --fail-fast"
    return None


def _skipped(run: Run, job: JobPlan, why: str) -> JobResult:
    now = run.clock().isoformat()
    exit_code = StoppedError.exit_code if why == _TOLD else 0
    ended = JobResult(job.name, "skipped", why, now, now, 0.0, str(job.table), exit_code=exit_code)
    run.emit(job_ended(ended))
    return ended


def _outcome(
    run: Run, job: JobPlan, progress: Progress, results: Mapping[str, JobResult], retries: Retries
) -> tuple[JobStatus, str, int]:
    """Do what is to be done for `job`: how it ended, what is told of that, and the exit code."""
    shelf, why = run.shelf, "; ".join(job.reasons)
    try:
        if not job.runs or shelf is None:
            finish(run, job.name, job.table)
            return "no-op", "up to date", 0
        begun = run.clock().isoformat()
        run.emit(Event(begun, "job_started", job.name, {"why": why}))
        if run.reporter:
            run.reporter.started(job, begun)
        try:
            with stoppable():
                _tried(run, shelf, job, progress, results, retries)
        finally:
            run.halt.check()  # what a cancelled job of Spark has led to is no failure of its own
    except PublishedMeanwhileError as meanwhile:
        return "no-op", str(meanwhile), 0
    except Stopped:
        run.halt.tell()
        stopped = StoppedError(job.name)
        if progress.published:  # the signal came while it was committed
            return "success", why, stopped.exit_code
        return "error", str(stopped), stopped.exit_code
    except SparkjobsError as error:
        status: JobStatus = "fail" if isinstance(error, CheckFailedError) else "error"
        return status, scrubbed(str(error)), error.exit_code
    except Exception as error:  # noqa: BLE001 (a bug met by one job hides nothing of the others)
        return "error", f"unexpected: {type(error).__name__}: {session.root_cause(error)}", 1
    return "success", why, 0


def _tried(
    run: Run,
    shelf: Shelf,
    job: JobPlan,
    progress: Progress,
    results: Mapping[str, JobResult],
    retries: Retries,
) -> None:
    """Run `job`, and again while it fails for reasons that pass: same manifest, same write key.

    Raises:
        SparkjobsError: what stopped it in the end.
    """
    for wait_s in (retries.wait_s * 2**tried for tried in range(retries.times)):
        try:
            return run_job(run, shelf, job, progress, results)
        except TransientError as error:
            facts = {"after": scrubbed(error.error), "step": error.step, "wait_s": wait_s}
            run.emit(Event(run.clock().isoformat(), "retry", job.name, facts))
            run.halt.wait(wait_s)
            progress.forget()
    return run_job(run, shelf, job, progress, results)
