"""The methods of selectors: which jobs `method:value` names, before any graph operator.

`name`, `path`, `source`, `tag` and `config.KEY` look for values that a job has, by glob; `state` and
`result` for what became of it since an earlier plan or run.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import get_args

from sparkjobs.config import Conf
from sparkjobs.errors import SelectorError
from sparkjobs.plan.decide import logic_of
from sparkjobs.plan.grammar import Term
from sparkjobs.plan.graph import Graph, function_name
from sparkjobs.plan.request import Earlier
from sparkjobs.registry import Registry
from sparkjobs.results import JobStatus

_METHODS = ("config.KEY", "name", "path", "result", "selector", "source", "state", "tag")
_STATES = ("modified", "new")


@dataclass(frozen=True, slots=True)
class Scope:
    """What terms are looked up in."""

    conf: Conf
    graph: Graph
    registry: Registry
    earlier: Earlier


def named(term: Term, scope: Scope) -> frozenset[str]:
    """The jobs that `term` names by itself.

    Raises:
        SelectorError: there is no such method, or no job has such a value.
        UsageError: it asks for an earlier run, and there is none to ask.
    """
    match term.method:
        case "state":
            return _since(_word(term, _STATES), scope)
        case "result":
            status, statuses = _word(term, get_args(JobStatus)), scope.earlier.statuses()
            return frozenset(job for job in scope.graph.order if statuses.get(job) == status)
        case _:
            return _having(term, scope)


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint at the known name nearest to `name`, or at some that there are."""
    names = sorted(set(known))
    near = get_close_matches(name, names, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"There is: {', '.join(names[:20]) or 'none'}."


def _word(term: Term, known: tuple[str, ...]) -> str:
    if term.value not in known:
        raise SelectorError(f"{str(term)!r} is not known.", nearest(term.value, known))
    return term.value


def _since(change: str, scope: Scope) -> frozenset[str]:
    """As in dbt, what is new is modified too."""
    before, jobs = scope.earlier.logic(), frozenset(scope.graph.order)
    if change == "new":
        return jobs - frozenset(before)
    now = logic_of(scope.conf, scope.registry)
    return frozenset(job for job in jobs if before.get(job) != now[job])


def _having(term: Term, scope: Scope) -> frozenset[str]:
    values = {job: _values(term.method, job, scope) for job in scope.graph.order}
    jobs = frozenset(
        job for job, ones in values.items() if any(fnmatchcase(one, term.value) for one in ones or ())
    )
    if not jobs and all(ones is None for ones in values.values()):
        raise _unknown(term.method, scope)
    if not jobs:
        known = (one for ones in values.values() for one in ones or ())
        raise SelectorError(f"No job is selected by {str(term)!r}.", nearest(term.value, known))
    return jobs


def _values(method: str, job: str, scope: Scope) -> tuple[str, ...] | None:
    """What `job` has; None where it can have nothing of the kind."""
    body = scope.conf.jobs[job]
    match method:
        case "name":  # that of a view is of each job that makes it
            return job, *(view.model.name for view in scope.conf.inlined.get(job, ()))
        case "tag":
            return body.tags
        case "source":
            return tuple(one.source for one in body.inputs.values() if one.source)
        case "path":
            root = scope.conf.root
            file = Path(scope.registry.jobs[function_name(job, body)].file)
            shown = file.relative_to(root) if file.is_relative_to(root) else file
            return (str(shown), *map(str, shown.parents))
        case _ if method.startswith("config."):
            return _settings(scope, job).get(method.removeprefix("config."))
        case _:
            return None


def _unknown(method: str, scope: Scope) -> SelectorError:
    if not method.startswith("config."):
        hint = nearest(method, _METHODS).replace("'?", ":'?")
        return SelectorError(f"{method!r} is not a selector method.", hint)
    keys = (f"config.{key}" for job in scope.graph.order for key in _settings(scope, job))
    return SelectorError(f"No job has {method.removeprefix('config.')!r} in its conf.", nearest(method, keys))


def _settings(scope: Scope, job: str) -> Mapping[str, tuple[str, ...]]:
    """The conf of a job with its defaults: the texts at each dotted key."""
    return dict(_leaves("", scope.conf.jobs[job].model_dump(mode="json")))


def _leaves(key: str, value: object) -> Iterator[tuple[str, tuple[str, ...]]]:
    match value:
        case Mapping():
            for name, inner in value.items():
                yield from _leaves(f"{key}.{name}" if key else name, inner)
        case list():
            yield key, tuple(_text(one) for one in value if not isinstance(one, Mapping | list))
        case None:
            yield key, ()
        case _:
            yield key, (_text(value),)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
