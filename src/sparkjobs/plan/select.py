"""Which jobs a request selects: what terms name, with the graph's operators, and selectors by name."""

from collections.abc import Iterable, Iterator, Mapping

from sparkjobs.config import Conf
from sparkjobs.errors import ConfigError, SelectorError
from sparkjobs.plan.grammar import EVERY, Term, parsed
from sparkjobs.plan.graph import Graph
from sparkjobs.plan.methods import Scope, named, nearest
from sparkjobs.plan.request import Earlier, Request
from sparkjobs.registry import Registry

_DEEPEST = 10
"""Selectors in selectors."""


def selected(request: Request, conf: Conf, graph: Graph, registry: Registry) -> frozenset[str]:
    """The jobs that `request` selects, all when it has no terms, less those that it excludes.

    Raises:
        SelectorError: a term is none, or names nothing.
        UsageError: a term asks for an earlier run, and there is none to ask.
        ConfigError: a selector in conf/selectors.yml holds a mistake.
    """
    scope = Scope(conf, graph, registry, request.earlier)
    chosen = _any(request.select, scope, ()) if request.select else frozenset(graph.order)
    return chosen - _any(request.exclude, scope, ())


def misfits_of_selectors(conf: Conf, graph: Graph, registry: Registry) -> Iterator[str]:
    """Every text in conf/selectors.yml that is no selector or names nothing, with its place."""
    scope = Scope(conf, graph, registry, Earlier(dict, dict))
    told: dict[str, None] = {}
    for name in conf.selectors:
        for location, text in _texts(conf, name):
            try:
                _written(location, text, scope, (name,))
            except ConfigError as error:
                told |= dict.fromkeys(error.mistakes)
    yield from told


def _any(texts: Iterable[str], scope: Scope, within: tuple[str, ...]) -> frozenset[str]:
    """The jobs of at least one alternative; `within` are the selectors that these texts stand in."""
    jobs: frozenset[str] = frozenset()
    for terms in parsed(texts):
        jobs |= frozenset.intersection(*(_reached(term, scope, within) for term in terms))
    return jobs


def _reached(term: Term, scope: Scope, within: tuple[str, ...]) -> frozenset[str]:
    jobs = _selector(term.value, scope, within) if term.method == "selector" else named(term, scope)
    above, below = scope.graph.upstream, scope.graph.downstream()
    if term.around:
        return _walk(_walk(jobs, below, EVERY), above, EVERY)
    return _walk(jobs, above, term.up) | _walk(jobs, below, term.down)


def _selector(name: str, scope: Scope, within: tuple[str, ...]) -> frozenset[str]:
    conf = scope.conf
    if name not in conf.selectors:
        raise SelectorError(f"conf/selectors.yml has no {name!r}.", nearest(name, conf.selectors))
    if name in within:
        circle = " → ".join((*within[within.index(name) :], name))
        raise SelectorError(f"Selectors in a circle: {circle}.", "One of them has to name jobs.")
    if len(within) == _DEEPEST:
        raise SelectorError(
            f"Selectors stand in one another more than {_DEEPEST} deep.", "Name jobs or tags."
        )
    sides: dict[str, frozenset[str]] = {"select": frozenset(), "exclude": frozenset()}
    for location, text in _texts(conf, name):
        sides[str(location[2])] |= _written(location, text, scope, (*within, name))
    chosen = sides["select"] if conf.selectors[name].select else frozenset(scope.graph.order)
    return chosen - sides["exclude"]


def _texts(conf: Conf, name: str) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What the selector `name` is made of, and where it stands in the conf."""
    one = conf.selectors[name]
    for side, texts in (("select", one.select), ("exclude", one.exclude)):
        for index, text in enumerate(texts):
            yield ("selectors", name, side, index), text


def _written(
    location: tuple[str | int, ...], text: str, scope: Scope, within: tuple[str, ...]
) -> frozenset[str]:
    try:
        return _any((text,), scope, within)
    except SelectorError as error:
        mistake = f"{scope.conf.at(*location)}: {error.problem} {error.suggestion}"
        raise ConfigError((mistake,)) from error


def _walk(start: frozenset[str], edges: Mapping[str, frozenset[str]], steps: int) -> frozenset[str]:
    reach = frontier = start
    while frontier and steps:
        frontier = frozenset[str]().union(*(edges[job] for job in frontier)) - reach
        reach |= frontier
        steps -= 1
    return reach
