"""Decide for one job: does it run, why, and which rows of its inputs does it take."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sparkjobs.config import Conf, JobConf
from sparkjobs.config.incremental import ByColumn, ByInterval, ByVersion
from sparkjobs.errors import (
    ForeignCommitError,
    InputError,
    LogicChangedError,
    LostManifestError,
    LostTableError,
    RestoredTableError,
    UpstreamRewrittenError,
)
from sparkjobs.plan.doubling import refuse_doubling
from sparkjobs.plan.fits import taken, warnings_of
from sparkjobs.plan.gone import losses, refuse_loss
from sparkjobs.plan.graph import function_name
from sparkjobs.plan.increments import everything, news
from sparkjobs.plan.model import File, FileGroup, JobPlan, Logic, PlannedInput, SourceInput, Window
from sparkjobs.plan.reasons import changed_logic, reasons_of, stale_lookups
from sparkjobs.plan.replay import replayed
from sparkjobs.plan.request import Pins, Request
from sparkjobs.registry import JobFunction, Registry
from sparkjobs.state import TableState, look
from sparkjobs.state.fingerprint import code_fingerprint, fingerprint

_EACH = {"__all__": {"description", "unit"}}
_SAYS_NOTHING: Mapping[str, Any] = {
    "cache": True,
    "checks": _EACH,
    "columns": _EACH,
    "description": True,
    "freshness": True,
    "output": {"optimize"},
    "profile": True,
    "rules": _EACH,
    "tags": True,
}
"""Of the conf of a job or source: what can change without changing any row."""
_KEEPS_LOGIC: Mapping[str, Any] = {
    **_SAYS_NOTHING,
    "bad_rows": True,
    "checks": True,
    "incremental": {"on_change", "on_rewrite", "lookback", "end"},
    "output": {"on_schema_change", "optimize", "sort_by", "target_file_size"},
}
"""What can change, besides, without making the rows of an incremental job unlike its older ones."""


def drafted(
    conf: Conf, job: str, function: JobFunction, inputs: tuple[PlannedInput, ...], upstream: tuple[str, ...]
) -> JobPlan:
    """The plan of `job` before anybody looked at its table."""
    body, views = conf.jobs[job], conf.inlined.get(job, ())
    return JobPlan(
        name=job,
        function=function,
        conf=body,
        inputs=inputs,
        upstream=upstream,
        table=Path(body.output.path),
        mode=body.output.mode,
        committed=0,
        reasons=(),
        code=code_fingerprint(function, views),
        views=views,
        fingerprint=_conf_fingerprint(conf, body),
        warnings=tuple(warnings_of(body, function)),
    )


def logic_of(conf: Conf, registry: Registry) -> Mapping[str, Logic]:
    """What each job of the project computes with, as of now."""
    functions = {job: registry.jobs[function_name(job, body)] for job, body in conf.jobs.items()}
    return {
        job: Logic(code_fingerprint(functions[job], conf.inlined.get(job, ())), _conf_fingerprint(conf, body))
        for job, body in conf.jobs.items()
    }


def decide(draft: JobPlan, request: Request) -> JobPlan:
    """What of `draft` is to be done, from what its table says of itself.

    Raises:
        StateError: the table does not allow it.
        InputError: what an earlier run has read is not there any more.
    """
    state = look(draft.name, draft.table, draft.conf.output.format)
    pins = request.pins.get(draft.name)
    window = request.window
    if pins and pins.window and pins.committed == state.committed:
        window = pins.window
    by_time = isinstance(draft.conf.incremental, ByColumn | ByInterval)
    job = replace(draft, committed=state.committed, window=window if by_time else None)
    if request.replay:
        refuse_distrust(job.name, job.table, state)
        return replayed(job, state)
    if request.full_refresh:
        planned = _anew(job, window, "full refresh")
    elif state.reset:
        planned = _anew(job, window, "its state was reset")
    else:
        planned = _going_on(job, state, window)
    return _held(planned, pins) if pins and planned.runs else planned


def _going_on(job: JobPlan, state: TableState, window: Window) -> JobPlan:
    refuse_distrust(job.name, job.table, state)
    if job.conf.incremental is not None:
        planned = _incremental(job, state, window)
    else:
        planned = replace(job, reasons=tuple(reasons_of(job, state.manifest)))
    if planned.runs and planned.mode == "append" and state.committed:
        refuse_doubling(planned, state)
    if planned.runs and planned.mode != "overwrite" and _may_need_all(planned):
        planned = replace(planned, whole=_anew(job, window, "its columns or input changed"))
    return planned


def refuse_distrust(job: str, table: Path, state: TableState) -> None:
    """Go on only where the table of `job` is as its last manifest left it.

    Raises:
        StateError: it is not.
    """
    if state.lost is not None:
        raise LostTableError(job, str(table), state.lost)
    if state.committed and state.manifest is None:
        raise LostManifestError(job, str(table), state.committed)
    if state.foreign and state.foreign.restored_to is not None:
        raise RestoredTableError(job, state.foreign.version, state.foreign.restored_to)
    if state.foreign:
        raise ForeignCommitError(job, state.foreign.version, state.foreign.operation)


def _incremental(job: JobPlan, state: TableState, window: Window) -> JobPlan:
    if state.manifest is None:
        return _taking_all(job, window, ("first run",))
    if changed := changed_logic(job, state.manifest):
        if job.conf.incremental and job.conf.incremental.on_change == "full_refresh":
            refuse_loss(job)
            return _anew(job, window, f"{changed} changed")
        raise LogicChangedError(job.name, changed)
    name = taken(job.conf)
    one = next(one for one in job.inputs if one.name == name)
    try:
        take = news(job, one, state, window)
    except UpstreamRewrittenError as error:
        if isinstance(job.conf.incremental, ByVersion) and job.conf.incremental.on_rewrite == "full_refresh":
            return _anew(job, window, f"of {one.name}, {error.found}")
        raise
    warnings = (*job.warnings, *take.warnings, *stale_lookups(job, state.manifest))
    inputs = tuple(take.planned if each.name == name else each for each in job.inputs)
    return replace(job, inputs=inputs, reasons=take.reasons, warnings=warnings)


def _taking_all(job: JobPlan, window: Window, reasons: tuple[str, ...]) -> JobPlan:
    name = taken(job.conf)
    inputs = tuple(everything(job, each, window) if each.name == name else each for each in job.inputs)
    return replace(job, inputs=inputs, reasons=reasons)


def _anew(job: JobPlan, window: Window, reason: str) -> JobPlan:
    """`job` as it replaces its whole table in one commit, by all that there is and not by a range."""
    told = list(losses(job))
    if job.window and (window.start or window.end):
        told.append("--start and --end count for nothing: the whole table is made anew")
    anew = replace(job, mode="overwrite", warnings=(*job.warnings, *told))
    return _taking_all(anew, Window(window.now), (reason, *told))


def _may_need_all(job: JobPlan) -> bool:
    by = job.conf.incremental
    rewritten = isinstance(by, ByVersion) and by.on_rewrite == "full_refresh"
    return rewritten or job.conf.output.on_schema_change == "full_refresh"


def _held(job: JobPlan, pins: Pins) -> JobPlan:
    """`job` reading only the files that `pins` name, unless it is not the same work any more."""
    if (job.committed, job.mode, job.window) != (pins.committed, pins.mode, pins.window):
        told = "it cannot be done as in the run that is retried: it takes what is there now"
        return replace(job, warnings=(*job.warnings, told))
    return replace(job, inputs=tuple(_narrowed(one, pins.files.get(one.name)) for one in job.inputs))


def _narrowed(one: PlannedInput, held: frozenset[File] | None) -> PlannedInput:
    if not isinstance(one, SourceInput) or held is None:
        return one
    if lost := sorted(held - set(one.files)):
        problems = tuple(f"{file.path}: it is not as the run read it" for file in lost)
        raise InputError(one.source, problems, "`sparkjobs run` takes what is there now.")
    groups = tuple(
        FileGroup(group.columns, group.header, files)
        for group in one.groups
        if (files := tuple(file for file in group.files if file in held))
    )
    return replace(one, groups=groups)


def _conf_fingerprint(conf: Conf, body: JobConf) -> str:
    sources = [conf.sources[one.source] for one in body.inputs.values() if one.source]
    silent = _SAYS_NOTHING if body.incremental is None else _KEEPS_LOGIC
    told = (
        body.model_dump_json(exclude={**silent, "columns": True}),  # those of a result are notes for people
        *(source.model_dump_json(exclude=silent) for source in sources),
    )
    texts = (text.replace(f"{conf.root}/", "") for text in told)
    return fingerprint(*(text.encode() for text in texts))
