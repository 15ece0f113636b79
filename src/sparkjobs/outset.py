"""The outset of a job: its table in order, its inputs as planned, and what it is about to do written down."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from secrets import token_hex
from threading import Lock

from sparkjobs.config.incremental import ByVersion
from sparkjobs.errors import InputError, StateMovedError, StateResetError, UpstreamRewrittenError
from sparkjobs.faults import reach
from sparkjobs.plan import Added, JobPlan, PlannedInput, Replayed, SourceInput, TableInput, Within
from sparkjobs.plan.decide import refuse_distrust
from sparkjobs.plan.increments import table_of, unread
from sparkjobs.plan.intervals import Interval, covers, extent_of
from sparkjobs.plan.versions import by_columns, changes
from sparkjobs.progress import Progress, Run, told
from sparkjobs.publish import Attempt, Standing, sweep
from sparkjobs.results import JobResult, Ledger, PartitionValues
from sparkjobs.shape import NeedsAllError
from sparkjobs.state import (
    Manifest,
    Outcome,
    begin,
    claim,
    interrupted,
    locked,
    look,
    read_outcome,
    recover,
    state_folder,
)
from sparkjobs.state.manifest import committed_chain


class PublishedMeanwhileError(Exception):
    """Another run has done the very work of this one since it was planned."""


def opened(run: Run, job: JobPlan, progress: Progress) -> Attempt:
    """Bring the state of `job`'s table in order, and write down what this attempt is about to do.

    Only under the table's lock.

    Raises:
        PublishedMeanwhileError: it is done.
        StateError: the table is not as it was planned from.
    """
    output = job.conf.output
    reach("begin.before")
    recover(job.table)
    state = look(job.name, job.table, output.format)
    pinned = tuple(one.pinned() for one in job.inputs)
    wanted = Manifest(job.name, 0, job.committed, run.run_id, job.code, job.fingerprint, pinned, job.mode)
    if state.committed != job.committed:
        for done in committed_chain(state.folder, state.committed):
            if done.same_work(wanted):
                raise PublishedMeanwhileError(f"run {done.run_id} has published it meanwhile")
        raise StateMovedError(job.name, job.committed, state.committed)
    if job.mode != "overwrite":
        refuse_distrust(job.name, job.table, state)
        if state.reset:
            raise StateResetError(job.name)
    claim(job.name, job.table, output.format)
    sweep(job.table, state.committed)
    manifest = begin(state.folder, wanted)
    progress.manifest, progress.kind = manifest.number, job.kind
    reach("manifest.written")
    return Attempt(job.name, job.table, output.format, manifest.number, run.run_id, token_hex(4))


def resolved(job: JobPlan, results: Mapping[str, JobResult]) -> JobPlan:
    """`job` with the versions that the jobs it reads have published in this run."""
    whole = resolved(job.whole, results) if job.whole else None
    return replace(job, inputs=tuple(_resolved(one, results) for one in job.inputs), whole=whole)


def refuse_rewritten(job: JobPlan) -> None:
    """Look again at what is taken by version: the plan could not, where its job ran in this run.

    Raises:
        UpstreamRewrittenError: rows that were taken before have been changed since.
        NeedsAllError: the same, and the conf says what to do then.
    """
    for one in job.inputs:
        if isinstance(one.part, Added):
            try:
                unread(job.name, one)
            except UpstreamRewrittenError as error:
                by = job.conf.incremental
                if isinstance(by, ByVersion) and by.on_rewrite == "full_refresh":
                    raise NeedsAllError from error
                raise


def lock_of(run: Run, job: str, table: Path) -> AbstractContextManager[object]:
    """The lock of `table`, for which `run` waits as long as it was told to."""
    return locked(job, state_folder(table), run.run_id, run.lock_wait_s, run.halt.wait)


def finish(run: Run, job: str, table: Path) -> None:
    """Finish a Parquet commit that a killed run has left half made, before anyone reads the table."""
    if interrupted(table):
        with (
            run.repairs.setdefault(table, Lock()),
            told(job, "finish its last commit"),
            lock_of(run, job, table),
        ):
            recover(table)


def refuse_moved(job: JobPlan, root: Path) -> None:
    """Hold the inputs to their pins. Delta keeps its old versions; files and Parquet tables do not.

    Raises:
        InputError: a file was changed since the plan was made.
        StateMovedError: a Parquet table was.
    """
    for one in job.inputs:
        if isinstance(one, SourceInput):
            if isinstance(one.part, Replayed):
                continue
            if problems := tuple(_changed(one, root)):
                fix = f"Leave files alone while they are read; `sparkjobs run {job.name}` plans anew."
                raise InputError(one.source, problems, fix)
        elif one.format == "parquet":
            found = look(one.job, one.path, one.format).version
            if found != one.version:
                raise StateMovedError(one.job, one.version or 0, found or 0)


def still_as_planned(job: JobPlan, root: Path) -> None:
    """Look once more before the commit: at what was read, and at what it was compared with.

    Raises:
        InputError: a file was changed since the plan was made.
        StateError: the table, or one that was read, was.
    """
    refuse_moved(job, root)
    if job.mode != "overwrite":
        refuse_distrust(job.name, job.table, look(job.name, job.table, job.conf.output.format))


def standing_of(job: JobPlan) -> Standing | None:
    """The table that a merge or a history is compared with; None where it is made anew."""
    if job.mode == "overwrite" or not job.committed:
        return None
    state = look(job.name, job.table, job.conf.output.format)
    numbers = tuple(manifest.number for manifest in committed_chain(state.folder, state.committed))
    newest = read_outcome(state.folder, state.committed).newest
    version = state.version if job.conf.output.format == "delta" else None
    return Standing(version, numbers, newest)


def planned_partitions(job: JobPlan) -> Callable[[PartitionValues], bool] | None:
    """Which partitions a run replaces as a whole; None for those that its result has rows for."""
    if job.mode != "overwrite_partitions":
        return None
    for one in job.inputs:
        match one.part:
            case Within(intervals=intervals):
                return partial(_covered, intervals)
            case Added(after=after, partitions=columns) if columns and one.version is not None:
                touched = changes(table_of(one), after, one.version).touched
                return (by_columns(touched, columns) or frozenset()).__contains__
            case _:
                continue
    return None


def _covered(intervals: tuple[Interval, ...], partition: PartitionValues) -> bool:
    """Whether the first partition column names a time that lies in `intervals` as a whole."""
    extent = extent_of(partition[0][1] or "")
    return extent is not None and covers(intervals, extent)


def outcome_of(job: JobPlan, ledgers: Iterable[Ledger], newest: str | None) -> Outcome:
    """What the rows of this run have brought about; what none of them has moved stays."""
    before = read_outcome(state_folder(job.table), job.committed) if job.mode != "overwrite" else Outcome()
    mark = next((one.high for one in ledgers if one.high is not None), before.mark)
    return Outcome(mark, before.newest if newest is None else newest)


def _resolved(one: PlannedInput, results: Mapping[str, JobResult]) -> PlannedInput:
    if not isinstance(one, TableInput) or one.version is not None:
        return one
    published = results[one.job].published
    state = look(one.job, one.path, one.format)
    # where another run has published it meanwhile, this one has not
    return replace(one, version=published.version if published else state.version, identity=state.identity)


def _changed(one: SourceInput, root: Path) -> Iterator[str]:
    for file in one.files:
        try:
            now = (root / file.path).stat()
        except OSError as error:
            yield f"{file.path}: {error.strerror}; it was there when the plan was made"
            continue
        if (now.st_size, now.st_mtime_ns) != (file.size, file.modified_ns):
            yield f"{file.path}: it was changed after the plan was made"
