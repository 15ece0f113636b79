"""Execute a RunPlan: every job that has a reason to run, in order; what depends on a failure is skipped."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from pyspark.sql import SparkSession

from sparkjobs import session
from sparkjobs.config import Conf
from sparkjobs.config.references import scrubbed
from sparkjobs.errors import CheckFailedError, SparkjobsError
from sparkjobs.flow import run_job
from sparkjobs.outset import finish
from sparkjobs.plan import JobPlan, RunPlan
from sparkjobs.progress import Clock, Emit, Progress, Run
from sparkjobs.record import Event
from sparkjobs.results import JobResult, JobStatus, RunResult
from sparkjobs.shelf import Shelf
from sparkjobs.sql import refuse_expressions


@dataclass(frozen=True, slots=True)
class Orders:
    """How a plan is to be run."""

    run_id: str
    clock: Clock
    emit: Emit
    fail_fast: bool = False
    lock_wait_s: float = 0
    """How long to wait for a table that another run is writing."""


def execute(start: Callable[[Conf], SparkSession], conf: Conf, plan: RunPlan, orders: Orders) -> RunResult:
    """Run every job of `plan` that has a reason to; a failure skips what depends on it.

    `start` is called only when there is something to run.

    Raises:
        ConfigError: a rule or check holds an expression that may not run.
        SetupError: Delta's jars are missing.
    """
    clock, emit = orders.clock, orders.emit
    started, before = clock().isoformat(), time.monotonic()
    shelf = _shelf(start, conf, plan)
    run = Run(orders.run_id, plan, shelf, clock, emit, orders.lock_wait_s)
    emit(Event(started, "run_started", facts={"run_id": orders.run_id, "jobs": len(plan.jobs)}))
    results: dict[str, JobResult] = {}
    for job in plan.jobs:
        stopped = orders.fail_fast and any(one.status in ("fail", "error") for one in results.values())
        results[job.name] = _job(run, job, results, stopped=stopped)
        if shelf:
            shelf.release(job)
    result = RunResult(orders.run_id, started, time.monotonic() - before, tuple(results.values()))
    emit(Event(clock().isoformat(), "run_ended", facts={"failed": len(result.failed)}))
    return result


def _shelf(start: Callable[[Conf], SparkSession], conf: Conf, plan: RunPlan) -> Shelf | None:
    running = [job for job in plan.jobs if job.runs]
    if not running:
        return None
    spark = start(conf)
    if any(job.conf.output.format == "delta" for job in running):
        session.require_delta(spark)
    refuse_expressions(spark, conf, plan)
    return Shelf(spark, plan)


def _job(run: Run, job: JobPlan, results: dict[str, JobResult], *, stopped: bool) -> JobResult:
    started, before = run.clock().isoformat(), time.monotonic()
    draft = JobResult(job.name, "skipped", "", started, started, 0.0, str(job.table))
    progress = Progress()
    lost = [name for name in job.upstream if results[name].status in ("fail", "error", "skipped")]
    if lost or stopped:
        why = f"{', '.join(lost)} did not publish" if lost else "stopped by --fail-fast"
        draft = replace(draft, message=why)
    else:
        status, message, exit_code = _outcome(run, job, progress, results)
        draft = replace(draft, status=status, message=message, exit_code=exit_code)
    ended = replace(
        draft,
        completed=run.clock().isoformat(),
        seconds=time.monotonic() - before,
        ledgers=tuple(progress.ledgers),
        checks=progress.checks,
        staged=progress.staged.rows if progress.staged else None,
        published=progress.published,
        write_key=f"sparkjobs/{job.name}:{progress.manifest}" if progress.manifest else None,
    )
    run.emit(Event(ended.completed, "job_ended", job.name, _facts(ended)))
    return ended


def _outcome(
    run: Run, job: JobPlan, progress: Progress, results: dict[str, JobResult]
) -> tuple[JobStatus, str, int]:
    """Do what is to be done for `job`: how it ended, what is told of that, and the exit code."""
    try:
        if not job.runs or run.shelf is None:
            finish(run, job.name, job.table)
            return "no-op", "up to date", 0
        why = "; ".join(job.reasons)
        run.emit(Event(run.clock().isoformat(), "job_started", job.name, {"why": why}))
        run_job(run, run.shelf, job, progress, results)
    except SparkjobsError as error:
        status: JobStatus = "fail" if isinstance(error, CheckFailedError) else "error"
        return status, scrubbed(str(error)), error.exit_code
    except Exception as error:  # noqa: BLE001 (a bug met by one job hides nothing of the others)
        return "error", f"unexpected: {type(error).__name__}: {session.root_cause(error)}", 1
    return "success", why, 0


def _facts(ended: JobResult) -> dict[str, object]:
    return {
        "status": ended.status,
        "message": ended.message,
        "seconds": round(ended.seconds, 3),
        "read": sum(one.read for one in ended.ledgers),
        "quarantined": sum(one.quarantined for one in ended.ledgers),
        "published": ended.published.rows if ended.published else None,
    }
