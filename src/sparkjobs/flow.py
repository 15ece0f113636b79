"""The flow of one job: manifest, read, contract, function, stage, count, judge, commit."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from traceback import extract_tb

from deltalake.exceptions import DeltaError
from py4j.protocol import Py4JError
from pyarrow import ArrowException
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from sparkjobs import session
from sparkjobs.config.references import revealed, scrubbed
from sparkjobs.errors import CheckFailedError, FunctionError, ResultError, StateMovedError, StepError
from sparkjobs.faults import reach
from sparkjobs.plan import JobPlan, PlannedInput, RunPlan, TableInput
from sparkjobs.publish import (
    Attempt,
    commit,
    interrupted,
    kept_rows,
    recover,
    refuse,
    stage,
    staged_rows,
    sweep,
)
from sparkjobs.quality import Rejected, blocks, judge, settle
from sparkjobs.record import Event
from sparkjobs.results import CheckResult, JobResult, Ledger, Published, Staged
from sparkjobs.shelf import Opened, Shelf
from sparkjobs.state import Manifest, begin, claim, locked, look, state_folder

Clock = Callable[[], datetime]
Emit = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Run:
    """What stays the same for all jobs of a run."""

    run_id: str
    plan: RunPlan
    shelf: Shelf | None
    """None when nothing runs."""
    clock: Clock
    emit: Emit


@dataclass(slots=True)
class Progress:
    """How far a job came: what its result can tell even when it fails."""

    step: str = "start"
    manifest: int | None = None
    ledgers: list[Ledger] = field(default_factory=list)
    staged: Staged | None = None
    checks: tuple[CheckResult, ...] = ()
    published: Published | None = None


def run_job(run: Run, shelf: Shelf, job: JobPlan, progress: Progress, results: dict[str, JobResult]) -> None:
    """One job, under the lock of its table: the flow of the whole program.

    Raises:
        SparkjobsError: whatever stopped it; the table is then as it was.
    """
    spark, output = shelf.spark, job.conf.output
    session.label(spark, run.run_id, job.name)
    with locked(job.name, state_folder(job.table), run.run_id):
        attempt = _begin(run, job, progress, results)
        for one in job.inputs:
            if isinstance(one, TableInput):
                finish(run, one.job, one.path)
        with _step(run, job, progress, "read"):
            inputs = {one.name: shelf.open(job, one, _version(one, results)) for one in job.inputs}
        frame = _transform(job, {name: one.frame for name, one in inputs.items()})
        with _step(run, job, progress, "stage"):
            if problem := refuse(frame, output):
                raise ResultError(job.name, problem)
            progress.staged = staged = stage(spark, frame, output, attempt.data)
        reach("staged")
        with _step(run, job, progress, "count"):
            whole = not session.stops_early(frame)
            progress.ledgers = [_ledger(spark, attempt, name, one, whole) for name, one in inputs.items()]
        with _step(run, job, progress, "judge"):
            kept = kept_rows(spark, attempt, staged, job.mode, exists=job.committed > 0)
            progress.checks = judge(spark, job.conf.checks, staged, staged_rows(spark, staged), kept)
        _refuse_blocked(job, staged, progress.checks)
        with _step(run, job, progress, "commit"):
            _put_in_force(attempt)
            progress.published = commit(spark, attempt, staged, job.mode)
            shutil.rmtree(attempt.scratch, ignore_errors=True)


def _begin(run: Run, job: JobPlan, progress: Progress, results: dict[str, JobResult]) -> Attempt:
    """Bring the table's state in order, and write down what this attempt is about to do."""
    output = job.conf.output
    recover(job.table)
    state = look(job.name, job.table, output.format)
    if state.committed != job.committed:
        raise StateMovedError(job.name, job.committed, state.committed)
    claim(job.name, job.table, output.format)
    sweep(job.table, state.committed)
    pinned = tuple({**one.pinned(), "version": _version(one, results)} for one in job.inputs)
    wanted = Manifest(job.name, 0, state.committed, run.run_id, job.code, job.fingerprint, pinned)
    manifest = begin(state.folder, wanted)
    progress.manifest = manifest.number
    reach("manifest.written")
    return Attempt(job.name, job.table, output.format, manifest.number, run.run_id, token_hex(4))


def finish(run: Run, job: str, table: Path) -> None:
    """Finish a Parquet commit that a killed run has left half made, before anyone reads the table."""
    if interrupted(table):
        with locked(job, state_folder(table), run.run_id):
            recover(table)


def _version(one: PlannedInput, results: dict[str, JobResult]) -> int | None:
    """The version of a table input: planned, or as its job has published it in this run."""
    if not isinstance(one, TableInput) or one.version is not None:
        return one.version
    published = results[one.job].published
    return published.version if published else None


def _transform(job: JobPlan, frames: dict[str, DataFrame]) -> DataFrame:
    """Call the job's function. What it raises is told with its place."""
    params = {name: _in_clear(value) for name, value in job.conf.params.items()}
    try:
        frame = job.function.function(**frames, **params)
    except Exception as error:  # the one place where anything may come: it is the user's code
        own = [frame for frame in extract_tb(error.__traceback__) if frame.filename == job.function.file]
        place = f"{own[-1].filename}:{own[-1].lineno}" if own else job.function.place
        cause = scrubbed(f"{type(error).__name__}: {session.root_cause(error)}")
        raise FunctionError(job.name, place, cause) from error
    if not isinstance(frame, DataFrame):
        raise ResultError(job.name, f"its function returned {type(frame).__name__}, not a DataFrame.")
    return frame


def _in_clear(value: object) -> object:
    """A param with its secrets revealed; from here on messages and records are scrubbed of them."""
    return revealed(value, os.environ) if isinstance(value, str) else value


def _ledger(spark: SparkSession, attempt: Attempt, name: str, opened: Opened, whole: bool) -> Ledger:  # noqa: FBT001
    if opened.contracted is None:
        return Ledger(name, opened.rows, opened.rows, 0)
    rejected = Rejected(attempt.job, name, attempt.number, attempt.run_id)
    folder = attempt.scratch / "quarantine" / name
    return settle(spark, opened.contracted, rejected, folder, read_whole=whole)


def _refuse_blocked(job: JobPlan, staged: Staged, checks: tuple[CheckResult, ...]) -> None:
    failed = tuple(f"{one.name} failed: {one.observed} ({one.source})" for one in checks if blocks(one))
    if failed:
        raise CheckFailedError(job.name, failed, str(staged.folder))


def _put_in_force(attempt: Attempt) -> None:
    """Move the quarantine to where the commit puts it in force."""
    reach("quarantine.before")
    rejected = attempt.scratch / "quarantine"
    if rejected.exists():
        attempt.quarantine.parent.mkdir(parents=True, exist_ok=True)
        os.replace(rejected, attempt.quarantine)  # noqa: PTH105 (atomic, and must not exist)


@contextmanager
def _step(run: Run, job: JobPlan, progress: Progress, step: str) -> Iterator[None]:
    """One step of the flow; what fails inside it becomes a StepError that names it."""
    progress.step = step
    run.emit(Event(run.clock().isoformat(), "step", job.name, {"step": step}))
    try:
        yield
    except (PySparkException, Py4JError, DeltaError, ArrowException, OSError) as error:
        raise StepError(job.name, step, scrubbed(session.root_cause(error))) from error
