"""The verb that tells what tables and columns are made of: lineage."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from sparkjobs.cli.options import Project, Selection, gathered, project, selection, terms
from sparkjobs.config import Conf
from sparkjobs.errors import UsageError
from sparkjobs.registry import Registry, registry_of

if TYPE_CHECKING:
    from sparkjobs.lineage import Lineage, Node, Table
    from sparkjobs.lineage.follow import Way
    from sparkjobs.lineage.picture import Picture


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is asked of the lineage, and how it is to be told."""

    form: str
    columns: bool
    column: str | None
    way: str | None
    static: bool


wanted = gathered(
    "wanted",
    _Wanted,
    click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json", "mermaid", "dot", "html"]),
        default="text",
        help="For people, for programs, or as a picture.",
    ),
    click.option("--columns", is_flag=True, help="Tell of columns too. Starts Spark; reads no data."),
    click.option("--column", metavar="TABLE.COLUMN", help="Follow one column, of a job, a view or a source."),
    click.option("--up", "way", flag_value="up", help="To all that it is made of; of a column the default."),
    click.option("--down", "way", flag_value="down", help="To all that is made of it."),
    click.option("--static", is_flag=True, help="Read columns from the text of SQL alone, without a JVM."),
)


@click.command()
@project
@terms
@selection
@wanted
def lineage(here: Project, asked: Selection, wanted: _Wanted) -> None:
    """Tell which tables each table is made of, and of which columns its columns.

    Of the selected jobs it tells what they read; with --up or --down all that is before or after them.
    """
    from sparkjobs.plan import graph_of  # noqa: PLC0415 (--help does without it)

    conf = here.conf()
    registry = registry_of(conf)
    graph_of(conf, registry)
    tell = _tables if wanted.column is None else _column
    click.echo(tell(conf, registry, asked, wanted), nl=False)


def _tables(conf: Conf, registry: Registry, asked: Selection, wanted: _Wanted) -> str:
    from sparkjobs.lineage import formats, telling  # noqa: PLC0415 (--help does without them)
    from sparkjobs.lineage.picture import columns_pictured, part, tables_pictured  # noqa: PLC0415

    shown = _shown(conf, asked, wanted)
    found = part(_lineage(conf, registry, wanted, shown), shown)
    picture = columns_pictured(found, rows=False) if wanted.columns else tables_pictured(found)
    if wanted.columns and wanted.form != "text":
        _warn(found)
    match wanted.form:
        case "json":
            return formats.as_json(found)
        case "text":
            return telling.columns_told(found) if wanted.columns else telling.tables_told(found)
        case _:
            return _drawn(wanted.form, f"Lineage of {conf.project.name}", found, picture)


def _column(conf: Conf, registry: Registry, asked: Selection, wanted: _Wanted) -> str:
    from sparkjobs.lineage import Place, follow, formats, nodes_from, tables_of, telling  # noqa: PLC0415
    from sparkjobs.lineage.picture import columns_pictured, places  # noqa: PLC0415

    if asked.select or asked.more or asked.exclude or asked.selectors:
        raise UsageError(
            "--column says where to begin; jobs cannot be selected beside it.", "Give one of them."
        )
    way: Way = "down" if wanted.way == "down" else "up"
    node, name = _named(tables_of(conf), str(wanted.column))
    found = _lineage(conf, registry, wanted, nodes_from(tables_of(conf), (node,), way))
    start = Place(node, _known(next(one for one in found.tables if one.node == node), name))
    reached = follow(found, start, way)
    only = places(found, {start, *(one.place for one in reached)})
    _warn(found)
    picture = columns_pictured(only, rows=True)
    match wanted.form:
        case "json":
            return formats.reached_as_json(start, way, reached)
        case "text":
            return telling.reached_told(start, way, reached)
        case _:
            return _drawn(wanted.form, f"{node.name}.{start.column}: {way}", only, picture)


def _drawn(form: str, title: str, found: "Lineage", picture: "Picture") -> str:
    """`picture`, of `found`, in the language of `form`."""
    from sparkjobs.lineage import formats  # noqa: PLC0415 (--help does without them)
    from sparkjobs.lineage.page import page  # noqa: PLC0415

    match form:
        case "mermaid":
            return formats.as_mermaid(picture)
        case "dot":
            return formats.as_dot(picture)
        case _:
            return page(title, found, picture)


def _shown(conf: Conf, asked: Selection, wanted: _Wanted) -> "frozenset[Node]":
    """The tables to tell of: all, or the selected jobs with what they read, or with all on the way."""
    from sparkjobs.lineage import Node, nodes_from, tables_of  # noqa: PLC0415 (--help does without it)

    whole, chosen = tables_of(conf), asked.jobs(conf)
    if chosen == conf.jobs.keys():
        return frozenset(table.node for table in whole.tables)
    jobs = frozenset(Node("job", name) for name in chosen)
    if wanted.way is not None:
        return nodes_from(whole, jobs, "down" if wanted.way == "down" else "up")
    return jobs | {read for table in whole.tables if table.node in jobs for read in table.reads}


def _lineage(conf: Conf, registry: Registry, wanted: _Wanted, shown: "Collection[Node]") -> "Lineage":
    """The lineage of `shown` and of all that they are made of: from that come their columns."""
    from sparkjobs.lineage import nodes_from, tables_of  # noqa: PLC0415 (--help does without it)

    whole = tables_of(conf)
    if not (wanted.columns or wanted.column):
        return whole
    needed = nodes_from(whole, shown, "up")
    if wanted.static:
        from sparkjobs.lineage.static import columns_in_text  # noqa: PLC0415

        return columns_in_text(conf, needed)
    from sparkjobs.lineage.walk import columns_of  # noqa: PLC0415
    from sparkjobs.session import start_brief  # noqa: PLC0415

    return columns_of(start_brief, conf, registry, needed)


def _named(whole: "Lineage", text: str) -> "tuple[Node, str]":
    """The table and the column that `text` names; a source may be told apart as source:TABLE.COLUMN."""
    table, _, column = text.partition(".")
    kind, is_told, name = table.rpartition(":")
    nodes = [one.node for one in whole.tables if not is_told or one.node.kind == kind]
    found = [
        node
        for wanted in ("job", "view", "source")
        for node in nodes
        if (node.kind, node.name) == (wanted, name)
    ]
    if not (found and column):
        hint = (
            "For example: --column stg_flights.dep_delay_min"
            if found
            else _near(name, (one.name for one in nodes))
        )
        raise UsageError(f"--column {text!r} names no column of a table.", hint)
    return found[0], column


def _known(table: "Table", column: str) -> str:
    """`column` as the table has it."""
    names = {one.name.casefold(): one.name for one in table.columns}
    if column.casefold() in names:
        return names[column.casefold()]
    why = f"; its columns are not known: {table.unknown}" if table.unknown else ""
    raise UsageError(f"{table.node.name} has no column {column!r}{why}.", _near(column, names.values()))


def _near(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=3, cutoff=0.5)
    return f"There is {', '.join(near)}." if near else "`sparkjobs lineage --columns` tells which there are."


def _warn(found: "Lineage") -> None:
    for table in found.tables:
        if table.unknown:
            click.echo(f"warning  {table.node.name}: its columns are not known: {table.unknown}", err=True)
