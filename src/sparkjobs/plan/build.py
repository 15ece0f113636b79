"""Decide: which jobs, in which order, from which inputs, and why each runs or does not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sparkjobs.config import Conf
from sparkjobs.config.models import JobConf
from sparkjobs.errors import AppendAgainError, ForeignCommitError, LostManifestError, UsageError
from sparkjobs.plan.graph import Graph, function_name, graph_of
from sparkjobs.plan.inputs import pin
from sparkjobs.plan.model import JobPlan, PlannedInput, RunPlan, SourceInput, TableInput
from sparkjobs.plan.select import selected
from sparkjobs.registry import JobFunction
from sparkjobs.state import TableState, look
from sparkjobs.state.fingerprint import code_fingerprint, fingerprint
from sparkjobs.state.manifest import committed_chain

_EACH = {"__all__": {"description"}}
_SAYS_NOTHING: Mapping[str, Any] = {
    "cache": True,
    "checks": _EACH,
    "columns": _EACH,
    "description": True,
    "tags": True,
}
"""Of the conf of a job or source: what can change without changing any row."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for."""

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    full_refresh: bool = False


def build(conf: Conf, functions: Mapping[str, JobFunction], request: Request) -> RunPlan:
    """The plan that fulfils `request` from what lies on disk now.

    Raises:
        ConfigError: conf and functions do not fit.
        UsageError: a selector names nothing, or an input has never been published.
        InputError: a source is not as its conf says.
        StateError: a table does not allow it.
    """
    graph = graph_of(conf, functions)
    chosen = selected(request.select, request.exclude, conf, graph, functions)
    plans: dict[str, JobPlan] = {}
    pinned: dict[str, SourceInput] = {}
    for job in graph.order:
        if job in chosen:
            inputs = tuple(_inputs(conf, job, plans, pinned))
            plans[job] = _job(conf, graph, functions, job, inputs, plans, request)
    return _sharing(RunPlan(conf.project.name, conf.root, conf.env, tuple(plans.values())))


def _sharing(plan: RunPlan) -> RunPlan:
    """What running jobs read more than once is cached, so that it is read once."""

    def shared(one: PlannedInput) -> PlannedInput:
        return replace(one, cached=one.cached or plan.reads(one.key) > 1)

    jobs = (replace(job, inputs=tuple(shared(one) for one in job.inputs)) for job in plan.jobs)
    return replace(plan, jobs=tuple(jobs))


def _inputs(
    conf: Conf, job: str, plans: Mapping[str, JobPlan], pinned: dict[str, SourceInput]
) -> Iterator[PlannedInput]:
    body = conf.jobs[job]
    for name, one in body.inputs.items():
        cached = name in body.cache
        if one.source is not None:
            if one.source not in pinned:
                source = conf.sources[one.source]
                pinned[one.source] = pin(
                    name, one.source, source, conf.root, cached=cached, folders=conf.folders
                )
            yield replace(pinned[one.source], name=name, cached=cached)
        elif one.ref is not None:
            output = conf.jobs[one.ref].output
            version = None
            if not (one.ref in plans and plans[one.ref].runs):
                version = look(one.ref, Path(output.path), output.format).version
                if version is None:
                    raise UsageError(
                        f"{job!r} reads {one.ref!r}, which has never been published.",
                        f"`sparkjobs run +{job}` runs what it needs first.",
                    )
            yield TableInput(name, one.ref, output.format, Path(output.path), version, cached)


def _job(
    conf: Conf,
    graph: Graph,
    functions: Mapping[str, JobFunction],
    job: str,
    inputs: tuple[PlannedInput, ...],
    plans: Mapping[str, JobPlan],
    request: Request,
) -> JobPlan:
    body = conf.jobs[job]
    table = Path(body.output.path)
    state = look(job, table, body.output.format)
    if state.committed and state.manifest is None and not request.full_refresh:
        raise LostManifestError(job, str(table), state.committed)
    if state.foreign and not request.full_refresh:
        raise ForeignCommitError(job, *state.foreign)
    function = functions[function_name(job, body)]
    draft = JobPlan(
        name=job,
        function=function,
        conf=body,
        inputs=inputs,
        upstream=tuple(sorted(graph.upstream[job] & set(plans))),
        table=table,
        mode="overwrite" if request.full_refresh else body.output.mode,
        committed=state.committed,
        reasons=(),
        code=code_fingerprint(function),
        fingerprint=_conf_fingerprint(conf, body),
    )
    reasons = ("full refresh",) if request.full_refresh else tuple(_reasons(draft, state))
    planned = replace(draft, reasons=reasons)
    if planned.runs and planned.mode == "append" and state.committed:
        _refuse_doubling(planned, state)
    return planned


def _conf_fingerprint(conf: Conf, body: JobConf) -> str:
    sources = [conf.sources[one.source] for one in body.inputs.values() if one.source]
    models = (body, *sources)
    texts = (model.model_dump_json(exclude=_SAYS_NOTHING).replace(f"{conf.root}/", "") for model in models)
    return fingerprint(*(text.encode() for text in texts))


def _reasons(job: JobPlan, state: TableState) -> Iterator[str]:
    if state.manifest is None:
        yield "first run"
        return
    if state.manifest.code != job.code:
        yield "code changed"
    if state.manifest.conf != job.fingerprint:
        yield "conf changed"
    before = {one["name"]: one for one in state.manifest.inputs}
    for one in job.inputs:
        if isinstance(one, TableInput) and one.version is None:
            yield f"{one.job} runs"
        elif before.get(one.name) != one.pinned():
            yield _what_is_new(one, before.get(one.name))


def _what_is_new(one: PlannedInput, before: dict[str, object] | None) -> str:
    if isinstance(one, TableInput):
        return f"{one.job} was published again"
    if before is None or one.version is not None:
        return f"{one.source} has a new version"
    old = {tuple(entry) for entry in before["files"]}  # type: ignore[attr-defined]  # a list of files
    new = {(file.path, file.size, file.modified_ns) for file in one.files}
    changed = {path for path, *_ in new - old} & {path for path, *_ in old}
    parts = {
        "new": len({path for path, *_ in new - old} - changed),
        "changed": len(changed),
        "gone": len({path for path, *_ in old - new} - changed),
    }
    counts = ", ".join(f"{count} {word}" for word, count in parts.items() if count)
    return f"{one.source} has other files ({counts})"


def _refuse_doubling(job: JobPlan, state: TableState) -> None:
    """What is appended may only be files of which nothing was appended before."""
    chain = list(committed_chain(state.folder, state.committed))
    if chain[-1].base and chain[-1].mode != "overwrite":
        raise LostManifestError(job.name, str(job.table), chain[-1].base)
    past = [file for manifest in chain for entry in manifest.inputs for file in entry.get("files", ())]
    paths = {path for path, *_ in past}
    names = {(size, modified_ns): path for path, size, modified_ns in past}
    for one in job.inputs:
        if job.conf.inputs[one.name].lookup:
            continue
        if isinstance(one, TableInput) or one.version is not None:
            raise AppendAgainError(job.name, one.name, "a table, of which all rows would be appended again")
        if again := sorted(file.path for file in one.files if file.path in paths):
            found = f"{len(again)} files that were appended before, such as {again[0]}"
            raise AppendAgainError(job.name, one.name, found)
        for file in sorted(one.files):
            if before := names.get((file.size, file.modified_ns)):
                found = f"{file.path}, which has size and time of {before}, appended before"
                raise AppendAgainError(job.name, one.name, found)
