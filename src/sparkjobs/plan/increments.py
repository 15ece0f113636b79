"""What an incremental job takes of its input in this run, found from what the table's manifests say."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, assert_never

from sparkjobs.config.incremental import ByColumn, ByFiles, ByInterval, ByVersion, instant_of
from sparkjobs.config.sources import DeltaSource
from sparkjobs.errors import UpstreamRewrittenError
from sparkjobs.plan.intervals import Interval, covers, joined, whole
from sparkjobs.plan.model import FileGroup, JobPlan, PlannedInput, SourceInput, TableInput, Window
from sparkjobs.plan.parts import Added, Since, Within
from sparkjobs.plan.versions import by_columns, changes, only_compacted
from sparkjobs.state import Manifest, TableState, read_outcome
from sparkjobs.state.manifest import committed_chain


@dataclass(frozen=True, slots=True)
class Take:
    """The input as it is taken, why, and what its author should know."""

    planned: PlannedInput
    reasons: tuple[str, ...]
    """Empty when nothing is new."""
    warnings: tuple[str, ...] = ()


def everything(job: JobPlan, one: PlannedInput, window: Window) -> PlannedInput:
    """The input as a first run or a full refresh takes it."""
    match job.conf.incremental:
        case ByColumn() as by:
            return replace(one, part=Since(by.column, None, by.lookback, window.now))
        case ByInterval() as by:
            return replace(one, part=Within(by.column, joined(_wanted(by, window))))
        case _:
            return one


def news(job: JobPlan, one: PlannedInput, state: TableState, window: Window) -> Take:
    """What `one` holds that the table's manifests do not.

    Raises:
        UpstreamRewrittenError: rows that were published before have been changed.
        DamagedStateError: a manifest or an outcome is not as it was written.
    """
    match job.conf.incremental:
        case ByFiles():
            assert isinstance(one, SourceInput), one.name  # noqa: S101 (the graph has checked it)
            return _files(one, state)
        case ByVersion():
            return _versions(job, one, state)
        case ByColumn() as by:
            mark = read_outcome(state.folder, state.committed).mark
            part = Since(by.column, mark, by.lookback, window.now)
            return Take(replace(one, part=part), _moved(one, _entry(state.manifest, one)))
        case ByInterval() as by:
            return _intervals(by, one, state, window)
        case None:
            return Take(one, ())
        case other:
            assert_never(other)


def _files(one: SourceInput, state: TableState) -> Take:
    published = {
        tuple(file)
        for manifest in committed_chain(state.folder, state.committed)
        for file in (_entry(manifest, one) or {}).get("files", ())
    }
    known = {path for path, *_ in published}
    fresh = {file for file in one.files if (file.path, file.size, file.modified_ns) not in published}
    changed = sum(file.path in known for file in fresh)
    gone = known - {file.path for file in one.files}
    groups = tuple(
        FileGroup(group.columns, group.header, files)
        for group in one.groups
        if (files := tuple(file for file in group.files if file in fresh))
    )
    counts = {"new": len(fresh) - changed, "changed": changed}
    told = ", ".join(f"{count} {word} files" for word, count in counts.items() if count)
    left = f"{one.source}: {len(gone)} files that were published are gone, such as {min(gone, default='')}"
    return Take(
        replace(one, groups=groups),
        (f"{one.source} has {told}",) if fresh else (),
        (f"{left}; their rows stay",) if gone else (),
    )


def _versions(job: JobPlan, one: PlannedInput, state: TableState) -> Take:
    before = _entry(state.manifest, one) or {}
    after, columns = before.get("version"), job.conf.output.partition_by
    partitions = columns if job.mode == "overwrite_partitions" else ()
    if after is None:
        raise UpstreamRewrittenError(job.name, one.name, "no manifest says which version was taken last")
    taken = replace(one, part=Added(after, partitions, before.get("table")))
    if one.version is None:
        return Take(taken, _moved(one, before))
    if news := unread(job.name, taken):
        return Take(taken, (f"{_called(one)} has {news} after version {after}",))
    return Take(taken, ())


def unread(job: str, one: PlannedInput) -> str | None:
    """What is new in the versions that `one` takes; None for nothing.

    Raises:
        UpstreamRewrittenError: the added rows are not all that changed.
    """
    assert isinstance(one.part, Added), one.name  # noqa: S101 (asked for nothing else)
    assert one.version is not None, one.name  # noqa: S101 (the same)
    found = changes(table_of(one), one.part.after, one.version)
    lost = found.untold
    if one.part.identity not in (None, one.identity):
        lost = "the table was made anew"
    if lost:
        raise UpstreamRewrittenError(job, one.name, lost)
    if one.part.partitions:
        if by_columns(found.touched, one.part.partitions) is None:
            told = f"it is not partitioned by {', '.join(one.part.partitions)}"
            raise UpstreamRewrittenError(job, one.name, told)
        return f"{len(found.touched)} changed partitions" if found.touched else None
    if found.rewritten:
        raise UpstreamRewrittenError(job, one.name, found.rewritten)
    return f"{len(found.added)} added files" if found.added else None


def table_of(one: PlannedInput) -> Path:
    """Where the Delta table of a source or job lies."""
    if isinstance(one, TableInput):
        return one.path
    assert isinstance(one.conf, DeltaSource), one.name  # noqa: S101 (the graph has checked it)
    return Path(one.conf.path)


def _intervals(by: ByInterval, one: PlannedInput, state: TableState, window: Window) -> Take:
    chain = [(_entry(manifest, one) or {}) for manifest in committed_chain(state.folder, state.committed)]
    published = joined(span for entry in chain for span in _spans(entry))
    wanted = list(_wanted(by, window))
    if window.start or window.end:
        part = Within(by.column, joined(wanted))
        told = ", ".join(map(str, part.intervals[:3]))
        return Take(replace(one, part=part), (f"backfill of {told}",) if wanted else ())
    missing = [each for each in wanted if not covers(published, each)]
    done = [each for each in wanted if covers(published, each)][-by.lookback :] if by.lookback else []
    reopened = [each for each in done if missing or _moved_since(one, chain, each)]
    part = Within(by.column, joined([*missing, *reopened]))
    counts = {"missing": len(missing), "re-opened for late rows": len(reopened)}
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return Take(replace(one, part=part), (f"{_called(one)}: intervals {told}",) if told else ())


def _wanted(by: ByInterval, window: Window) -> Iterator[Interval]:
    """The intervals a table should hold, or those of a backfill; none that is not over yet."""
    until = min(window.now, instant_of(by.end)) if by.end else window.now
    first = instant_of(by.start)
    span = whole(first, until, by.every)
    if window.start is None and window.end is None:
        return span
    since, to = window.start or first, window.end or until
    return (each for each in span if each.end > since and each.start < to)


def _moved_since(one: PlannedInput, chain: list[dict[str, Any]], each: Interval) -> bool:
    """Whether `one` is not as it was when `each` was last published."""
    last = next(entry for entry in chain if covers(joined(_spans(entry)), each))
    return bool(_moved(one, last))


def _moved(one: PlannedInput, before: dict[str, Any] | None) -> tuple[str, ...]:
    if isinstance(one, TableInput) and one.version is None:
        return (f"{one.job} runs",)
    pins = ("version", "files", "table")
    now = pinned_as(one, before)
    if before is not None and all(before.get(pin) == now.get(pin) for pin in pins):
        return ()
    return (f"{_called(one)} has changed",)


def pinned_as(one: PlannedInput, before: dict[str, Any] | None) -> dict[str, Any]:
    """The entry of `one`, with the version of the entry `before` where it has the very rows of it."""
    after = (before or {}).get("version")
    if after is not None and one.version is not None and only_compacted(table_of(one), after, one.version):
        return {**one.pinned(), "version": after}
    return one.pinned()


def _called(one: PlannedInput) -> str:
    return one.source if isinstance(one, SourceInput) else one.job


def _spans(entry: dict[str, Any]) -> list[Interval]:
    spans = (entry.get("part") or {}).get("intervals", ())
    return [Interval(instant_of(start), instant_of(end)) for start, end in spans]


def _entry(manifest: Manifest | None, one: PlannedInput) -> dict[str, Any] | None:
    return next((entry for entry in manifest.inputs if entry["name"] == one.name), None) if manifest else None
