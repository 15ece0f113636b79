"""The flow of one job: manifest, read, contract, function, stage, count, judge, commit."""

import os
import shutil
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import cache

from pyspark.sql import DataFrame, SparkSession

from sparkjobs import jvm
from sparkjobs.compaction import compacted
from sparkjobs.config import MergeOutput, Scd2Output
from sparkjobs.errors import CheckFailedError, PartialSnapshotError, ResultError
from sparkjobs.faults import reach
from sparkjobs.lineage.plans import tag
from sparkjobs.outset import (
    finish,
    lock_of,
    opened,
    outcome_of,
    planned_partitions,
    refuse_moved,
    refuse_rewritten,
    resolved,
    standing_of,
    still_as_planned,
)
from sparkjobs.plan import JobPlan, TableInput
from sparkjobs.progress import Progress, Run, step
from sparkjobs.publish import (
    Attempt,
    Changes,
    commit,
    find_changes,
    kept_rows,
    put_unseen_in_force,
    refuse,
    replacing,
    stage,
    staged_rows,
)
from sparkjobs.quality import Given, Rejected, blocks, estimated, history_of, judge, settle, tally, warned
from sparkjobs.query import with_views
from sparkjobs.results import CheckResult, Estimates, JobResult, Ledger, Published, Staged
from sparkjobs.shape import NeedsAllError, Shape, alter, shaped
from sparkjobs.shelf import Opened, Shelf
from sparkjobs.state import look, recover, remember, state_folder, write_outcome
from sparkjobs.state.durable import sync
from sparkjobs.transform import params_of, transform


def run_job(
    run: Run, shelf: Shelf, job: JobPlan, progress: Progress, results: Mapping[str, JobResult]
) -> None:
    """One job, under the lock of its table; all over with every row if only then that shows to be needed.

    Raises:
        SparkjobsError: whatever stopped it; the table is then as it was.
    """
    job = resolved(job, results)
    try:
        refuse_rewritten(job)
        _flow(run, shelf, job, progress)
    except NeedsAllError:
        assert job.whole is not None, job.name  # noqa: S101 (raised only where the plan has it)
        _flow(run, shelf, job.whole, progress)


def _flow(run: Run, shelf: Shelf, job: JobPlan, progress: Progress) -> None:
    """The flow of the whole program."""
    spark = shelf.session(job)
    jvm.label(spark, run.run_id, job.name)
    with ExitStack() as held:
        with step(run, job.name, "begin"):
            held.enter_context(lock_of(run, job.name, job.table))
            attempt = opened(run, job, progress)
        with step(run, job.name, "read"):
            inputs, params = _inputs(run, shelf, spark, job), params_of(job)
        reach("transform.before")
        frames = with_views(spark, job, {name: _known(run, name, one.frame) for name, one in inputs.items()})
        progress.frame = frame = transform(spark, job, frames, params)
        looked_at = {name for name, one in inputs.items() if one.was_read(spark)}
        with step(run, job.name, "stage"):
            frame, shape = _fitting(job, frame)
            progress.staged = staged = _staged(spark, attempt, job, frame)
        with step(run, job.name, "count"):
            progress.ledgers = _ledgers(spark, attempt, inputs, frame, looked_at)
        progress.checks = tuple(result for one in progress.ledgers for result in warned(one))
        _refuse_partial(job, attempt, progress.ledgers)
        reach("counted")
        with step(run, job.name, "judge"):
            changes = _compared(spark, attempt, job, staged)
            progress.judged = rows = _coming(changes)
            kept = kept_rows(spark, attempt, changes, job.mode, exists=job.committed > 0)
            past = history_of(rows, job.kind, run.now, run.past.get(job.name, ()))
            given = Given(run.now, frames, kept, _distinct(frame, changes), past)
            coming = staged_rows(spark, rows)
            progress.checks += judge(spark, job.checks, rows, coming, given)
        _refuse_blocked(job, rows, progress.checks)
        progress.estimates = _estimated(run, job, coming)
        reach("judged")
        with run.halt.held_back(job.name), step(run, job.name, "commit"):
            still_as_planned(job, run.plan.root)
            alter(spark, job, shape)
            _put_in_force(attempt, job, progress, changes)
            progress.published = _committed(spark, attempt, changes, job)
            _close(attempt)
        compacted(run, spark, attempt, job, progress)


def _estimated(run: Run, job: JobPlan, rows: DataFrame) -> Mapping[str, Estimates]:
    """What conf wants to know of the columns of a good result."""
    if not job.conf.profile:
        return {}
    with step(run, job.name, "profile"):
        return estimated(rows)


def _distinct(frame: DataFrame, changes: Staged | Changes) -> Callable[[], tuple[frozenset[str], ...]]:
    """The keys of the rows that are judged, where these are the result and nothing else."""
    return cache(lambda: () if isinstance(changes, Changes) else jvm.distinct_keys(frame))


def _inputs(run: Run, shelf: Shelf, spark: SparkSession, job: JobPlan) -> dict[str, Opened]:
    for one in job.inputs:
        if isinstance(one, TableInput):
            finish(run, one.job, one.path)
    refuse_moved(job, run.plan.root)
    return {one.name: shelf.open(spark, job, one, one.version) for one in job.inputs}


def _known(run: Run, name: str, frame: DataFrame) -> DataFrame:
    """An input as its job gets it; where the plan is looked at later, it can be told apart in it."""
    return frame.alias(tag(name)) if run.reporter else frame


def _fitting(job: JobPlan, frame: DataFrame) -> tuple[DataFrame, Shape]:
    """The result as its output takes it, and what the table needs before."""
    if problem := refuse(frame, job.conf.output):
        raise ResultError(job.name, problem)
    return shaped(job, frame)


def _compared(spark: SparkSession, attempt: Attempt, job: JobPlan, staged: Staged) -> Staged | Changes:
    """What of the staged result comes into the table: all of it, or what differs from what is there."""
    output = job.conf.output
    if not isinstance(output, MergeOutput | Scd2Output):
        return staged
    return find_changes(spark, attempt, staged, output, standing_of(job))


def _coming(changes: Staged | Changes) -> Staged:
    """The rows that come into the table."""
    return changes.rows if isinstance(changes, Changes) else changes


def _staged(spark: SparkSession, attempt: Attempt, job: JobPlan, frame: DataFrame) -> Staged:
    """The result on disk, with the partitions that it empties."""
    merges = isinstance(job.conf.output, MergeOutput | Scd2Output)
    staged = stage(spark, frame, job.conf.output, attempt.result if merges else attempt.data)
    if planned := planned_partitions(job):
        staged = replacing(attempt, staged, planned)
    reach("staged")
    return staged


def _ledgers(
    spark: SparkSession,
    attempt: Attempt,
    inputs: dict[str, Opened],
    result: DataFrame,
    looked_at: Collection[str],
) -> list[Ledger]:
    """The ledger of each input; those that the function has `looked_at` are counted anew."""
    once = jvm.reads_once(result)
    return [
        _ledger(spark, attempt, name, one, read_once=once and name not in looked_at)
        for name, one in inputs.items()
    ]


def _ledger(spark: SparkSession, attempt: Attempt, name: str, one: Opened, *, read_once: bool) -> Ledger:
    if one.counted is not None:
        return tally(spark, attempt.run_id, attempt.job, name, one.counted, read_once=read_once)
    if one.contracted is None:
        return Ledger(name, one.rows, one.rows, 0)
    rejected = Rejected(attempt.job, name, attempt.number, attempt.run_id)
    folder = attempt.scratch / "quarantine" / name
    return settle(spark, one.contracted, rejected, folder, read_once=read_once)


def _refuse_partial(job: JobPlan, attempt: Attempt, ledgers: list[Ledger]) -> None:
    """A key whose row was rejected is not absent from its snapshot."""
    output = job.conf.output
    if isinstance(output, Scd2Output) and output.absent_keys == "close":
        for one in ledgers:
            if one.quarantined and not job.conf.inputs[one.input].lookup:
                folder = attempt.scratch / "quarantine" / one.input
                raise PartialSnapshotError(job.name, one.input, one.quarantined, str(folder))


def _refuse_blocked(job: JobPlan, staged: Staged, checks: tuple[CheckResult, ...]) -> None:
    failed = tuple(f"{one.name} failed: {one.observed} ({one.source})" for one in checks if blocks(one))
    if failed:
        raise CheckFailedError(job.name, failed, str(staged.folder))


def _put_in_force(attempt: Attempt, job: JobPlan, progress: Progress, changes: Staged | Changes) -> None:
    """Move what belongs to the manifest to where the commit puts it in force."""
    reach("quarantine.before")
    rejected = attempt.scratch / "quarantine"
    if rejected.exists():
        attempt.quarantine.parent.mkdir(parents=True, exist_ok=True)
        os.replace(rejected, attempt.quarantine)  # noqa: PTH105 (atomic, and must not exist)
        for folder in (attempt.quarantine, *attempt.quarantine.parents[:2]):
            sync(folder)
    reach("quarantine.after")
    high, unseen = None, False
    if isinstance(changes, Changes):
        put_unseen_in_force(attempt, changes)
        high, unseen = changes.high, changes.unseen is not None
    outcome = replace(outcome_of(job, progress.ledgers, high), unseen=unseen)
    write_outcome(state_folder(job.table), attempt.number, outcome)
    reach("outcome.written")


def _committed(spark: SparkSession, attempt: Attempt, changes: Staged | Changes, job: JobPlan) -> Published:
    try:
        return commit(spark, attempt, changes, job.mode)
    except Exception:
        if published := _published_after_all(attempt, _coming(changes)):
            return published
        raise


def _close(attempt: Attempt) -> None:
    """What follows a commit; a crash here loses nothing."""
    reach("close.before")
    if attempt.format == "delta":
        with suppress(OSError):
            remember(attempt.table, attempt.number)
    shutil.rmtree(attempt.scratch, ignore_errors=True)
    reach("close.after")


def _published_after_all(attempt: Attempt, staged: Staged) -> Published | None:
    """What a commit published that failed only after it took effect; None when it took none."""
    recover(attempt.table)
    state = look(attempt.job, attempt.table, attempt.format)
    if state.committed != attempt.number or state.version is None:
        return None
    return Published(state.version, staged.rows, len(staged.files), staged.size)
