"""Selectors, in dbt's grammar.

`name`, `tag:x`, `source:x`, `path:jobs/x`; `+name` with what it reads, `name+` with what reads it,
`2+name` two steps up; a comma for and, a space for or. The name of a view is that of each job that makes it.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from sparkjobs.config import Conf
from sparkjobs.errors import UsageError
from sparkjobs.plan.graph import Graph, function_name
from sparkjobs.registry import JobFunction

_TERM = re.compile(r"(?P<up>[0-9]*\+)?(?P<body>[^+]+?)(?P<down>\+[0-9]*)?")
_METHODS = ("name", "path", "source", "tag")


def selected(
    terms: tuple[str, ...],
    excluded: tuple[str, ...],
    conf: Conf,
    graph: Graph,
    functions: Mapping[str, JobFunction],
) -> frozenset[str]:
    """The jobs that `terms` name, all when there are none, less those that `excluded` names.

    Raises:
        UsageError: a term names nothing.
    """
    chosen = _any(terms, conf, graph, functions) if terms else frozenset(graph.order)
    return chosen - _any(excluded, conf, graph, functions)


def _any(
    terms: tuple[str, ...], conf: Conf, graph: Graph, functions: Mapping[str, JobFunction]
) -> frozenset[str]:
    jobs: frozenset[str] = frozenset()
    for term in (word for text in terms for word in text.split()):
        parts = [_one(part, conf, graph, functions) for part in term.split(",")]
        jobs |= frozenset.intersection(*parts)
    return jobs


def _one(term: str, conf: Conf, graph: Graph, functions: Mapping[str, JobFunction]) -> frozenset[str]:
    match = _TERM.fullmatch(term)
    if match is None:
        raise UsageError(
            f"{term!r} is not a selector.", "For example: stg_flights+ or tag:daily,+route_delays"
        )
    named = _named(match["body"], conf, graph, functions)
    reach = set(named)
    if match["up"]:
        reach |= _walk(named, {job: set(graph.upstream[job]) for job in graph.order}, match["up"].rstrip("+"))
    if match["down"]:
        downstream = {
            job: {other for other in graph.order if job in graph.upstream[other]} for job in graph.order
        }
        reach |= _walk(named, downstream, match["down"].lstrip("+"))
    return frozenset(reach)


def _named(body: str, conf: Conf, graph: Graph, functions: Mapping[str, JobFunction]) -> frozenset[str]:
    method, given, value = body.partition(":")
    if not given:
        method, value = "name", body
    known = {job: _values(method, job, conf, functions) for job in graph.order}
    jobs = frozenset(job for job, values in known.items() if any(fnmatchcase(one, value) for one in values))
    if not jobs:
        everything = sorted({one for values in known.values() for one in values})
        near = get_close_matches(value, everything, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There is: {', '.join(everything[:20]) or 'none'}."
        raise UsageError(f"No job is selected by {body!r}.", hint)
    return jobs


def _values(method: str, job: str, conf: Conf, functions: Mapping[str, JobFunction]) -> tuple[str, ...]:
    body = conf.jobs[job]
    match method:
        case "name":
            return job, *(view.model.name for view in conf.inlined.get(job, ()))
        case "tag":
            return body.tags
        case "source":
            return tuple(one.source for one in body.inputs.values() if one.source)
        case "path":
            file = Path(functions[function_name(job, body)].file)
            shown = file.relative_to(conf.root) if file.is_relative_to(conf.root) else file
            return (str(shown), *map(str, shown.parents))
        case _:
            near = get_close_matches(method, _METHODS, n=1)
            hint = f"Did you mean '{near[0]}:'?" if near else f"There is: {', '.join(_METHODS)}."
            raise UsageError(f"{method!r} is not a selector method.", hint)


def _walk(start: frozenset[str], edges: Mapping[str, set[str]], depth: str) -> set[str]:
    reach, frontier, steps = set(start), set(start), int(depth) if depth else len(edges)
    for _ in range(steps):
        frontier = {near for job in frontier for near in edges[job]} - reach
        reach |= frontier
    return reach
