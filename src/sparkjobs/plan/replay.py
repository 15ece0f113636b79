"""A replay: a job takes the rows that it has rejected before, and nothing else."""

import json
from dataclasses import replace
from typing import Any

from sparkjobs.config import JobConf, MergeOutput, Scd2Output
from sparkjobs.errors import LogicChangedError, UsageError
from sparkjobs.plan.fits import taken
from sparkjobs.plan.model import File, FileGroup, JobPlan, PlannedInput, SourceInput
from sparkjobs.plan.parts import Batch, Replayed
from sparkjobs.plan.reasons import changed_logic, stale_lookups
from sparkjobs.state import TableState
from sparkjobs.state.quarantine import Kept, lines, waiting

_ADDS = ("append", "merge", "scd2")


def replayed(job: JobPlan, state: TableState) -> JobPlan:
    """`job` as it takes what waits in its quarantine; it does not run when nothing waits.

    Raises:
        UsageError: rows cannot be added to its table by themselves.
        LogicChangedError: the job is not what its table was made with.
        LostManifestError: the manifests do not go back to the first.
    """
    if why := _cannot(job.conf):
        raise UsageError(f"{job.name!r} cannot replay rejected rows: {why}", _instead(job))
    kept = kept_rows(job.conf, state)
    name = taken(job.conf)
    rows = [one for one in kept if one.input == name]
    if not rows or state.manifest is None:
        return job
    changed = changed_logic(job, state.manifest)
    if changed and job.conf.incremental is not None:
        raise LogicChangedError(job.name, changed)
    part = Replayed(tuple(Batch(one.number, one.folder, _read_again(one)) for one in rows))
    before = next((entry for entry in state.manifest.inputs if entry["name"] == name), {})
    inputs = tuple(_again(one, part, before) if one.name == name else one for one in job.inputs)
    warnings = (*job.warnings, *stale_lookups(job, state.manifest))
    return replace(job, inputs=inputs, reasons=(f"{name}: {part}",), warnings=warnings)


def kept_rows(conf: JobConf, state: TableState) -> tuple[Kept, ...]:
    """What waits in the quarantine of a job's table.

    Raises:
        LostManifestError: the manifests do not go back to the first.
    """
    adds = conf.incremental is not None or conf.output.mode == "append"
    whole = frozenset(name for name, one in conf.inputs.items() if one.lookup or not adds)
    return waiting(state.folder, state.committed, whole)


def _read_again(kept: Kept) -> tuple[str, ...]:
    """The files of its records that a later manifest has read again."""
    files = {json.loads(line)["file"] for line in lines(kept.folder)}
    return tuple(sorted(file for file in files if kept.is_read_again(file)))


def _cannot(conf: JobConf) -> str | None:
    """Why rows cannot be added to what the job has published; None when they can."""
    if conf.output.mode not in _ADDS:
        return f"mode {conf.output.mode} replaces what is there."
    if isinstance(conf.output, MergeOutput) and not conf.output.order_by:
        return "without `order_by`, an older row would replace a newer one."
    if isinstance(conf.output, Scd2Output) and conf.output.absent_keys == "close":
        return "`absent_keys: close` would end the history of every key that was not rejected."
    if sum(not one.lookup for one in conf.inputs.values()) > 1:
        return "it takes the rows of several inputs together."
    if conf.incremental is None and conf.output.mode != "append":
        return "each of its runs reads everything."
    return None


def _instead(job: JobPlan) -> str:
    if job.conf.incremental is None:
        return f"`sparkjobs run {job.name}` reads everything again, under its contract of now."
    return f"`sparkjobs run {job.name} --full-refresh` reads everything again, under its contract of now."


def _again(one: PlannedInput, part: Replayed, before: dict[str, Any]) -> PlannedInput:
    """The input with its rejected rows in the place of new ones; its manifest goes on from the last."""
    assert isinstance(one, SourceInput), one.name  # noqa: S101 (no row of a job's table is rejected)
    files = tuple(File(*file) for file in before.get("files") or ())
    groups = (FileGroup((), "", files),) if files else ()
    version, identity = before.get("version"), before.get("table")
    return replace(one, groups=groups, version=version, identity=identity, part=part)
