"""Decide: which jobs, in which order, from which inputs."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from sparkjobs.config import Conf
from sparkjobs.errors import UsageError
from sparkjobs.plan.checks import planned_checks
from sparkjobs.plan.decide import decide, drafted, logic_of
from sparkjobs.plan.fits import taken
from sparkjobs.plan.graph import function_name, graph_of
from sparkjobs.plan.inputs import pin
from sparkjobs.plan.model import JobPlan, PlannedInput, RunPlan, SourceInput, TableInput
from sparkjobs.plan.request import Request
from sparkjobs.plan.select import selected
from sparkjobs.registry import Registry
from sparkjobs.state import look


def build(conf: Conf, registry: Registry, request: Request) -> RunPlan:
    """The plan that fulfils `request` from what lies on disk now.

    Raises:
        ConfigError: conf and functions do not fit.
        SelectorError: a selector names nothing.
        UsageError: an input has never been published, or a selector asks for a run that is not recorded.
        InputError: a source is not as its conf says.
        StateError: a table does not allow it.
    """
    planned = list(_planned(conf, registry, request, decided=True))
    logic = logic_of(conf, registry)
    return _sharing(RunPlan(conf.project.name, conf.root, conf.env, tuple(planned), logic))


def drafts(conf: Conf, registry: Registry, request: Request) -> tuple[JobPlan, ...]:
    """The selected jobs with all of their inputs, before anybody looked at their tables.

    Raises:
        ConfigError: conf and functions do not fit.
        SelectorError: a selector names nothing.
        UsageError: an input has never been published, or a selector asks for a run that is not recorded.
        InputError: a source is not as its conf says.
    """
    return tuple(_planned(conf, registry, request, decided=False))


def _planned(conf: Conf, registry: Registry, request: Request, *, decided: bool) -> Iterator[JobPlan]:
    graph = graph_of(conf, registry)
    chosen = selected(request, conf, graph, registry)
    plans: dict[str, JobPlan] = {}
    pinned: dict[str, SourceInput] = {}
    for job in graph.order:
        if job in chosen:
            inputs = tuple(_inputs(conf, registry, job, plans, pinned, request))
            function = registry.jobs[function_name(job, conf.jobs[job])]
            upstream = tuple(sorted(graph.upstream[job] & set(plans)))
            checks = planned_checks(conf.jobs[job].checks, registry.checks)
            draft = replace(drafted(conf, job, function, inputs, upstream), checks=checks)
            plans[job] = decide(draft, request) if decided else draft
            yield plans[job]


def _sharing(plan: RunPlan) -> RunPlan:
    """What running jobs read more than once is cached, so that it is read once."""
    readers = plan.readers()

    def shared(one: PlannedInput) -> PlannedInput:
        return replace(one, cached=one.cached or len(readers.get(one.key, ())) > 1)

    jobs = (replace(job, inputs=tuple(shared(one) for one in job.inputs)) for job in plan.jobs)
    return replace(plan, jobs=tuple(jobs))


def _inputs(
    conf: Conf,
    registry: Registry,
    job: str,
    plans: Mapping[str, JobPlan],
    pinned: dict[str, SourceInput],
    request: Request,
) -> Iterator[PlannedInput]:
    body = conf.jobs[job]
    compared = {name for check in planned_checks(body.checks, registry.checks) for name in check.inputs}
    for name, one in body.inputs.items():
        cached = name in body.cache or name in compared or one.for_checks
        if one.source is not None:
            source = conf.sources[one.source]
            rules = planned_checks(source.rules, registry.checks)
            if request.replay and name == taken(body):
                # its rows lie in the quarantine, whatever has become of the source
                yield SourceInput(name, one.source, source, (), None, cached, rules=rules)
                continue
            if one.source not in pinned:
                found = pin(name, one.source, source, conf.root, cached=cached, folders=conf.folders)
                version = request.versions.get(("source", one.source), found.version)
                pinned[one.source] = replace(found, version=version, rules=rules)
            yield replace(pinned[one.source], name=name, cached=cached)
        elif one.ref is not None:
            output = conf.jobs[one.ref].output
            version = identity = None
            if not (one.ref in plans and plans[one.ref].runs):
                state = look(one.ref, Path(output.path), output.format)
                version, identity = state.version, state.identity
                if version is None:
                    raise UsageError(
                        f"{job!r} reads {one.ref!r}, which has never been published.",
                        f"`sparkjobs run +{job}` runs what it needs first.",
                    )
                if output.format == "delta":
                    version = request.versions.get(("ref", one.ref), version)
            yield TableInput(name, one.ref, output.format, Path(output.path), version, cached, identity)
