"""The graph of jobs, and everything that must hold before any of them may run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from sparkjobs.config import Conf, JobConf
from sparkjobs.errors import ConfigError
from sparkjobs.plan.checks import misfits, misfits_of_rules
from sparkjobs.plan.fits import misfits_of
from sparkjobs.registry import JobFunction, Registry


@dataclass(frozen=True, slots=True)
class Graph:
    """Jobs in an order in which every one comes after what it reads."""

    order: tuple[str, ...]
    upstream: Mapping[str, frozenset[str]]

    def downstream(self) -> Mapping[str, frozenset[str]]:
        """Per job, what reads it."""
        found: dict[str, set[str]] = {job: set() for job in self.order}
        for job in self.order:
            for read in self.upstream[job]:
                found[read].add(job)
        return {job: frozenset(readers) for job, readers in found.items()}


def graph_of(conf: Conf, registry: Registry) -> Graph:
    """The graph of all jobs in `conf`.

    Raises:
        ConfigError: conf and functions do not fit, inputs lead nowhere or in a circle, or two jobs
            would touch one folder.
    """
    functions = registry.jobs
    mistakes = [
        *_unmatched(conf, functions),
        *(text for job in conf.jobs for text in _inputs(conf, job)),
        *(text for job in conf.jobs for text in _signature(conf, job, functions)),
        *(text for job in conf.jobs for text in misfits_of(conf, job)),
        *(text for job in conf.jobs for text in misfits(conf, job, registry.checks)),
        *(text for source in conf.sources for text in misfits_of_rules(conf, source, registry.checks)),
        *_shared_folders(conf),
    ]
    upstream = {
        job: frozenset(
            one.ref for one in body.inputs.values() if one.ref in conf.jobs and one.ref is not None
        )
        for job, body in conf.jobs.items()
    }
    try:
        order = _sorted(upstream)
    except CycleError as error:
        circle = error.args[1]
        mistakes.append(
            f"{conf.at('jobs', circle[0], 'inputs')}: jobs in a circle: {' → '.join(reversed(circle))}"
        )
    if mistakes:
        raise ConfigError(tuple(mistakes))
    return Graph(order, upstream)


def function_name(job: str, body: JobConf) -> str:
    """The registered function that runs as `job`."""
    return body.function or job


def _sorted(upstream: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    sorter = TopologicalSorter({job: sorted(upstream[job]) for job in sorted(upstream)})
    sorter.prepare()
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order.extend(ready)
        sorter.done(*ready)
    return tuple(order)


def _unmatched(conf: Conf, functions: Mapping[str, JobFunction]) -> Iterator[str]:
    used = {function_name(job, body) for job, body in conf.jobs.items()}
    for name, spec in functions.items():
        if name in conf.views:
            yield f"{spec.place}: {name!r} is a view already, at {conf.at('views', name)}"
        elif name not in used:
            near = _near(name, set(conf.jobs) - set(functions))
            yield f"{spec.place}: job {name!r} has no conf/jobs/{name}.yml{near}"
    for job, body in conf.jobs.items():
        name = function_name(job, body)
        if name not in functions:
            place = conf.at("jobs", job, "function")
            yield f"{place}: no @job function is named {name!r}{_near(name, functions)}"
        elif name != job and functions[name].sql:
            yield f"{conf.at('jobs', job, 'function')}: {name!r} is SQL, which runs under its own name"


def _inputs(conf: Conf, job: str) -> Iterator[str]:
    body = conf.jobs[job]
    for name, one in body.inputs.items():
        if one.ref is not None and one.ref not in conf.jobs:
            place = conf.at("jobs", job, "inputs", name, "ref")
            yield f"{place}: there is no job {one.ref!r}{_near(one.ref, conf.jobs)}"
        if one.source is not None and one.source not in conf.sources:
            place = conf.at("jobs", job, "inputs", name, "source")
            yield f"{place}: there is no source {one.source!r}{_near(one.source, conf.sources)}"
    for index, name in enumerate(body.cache):
        if name not in body.inputs:
            place = conf.at("jobs", job, "cache", index)
            yield f"{place}: {name!r} is not an input{_near(name, body.inputs)}"


def _signature(conf: Conf, job: str, functions: Mapping[str, JobFunction]) -> Iterator[str]:
    body = conf.jobs[job]
    spec = functions.get(function_name(job, body))
    if spec is None:
        return
    params = {param.name for param in spec.params}
    needed = {param.name for param in spec.params if param.required}
    given = _given(conf, job)
    for name in given:
        if name not in spec.inputs:
            place = conf.at("jobs", job, "inputs", name)
            yield f"{place}: {spec.name} ({spec.place}) takes no input {name!r}{_near(name, spec.inputs)}"
    for name in spec.inputs:
        if name not in given:
            yield f"{conf.at('jobs', job, 'inputs')}: {spec.name} ({spec.place}) needs the input {name!r}"
    for name in body.params:
        if name not in params:
            place = conf.at("jobs", job, "params", name)
            yield f"{place}: {spec.name} ({spec.place}) takes no param {name!r}{_near(name, params)}"
    for name in sorted(needed - set(body.params)):
        yield f"{conf.at('jobs', job, 'params')}: {spec.name} ({spec.place}) needs the param {name!r}"


def _given(conf: Conf, job: str) -> tuple[str, ...]:
    """The inputs that the function of `job` gets: those that are in its conf, with views made of theirs."""
    inputs, views = conf.jobs[job].inputs, conf.inlined.get(job, ())
    checked = {name for name, one in inputs.items() if one.for_checks}
    within = {name for view in views for name in view.tables.values()}
    made = [view.name for view in views if not set(view.tables.values()) & checked]
    return tuple(name for name in (*inputs, *made) if name not in within | checked)


def _shared_folders(conf: Conf) -> Iterator[str]:
    outputs = {job: Path(body.output.path) for job, body in sorted(conf.jobs.items())}
    writers: dict[Path, list[str]] = {}
    for job, output in outputs.items():
        writers.setdefault(output, []).append(job)
    pairs = {
        (max(job, other), min(job, other))
        for job, output in outputs.items()
        for folder in (output, *output.parents)
        for other in writers.get(folder, ())
        if other != job
    }
    for job, other in sorted(pairs):
        place = conf.at("jobs", job, "output", "path")
        yield f"{place}: {outputs[job]} is also written by {other!r}; a job has a folder of its own"
    for source, body in conf.sources.items():
        parts = Path(body.path).parts
        for job, output in outputs.items():
            if _reads(parts, output):
                place = conf.at("sources", source, "path")
                yield f"{place}: source {source!r} reads what {job!r} writes; its input is `ref: {job}`"


def _reads(parts: tuple[str, ...], output: Path) -> bool:
    """Whether a source at a path of `parts` can meet files that lie in `output`."""
    for part, folder in zip(parts, output.parts, strict=False):
        if part == "**":
            return True
        if part != folder and not fnmatchcase(folder, part):
            return False
    return True


def _near(name: str, known: "Mapping[str, object] | set[str] | tuple[str, ...]") -> str:
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
