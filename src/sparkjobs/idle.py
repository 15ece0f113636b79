"""A run in which no job has anything to do: told as any run is, and without what Spark takes to import."""

import time
from collections.abc import Callable
from datetime import datetime

from sparkjobs.plan import RunPlan
from sparkjobs.record import Event, job_ended
from sparkjobs.results import JobResult, RunResult
from sparkjobs.state import interrupted


def is_idle(plan: RunPlan) -> bool:
    """Whether nothing of `plan` runs, and no table of it waits for the end of a commit."""
    return not any(job.runs or interrupted(job.table) for job in plan.jobs)


def idle(
    plan: RunPlan, run_id: str, clock: Callable[[], datetime], emit: Callable[[Event], None]
) -> RunResult:
    """The result of `plan`, of which `is_idle` holds: what `run.execute` would make of it."""
    started, before = clock().isoformat(), time.monotonic()
    emit(Event(started, "run_started", facts={"run_id": run_id, "jobs": len(plan.jobs)}))
    jobs = []
    for job in plan.jobs:
        now = clock().isoformat()
        jobs.append(JobResult(job.name, "no-op", "up to date", now, now, 0.0, str(job.table)))
        emit(job_ended(jobs[-1]))
    emit(Event(clock().isoformat(), "run_ended", facts={"failed": 0}))
    return RunResult(run_id, started, time.monotonic() - before, tuple(jobs))
