"""The columns of jobs and views in SQL, as sqlglot reads their text. No JVM, and nothing of functions.

Spark knows more: types, functions in Python, what it makes of a name. `walk` asks it.
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp, lineage, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope, find_all_in_scope
from sqlglot.schema import MappingSchema

from sparkjobs.config import Conf
from sparkjobs.lineage.known import published_schema
from sparkjobs.lineage.model import Column, Lineage, Node, Origin, Table
from sparkjobs.lineage.origins import Origins, together
from sparkjobs.lineage.publishing import published
from sparkjobs.lineage.tables import inputs_in, model_of, tables_of

_DIALECT = "spark"
_DECIDING = ("where", "having", "qualify", "group", "distinct")
"""The clauses that decide which rows a query has."""


_NOWHERE = "only Spark could say where {} comes from"


class UnreadableError(Exception):
    """What cannot be told from the text alone; its own text says why."""


@dataclass(frozen=True, slots=True)
class _Query:
    """A query with every name resolved."""

    root: Scope
    schema: MappingSchema
    scopes: tuple[tuple[Scope, tuple[Scope, ...]], ...]
    """The queries within it, with what those put together that put something together."""


def columns_in_text(conf: Conf, only: Collection[Node] | None = None) -> Lineage:
    """The tables of `conf` with the columns that its SQL tells; where `only` is given, these.

    Raises:
        ConfigError: jobs read each other in a circle.
    """
    known: dict[Node, tuple[Column, ...]] = {}
    tables = [table for table in tables_of(conf).tables if only is None or table.node in only]
    return Lineage(tuple(_table(conf, table, known) for table in tables))


def _table(conf: Conf, table: Table, known: dict[Node, tuple[Column, ...]]) -> Table:
    node = table.node
    if node.kind == "source":
        declared = conf.sources[node.name].columns
        known[node] = tuple(Column(name, column.type, ()) for name, column in declared.items())
        return replace(table, columns=known[node], unknown="" if declared else "its columns are not declared")
    try:
        model = model_of(conf, node)
        if model is None:
            view = node.kind == "view"
            raise UnreadableError("no job reads it" if view else "a function: only Spark knows its columns")
        found = _read(model.sql.text, dict(inputs_in(conf, node)), known)
        columns, rows = published(conf, node, *found)
        known[node] = columns
        return replace(table, columns=columns, rows=rows)
    except (UnreadableError, SqlglotError, ValueError) as error:
        why = str(error).splitlines()[0]
    schema = published_schema(conf, node.name) if node.kind == "job" else None
    if schema is not None:
        known[node] = tuple(Column(one.name, one.dataType.simpleString(), ()) for one in schema)
    return replace(table, columns=known.get(node, ()), unknown=why)


def _read(
    text: str, inputs: Mapping[str, Node], known: Mapping[Node, tuple[Column, ...]]
) -> tuple[tuple[Column, ...], tuple[Origin, ...]]:
    """The columns that the query `text` has, and what decides on its rows.

    Raises:
        UnreadableError: a column may be one of several tables, or of none that is known.
        SqlglotError: a name leads nowhere.
    """
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    written = parse_one(text, dialect=_DIALECT)
    named = written.named_selects if isinstance(written, exp.Query) else []
    spelled = {name.casefold(): name for name in named}
    schema = MappingSchema(dialect=_DIALECT)
    for name, node in inputs.items():
        if columns := known.get(node):
            schema.add_table(
                exp.to_identifier(name).sql(), {one.name: one.type or "string" for one in columns}
            )
    qualified = qualify(written.copy(), dialect=_DIALECT, schema=schema, validate_qualify_columns=False)
    root = build_scope(qualified)
    if root is None or not isinstance(root.expression, exp.Query):
        raise UnreadableError("it is no SELECT")
    query = _Query(root, schema, _scopes(root))
    at = _Inputs(inputs, known)
    columns = tuple(
        Column(spelled.get(name, at.spelled(found, name)), "", at.origins(found))
        for index, name in enumerate(_names(root))
        for found in (_traced(query, root, index),)
    )
    return columns, at.origins(together(_rows(query)))


@dataclass(frozen=True, slots=True)
class _Inputs:
    """Names as sqlglot folds them, and what they mean."""

    nodes: Mapping[str, Node]
    known: Mapping[Node, tuple[Column, ...]]

    def origins(self, found: Origins) -> tuple[Origin, ...]:
        """`found` with the names that tables and columns have."""
        nodes = {name.casefold(): node for name, node in self.nodes.items()}
        return tuple(
            sorted(
                Origin(nodes[table], self._column(nodes[table], column), how)
                for (table, column), how in found.items()
                if table in nodes
            )
        )

    def spelled(self, found: Origins, name: str) -> str:
        """What a column is called that a star has brought."""
        own = [one.column for one in self.origins(found) if one.column.casefold() == name]
        return own[0] if own else name

    def _column(self, node: Node, name: str) -> str:
        spelled = {one.name.casefold(): one.name for one in self.known.get(node, ())}
        if spelled and name not in spelled:
            raise UnreadableError(f"{node.name} has no column {name}")
        return spelled.get(name, name)


def _traced(query: _Query, scope: Scope, column: str | int) -> Origins:
    """The columns of inputs of which a column of `scope` is made."""
    root = lineage.to_node(column, scope, _DIALECT, query.schema, trim_selects=False)
    return _leaves(root, {}, bare=True)


def _leaves(node: lineage.Node, met: dict[tuple[int, bool], Origins], *, bare: bool) -> Origins:
    """The leaves below `node`, of which `met` has those that were found; `bare`: nothing was made so far."""
    key = (id(node), bare)
    if key in met:
        return met[key]
    match node.expression:
        case exp.Table() as table:
            return {(table.name, exp.to_column(node.name).name): "same" if bare else "made"}
        case exp.Placeholder():
            raise UnreadableError(_NOWHERE.format(node.name))
        case exp.Star():
            raise UnreadableError("it takes all columns of a table of which only Spark knows them")
    if not isinstance(node.source, exp.SetOperation):
        bare = bare and isinstance(node.expression.unalias(), exp.Column)
    met[key] = together(_leaves(one, met, bare=bare) for one in node.downstream)
    return met[key]


def _rows(query: _Query) -> Iterator[Origins]:
    for scope, sides in query.scopes:
        for column in _deciding(scope.expression):
            yield _resolved(query, scope, column)
        if isinstance(scope.expression, exp.SetOperation) and _compares(scope.expression):
            for side in sides:
                yield from (_traced(query, side, index) for index in range(len(_names(side))))


def _scopes(root: Scope) -> tuple[tuple[Scope, tuple[Scope, ...]], ...]:
    """Every query within a query, with what it puts together where it is a UNION, EXCEPT or INTERSECT.

    The rows of the last two are those of their left side, which alone is left to them.
    """
    found = tuple((scope, tuple(scope.set_operation_scopes)) for scope in root.traverse())
    for scope, _ in found:
        if isinstance(scope.expression, exp.Except | exp.Intersect):
            del scope.set_operation_scopes[1:]
    return found


def _names(scope: Scope) -> list[str]:
    return scope.expression.named_selects if isinstance(scope.expression, exp.Query) else []


def _compares(operation: exp.SetOperation) -> bool:
    """Whether whole rows are compared with each other."""
    return not isinstance(operation, exp.Union) or bool(operation.args.get("distinct"))


def _deciding(select: exp.Expr) -> Iterator[exp.Column]:
    """The columns in clauses that decide on rows."""
    clauses = [select.args.get(name) for name in _DECIDING]
    clauses += [join.args.get("on") for join in select.args.get("joins") or ()]
    if select.args.get("limit") or select.args.get("offset"):
        clauses.append(select.args.get("order"))
    for clause in clauses:
        if isinstance(clause, exp.Expression):
            yield from find_all_in_scope(clause, exp.Column)
    if isinstance(select, exp.Select) and select.args.get("distinct"):
        for one in select.args.get("expressions") or ():
            yield from find_all_in_scope(one, exp.Column)


def _resolved(query: _Query, scope: Scope, column: exp.Column) -> Origins:
    table = column.table or (next(iter(scope.sources)) if len(scope.sources) == 1 else "")
    if not column.table and column.name in _names(scope):  # what the query itself makes
        return _traced(query, scope, column.name)
    around: Scope | None = scope
    while around is not None and table not in around.sources:
        around = around.parent
    if around is None:
        raise UnreadableError(_NOWHERE.format(column.sql(dialect=_DIALECT)))
    source = around.sources[table]
    if isinstance(source, exp.Table):
        return {(source.name, column.name): "same"}
    return _traced(query, source, column.name)
