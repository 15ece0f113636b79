"""The flow of one job: manifest, read, contract, function, stage, count, judge, commit."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
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
from sparkjobs.config.references import UnknownReferenceError, revealed
from sparkjobs.errors import (
    CheckFailedError,
    ForeignCommitError,
    FunctionError,
    InputError,
    ResultError,
    StateMovedError,
    StepError,
)
from sparkjobs.faults import reach
from sparkjobs.plan import JobPlan, PlannedInput, RunPlan, SourceInput, TableInput
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
from sparkjobs.state.durable import sync

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
    with ExitStack() as held:
        with _step(run, job, "begin"):
            held.enter_context(locked(job.name, state_folder(job.table), run.run_id))
            attempt = _begin(run, job, progress, results)
        with _step(run, job, "read"):
            for one in job.inputs:
                if isinstance(one, TableInput):
                    finish(run, one.job, one.path)
            _refuse_moved(run, job, results)
            inputs = {one.name: shelf.open(job, one, _version(one, results)) for one in job.inputs}
            params = {name: _in_clear(value) for name, value in job.conf.params.items()}
        frame = _transform(job, {name: one.frame for name, one in inputs.items()}, params)
        with _step(run, job, "stage"):
            if problem := refuse(frame, output):
                raise ResultError(job.name, problem)
            progress.staged = staged = stage(spark, frame, output, attempt.data)
        reach("staged")
        with _step(run, job, "count"):
            whole = not session.stops_early(frame)
            progress.ledgers = [_ledger(spark, attempt, name, one, whole) for name, one in inputs.items()]
        with _step(run, job, "judge"):
            kept = kept_rows(spark, attempt, staged, job.mode, exists=job.committed > 0)
            progress.checks = judge(spark, job.conf.checks, staged, staged_rows(spark, staged), kept)
        _refuse_blocked(job, staged, progress.checks)
        with _step(run, job, "commit"):
            _refuse_moved(run, job, results)
            _put_in_force(attempt)
            progress.published = _committed(spark, attempt, staged, job)
            shutil.rmtree(attempt.scratch, ignore_errors=True)


def _begin(run: Run, job: JobPlan, progress: Progress, results: dict[str, JobResult]) -> Attempt:
    """Bring the table's state in order, and write down what this attempt is about to do."""
    output = job.conf.output
    recover(job.table)
    state = look(job.name, job.table, output.format)
    if state.committed != job.committed:
        raise StateMovedError(job.name, job.committed, state.committed)
    if state.foreign and job.mode != "overwrite":
        raise ForeignCommitError(job.name, *state.foreign)
    claim(job.name, job.table, output.format)
    sweep(job.table, state.committed)
    pinned = tuple({**one.pinned(), "version": _version(one, results)} for one in job.inputs)
    wanted = Manifest(job.name, 0, state.committed, run.run_id, job.code, job.fingerprint, pinned, job.mode)
    manifest = begin(state.folder, wanted)
    progress.manifest = manifest.number
    reach("manifest.written")
    return Attempt(job.name, job.table, output.format, manifest.number, run.run_id, token_hex(4))


def finish(run: Run, job: str, table: Path) -> None:
    """Finish a Parquet commit that a killed run has left half made, before anyone reads the table."""
    if interrupted(table):
        with _told(job, "finish its last commit"), locked(job, state_folder(table), run.run_id):
            recover(table)


def _version(one: PlannedInput, results: dict[str, JobResult]) -> int | None:
    """The version of a table input: planned, or as its job has published it in this run."""
    if not isinstance(one, TableInput) or one.version is not None:
        return one.version
    published = results[one.job].published
    return published.version if published else None


def _refuse_moved(run: Run, job: JobPlan, results: dict[str, JobResult]) -> None:
    """Hold the inputs to their pins. Delta keeps its old versions; files and Parquet tables do not."""
    for one in job.inputs:
        if isinstance(one, SourceInput):
            if problems := tuple(_changed(one, run.plan.root)):
                fix = f"Leave files alone while they are read; `sparkjobs run {job.name}` plans anew."
                raise InputError(one.source, problems, fix)
        elif one.format == "parquet":
            wanted, found = _version(one, results), look(one.job, one.path, one.format).version
            if found != wanted:
                raise StateMovedError(one.job, wanted or 0, found or 0)


def _changed(one: SourceInput, root: Path) -> Iterator[str]:
    for file in one.files:
        try:
            now = (root / file.path).stat()
        except OSError as error:
            yield f"{file.path}: {error.strerror}; it was there when the plan was made"
            continue
        if (now.st_size, now.st_mtime_ns) != (file.size, file.modified_ns):
            yield f"{file.path}: it was changed after the plan was made"


def _transform(job: JobPlan, frames: dict[str, DataFrame], params: dict[str, object]) -> DataFrame:
    """Call the job's function. What it raises is told with its place."""
    try:
        frame = job.function.function(**frames, **params)
    except Exception as error:  # the one place where anything may come: it is the user's code
        own = [frame for frame in extract_tb(error.__traceback__) if frame.filename == job.function.file]
        place = f"{own[-1].filename}:{own[-1].lineno}" if own else job.function.place
        cause = f"{type(error).__name__}: {session.root_cause(error)}"
        raise FunctionError(job.name, place, cause) from error
    if not isinstance(frame, DataFrame):
        raise ResultError(job.name, f"its function returned {type(frame).__name__}, not a DataFrame.")
    return frame


def _in_clear(value: object) -> object:
    """A param with its secrets revealed; from here on messages and records are scrubbed of them."""
    if isinstance(value, tuple):
        return tuple(map(_in_clear, value))
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
        for folder in (attempt.quarantine, *attempt.quarantine.parents[:2]):
            sync(folder)


def _committed(spark: SparkSession, attempt: Attempt, staged: Staged, job: JobPlan) -> Published:
    try:
        return commit(spark, attempt, staged, job.mode)
    except Exception:
        if published := _published_after_all(attempt, staged):
            return published
        raise


def _published_after_all(attempt: Attempt, staged: Staged) -> Published | None:
    """What a commit published that failed only after it took effect; None when it took none."""
    recover(attempt.table)
    state = look(attempt.job, attempt.table, attempt.format)
    if state.committed != attempt.number or state.version is None:
        return None
    return Published(state.version, staged.rows, len(staged.files), staged.size)


@contextmanager
def _step(run: Run, job: JobPlan, step: str) -> Iterator[None]:
    """One step of the flow; what fails inside it becomes a StepError that names it."""
    run.emit(Event(run.clock().isoformat(), "step", job.name, {"step": step}))
    with _told(job.name, step):
        yield


@contextmanager
def _told(job: str, step: str) -> Iterator[None]:
    try:
        yield
    except (PySparkException, Py4JError, DeltaError, ArrowException, OSError, UnknownReferenceError) as error:
        raise StepError(job, step, session.root_cause(error)) from error
