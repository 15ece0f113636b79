"""From conf, code, lineage and records: what there is to tell of each source, view and job."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from sparkjobs.config import Check as CheckConf
from sparkjobs.config import Conf, JobConf
from sparkjobs.config.checks import SHORT
from sparkjobs.config.models import ColumnNote
from sparkjobs.docs import code, facts
from sparkjobs.docs.docstrings import Told, comment_of, parsed
from sparkjobs.docs.links import Links, links_of
from sparkjobs.docs.masks import hidden, secrets_of, told
from sparkjobs.docs.model import Check, Code, Column, Entry, Input, Site, Status
from sparkjobs.docs.tables import types_of
from sparkjobs.freshness import age_of
from sparkjobs.lineage import Lineage, Node, Place, Table
from sparkjobs.plan.checks import planned_checks
from sparkjobs.plan.graph import function_name
from sparkjobs.record import Records
from sparkjobs.registry import CheckFunction, Registry
from sparkjobs.results import PastRun

RUNS: Final = 10
"""Of a job that the page tells of."""
_STATUSES: Final[Mapping[str, Status]] = {
    "success": "success",
    "no-op": "no-op",
    "fail": "fail",
    "error": "error",
    "skipped": "skipped",
}


def gathered(conf: Conf, registry: Registry, lineage: Lineage, records: Records, now: datetime) -> Site:
    """All that is told of the project as of `now`. No Spark is started, nothing secret is in it."""
    links = links_of(lineage)
    entries: list[Entry] = []
    known: dict[Place, Column] = {}
    for table in lineage.tables:
        entry = _linked(_told(conf, registry, records, table, now), table, links, known)
        entries.append(entry)
        known |= {Place(table.node, column.name): column for column in entry.columns}
    site = Site(conf.project.name, conf.env, now, tuple(entries), links.edges, records.skipped)
    given = [one.params for one in conf.jobs.values()] + [one.params for one in conf.views.values()]
    return hidden(site, frozenset().union(*map(secrets_of, (conf.project.vars, *given))))


def _told(conf: Conf, registry: Registry, records: Records, table: Table, now: datetime) -> Entry:
    """What conf, code and records tell of one table."""
    match table.node.kind:
        case "source":
            return _source(conf, registry, table.node)
        case "view":
            return _view(conf, table)
        case "job":
            return _job(conf, registry, records, table, now)


def _linked(entry: Entry, table: Table, links: Links, known: Mapping[Place, Column]) -> Entry:
    """`entry` with what it hangs together with; of columns before it is `known` what is said of them."""
    node = entry.node
    return replace(
        entry,
        inputs=entry.inputs or tuple(Input(one, one.name) for one in table.reads),
        readers=links.readers(node),
        upstream=links.further(node, "up"),
        downstream=links.further(node, "down"),
        columns=tuple(links.linked(table, entry.columns, known)),
        rows=table.rows,
        unknown=table.unknown,
    )


def _source(conf: Conf, registry: Registry, node: Node) -> Entry:
    body = conf.sources[node.name]
    columns = tuple(
        Column(name, one.type, one.unit, one.description, tuple(facts.of_column(one)))
        for name, one in body.columns.items()
    )
    return Entry(
        node,
        description=tuple(filter(None, (body.description,))),
        facts=tuple(facts.of_source(body, conf.root)),
        columns=columns,
        checks=tuple(_checks(body.rules, registry.checks, None)),
    )


def _view(conf: Conf, table: Table) -> Entry:
    node = table.node
    body = conf.views[node.name]
    models = (view.model for views in conf.inlined.values() for view in views if view.model.name == node.name)
    sources = tuple(code.of_query(conf, node.name, next(models, None)))
    about = _about(sources, "")
    return Entry(
        node,
        description=tuple(filter(None, (body.description, *about.paragraphs))),
        grain=about.grain,
        tags=body.tags,
        facts=(
            ("output", "view: who reads it makes its rows"),
            *((("params", told(body.params)),) if body.params else ()),
        ),
        inputs=tuple(
            _input(conf, name, one.ref, one.source, about.of_input(name)) for name, one in body.inputs.items()
        ),
        columns=tuple(
            _column(name, "", body.columns.get(name), about) for name in _names(table, body.columns)
        ),
        code=sources,
    )


def _job(conf: Conf, registry: Registry, records: Records, table: Table, now: datetime) -> Entry:
    node = table.node
    body, runs = conf.jobs[node.name], records.runs.get(node.name, ())
    function = registry.jobs[function_name(node.name, body)]
    if function.sql:
        sources = tuple(code.of_query(conf, node.name, function.sql))
    else:
        sources = tuple(filter(None, (code.of_function(function, conf.root),)))
    about = _about(sources, function.description)
    recent = tuple(replace(run, profile=None) for run in runs[-RUNS:])
    age = age_of(node.name, body, now)
    return Entry(
        node,
        status=_STATUSES.get(runs[-1].status, "error") if runs else "never run",
        description=tuple(filter(None, (body.description, *about.paragraphs))),
        grain=about.grain,
        tags=body.tags,
        facts=tuple(facts.of_job(body, conf.root, age, runs)),
        inputs=tuple(_inputs(conf, node.name, about)),
        columns=tuple(_columns(body, runs, table, about)),
        checks=tuple(
            _checks(body.checks, registry.checks, next((one for one in reversed(runs) if one.checks), None))
        ),
        code=sources,
        runs=recent,
    )


def _about(sources: Iterable[Code], docstring: str) -> Told:
    """What a docstring tells, or the comment at the head of a query."""
    comments = (comment_of(one.text) for one in sources if one.language == "sql")
    return parsed(docstring or next(filter(None, comments), ""))


def _inputs(conf: Conf, job: str, about: Told) -> Iterator[Input]:
    """What a job reads under which names: its views, and what it reads besides."""
    body, views = conf.jobs[job], conf.inlined.get(job, ())
    within = {name for view in views for name in view.tables.values()}
    for name, one in body.inputs.items():
        if name not in within:
            notes = (
                "joined, not appended" if one.lookup and not one.for_checks else "",
                "for checks alone" if one.for_checks else "",
            )
            said = "; ".join(filter(None, (about.of_input(name), *notes)))
            yield _input(conf, name, one.ref, one.source, said)
    for view in views:
        if view.name not in within:
            yield Input(Node("view", view.model.name), view.name, about.of_input(view.name))


def _input(conf: Conf, name: str, ref: str | None, source: str | None, notes: str) -> Input:
    if source is not None:
        return Input(Node("source", source), name, notes)
    return Input(Node("view" if ref in conf.views else "job", str(ref)), name, notes)


def _columns(body: JobConf, runs: tuple[PastRun, ...], table: Table, about: Told) -> Iterator[Column]:
    """The columns of the table, or those that its code would make, and those that only conf tells of."""
    types = types_of(body, runs)
    for name in dict.fromkeys((*types, *body.columns)) if types else _names(table, body.columns):
        strange = ("the table lacks it",) if types and name not in types else ()
        notes = (*facts.of_result(body, name), *strange)
        yield replace(_column(name, types.get(name, ""), body.columns.get(name), about), notes=notes)


def _names(table: Table, notes: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys((*(one.name for one in table.columns), *notes))


def _column(name: str, kind: str, note: ColumnNote | None, about: Told) -> Column:
    """A column, as conf or else the docstring tells of it; that its unit is its unit need not be said."""
    unit = note.unit if note else ""
    said = (note.description if note else "") or about.of_column(name)
    return Column(name, kind, unit, "" if said == unit else said)


def _checks(
    checks: tuple[CheckConf, ...], functions: Mapping[str, CheckFunction], last: PastRun | None
) -> Iterator[Check]:
    """The checks that conf asks for, with what the last run that asked them saw."""
    seen: dict[str, tuple[str, str]] = {}
    if last:
        seen = {name: (status, text) for (name, status), text in zip(last.checks, last.seen, strict=True)}
    for one in planned_checks(checks, functions):
        given = {
            key: value for key, value in one.conf.arguments.items() if key not in ("column", "columns", SHORT)
        }
        shared = one.conf.model_dump(include={"where", "mostly", "group_by"}, exclude_defaults=True)
        status, observed = seen.get(one.name, ("", ""))
        yield Check(
            one.name, told({**given, **shared}), one.conf.severity, one.conf.description, status, observed
        )
