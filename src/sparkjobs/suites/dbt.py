"""dbt: the data tests of a properties file, of dbt itself and of dbt_utils."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from sparkjobs.config.node import Node, Plain, plain
from sparkjobs.suites import dbt_turns as turn
from sparkjobs.suites.model import Asked, Block, Rule, Table
from sparkjobs.suites.others import of_model
from sparkjobs.suites.reading import lacks, members_of, nodes_of, text_of, yaml_of

_TABLES: Final = {"models": "model", "seeds": "seed", "snapshots": "snapshot"}
_TESTS: Final = ("data_tests", "tests")
_COLUMN: Final = {"column_name": "column"}
_KEY: Final = ("column_name", "to", "field")
_UNSAID: Final = frozenset(
    {"alias", "database", "group", "limit", "meta", "schema", "sql_header", "store_failures", "tags"}
) | {"store_failures_as", "enabled"}
"""What `config` says of how and where a test is run, and how its failures are kept."""
_SAID: Final = ("severity", "where", "warn_if", "error_if", "fail_calc")
_USUAL: Final = {"warn_if": ("!=0",), "error_if": ("!=0",), "fail_calc": ("count(*)",)}
_CONSTRAINT: Final = "constraint "


def read(file: str, data: bytes) -> tuple[Block, ...]:
    """The tests in `file`, a block per table.

    Raises:
        UsageError: it is no properties file.
    """
    tree = yaml_of(file, data)
    root = members_of(tree, "a properties file")
    if not root.keys() & {*_TABLES, "sources"}:
        raise lacks(tree, "a properties file", "models")
    return tuple(_blocks(root))


def _blocks(root: Mapping[str, Node]) -> Iterator[Block]:
    for key, noun in _TABLES.items():
        for node in _entries(root, key):
            yield replace(block(node, f"{noun} "), itself=of_model(_name(node, "a table")))
    for source in _entries(root, "sources"):
        name = _name(source, "a source")
        for node in _entries(members_of(source, "a source"), "tables"):
            yield block(node, f"source {name}.")


def block(node: Node, title: str) -> Block:
    """What a properties file asks of one table, its entry `node`; `title` stands before its name.

    Raises:
        UsageError: it is no entry of a table.
    """
    table = members_of(node, "a table")
    entries = [*_tests(table, None), *_constraints(table, None)]
    for column in _entries(table, "columns"):
        name = _name(column, "a column")
        members = members_of(column, "a column")
        entries += [*_tests(members, name), *_constraints(members, name)]
    return Block(f"{title}{_name(node, 'a table')}", tuple(entries))


def _tests(members: Mapping[str, Node], column: str | None) -> Iterator[Asked]:
    for key in _TESTS:
        for node in _entries(members, key):
            yield _asked(node, column)


def _asked(node: Node, column: str | None) -> Asked:
    """A test as a name, as `{name: arguments}`, or as `{test_name: name, …}`."""
    if isinstance(node.value, str):
        return _sorted_out(node.value, {}, column)
    members = members_of(node, "a test")
    if "test_name" in members:
        given = {key: plain(value) for key, value in members.items() if key != "test_name"}
        return _sorted_out(text_of(members["test_name"], "'test_name'"), given, column)
    if len(members) != 1:
        raise lacks(node, "a test", "test_name")
    ((name, inner),) = members.items()
    body = {} if inner.value is None else members_of(inner, f"the test {name}")
    return _sorted_out(name, {key: plain(value) for key, value in body.items()}, column)


def _sorted_out(name: str, given: dict[str, Plain], column: str | None) -> Asked:
    config = {key: given.pop(key) for key in (*_UNSAID, *_SAID) if key in given}
    for key, into in (("config", config), ("arguments", given)):
        inner = given.get(key)
        if isinstance(inner, dict):
            del given[key]
            into.update(inner)
    told = {key: given.pop(key, None) for key in ("name", "description")}
    if column is not None:
        given = {"column_name": column, **given}
    severity = str(config.get("severity") or "error").lower()
    shared: dict[str, Plain] = {"severity": severity, "where": config.get("where") or None}
    return Asked(name.removeprefix("dbt."), given, {**shared, **told}, why_not=_odd(config))


def _odd(config: Mapping[str, Plain]) -> str:
    """What the configuration of a test says that cannot be said here."""
    if config.get("enabled") is False:
        return "it is not enabled"
    if str(config.get("severity") or "error").lower() not in ("error", "warn"):
        return "its severity is not known here"
    for key, usual in _USUAL.items():
        if config.get(key) is not None and str(config[key]).replace(" ", "").lower() not in usual:
            return f"{key!r} counts failures; `mostly` would tell their share"
    unknown = config.keys() - _UNSAID - set(_SAID)
    if unknown:
        return f"{min(unknown)!r} of its config is not known here"
    where = config.get("where")
    return turn.why_not_sql(where) if where else ""


def _constraints(members: Mapping[str, Node], column: str | None) -> Iterator[Asked]:
    """What a contract says of a table that it promises to hold."""
    for node in _entries(members, "constraints"):
        given = {key: plain(value) for key, value in members_of(node, "a constraint").items()}
        kind = str(given.pop("type", None))
        told = {key: given.pop(key, None) for key in ("name", "description")}
        for key in ("warn_unenforced", "warn_unsupported"):
            given.pop(key, None)
        if column is not None:
            given["columns"] = (column,)
        yield Asked(f"{_CONSTRAINT}{kind}", given, told)


def _entries(members: Mapping[str, Node], key: str) -> Iterable[Node]:
    node = members.get(key)
    return () if node is None or node.value is None else nodes_of(node, f"{key!r}")


def _name(node: Node, what: str) -> str:
    members = members_of(node, what)
    if "name" not in members:
        raise lacks(node, what, "name")
    return text_of(members["name"], f"the name of {what}")


TABLE: Final = Table(
    rules={
        "not_null": Rule(("not_null",), _COLUMN),
        "unique": Rule(("unique",), {"column_name": "columns"}, change=turn.in_a_list),
        "accepted_values": Rule(
            ("accepted_values",), {**_COLUMN, "values": "values"}, reads=("quote",), change=turn.values
        ),
        "dbt_utils.not_accepted_values": Rule(
            ("rejected_values",), {**_COLUMN, "values": "values"}, reads=("quote",), change=turn.values
        ),
        "dbt_utils.accepted_range": Rule(
            ("between",),
            {**_COLUMN, "min_value": "min", "max_value": "max"},
            reads=("inclusive",),
            change=turn.between,
        ),
        "dbt_utils.not_constant": Rule(("not_constant",), _COLUMN, only={"group_by_columns": ()}),
        "dbt_utils.not_empty_string": Rule(
            ("not_blank", "not_empty"), _COLUMN, reads=("trim_whitespace",), change=turn.not_blank
        ),
        "dbt_utils.at_least_one": Rule(
            ("distinct_count",),
            {"column_name": "columns"},
            {"min": 1},
            only={"group_by_columns": ()},
            change=turn.in_a_list,
        ),
        "dbt_utils.not_null_proportion": Rule(
            ("not_null",),
            {**_COLUMN, "at_least": "mostly"},
            only={"at_most": 1, "group_by_columns": ()},
        ),
        "dbt_utils.expression_is_true": Rule(
            ("expression",), reads=("column_name", "expression"), change=turn.expression
        ),
        "dbt_utils.recency": Rule(
            ("fresh",),
            reads=("field", "datepart", "interval", "group_by_columns"),
            only={"ignore_time_component": False},
            change=turn.fresh,
        ),
        "dbt_utils.unique_combination_of_columns": Rule(
            ("unique",),
            {"combination_of_columns": "columns"},
            reads=("quote_columns",),
            change=turn.all_filled,
        ),
        "dbt_utils.mutually_exclusive_ranges": Rule(
            ("not_null", "ordered", "no_overlaps"),
            reads=(
                "lower_bound_column",
                "upper_bound_column",
                "partition_by",
                "gaps",
                "zero_length_range_allowed",
            ),
            change=turn.ranges,
        ),
        "relationships": Rule(("foreign_key",), reads=_KEY, change=turn.key),
        "dbt_utils.relationships_where": Rule(
            ("foreign_key",),
            only={"to_condition": "1=1"},
            reads=(*_KEY, "from_condition"),
            change=turn.key_of_some,
        ),
        "dbt_utils.equal_rowcount": Rule(
            ("equal_row_count",),
            only={"group_by_columns": ()},
            reads=("compare_model",),
            change=turn.as_many_rows,
        ),
        "dbt_utils.cardinality_equality": Rule(("same_rows",), reads=_KEY, change=turn.same_values),
        f"{_CONSTRAINT}not_null": Rule(("not_null",), {"columns": "columns"}),
        f"{_CONSTRAINT}unique": Rule(("unique",), {"columns": "columns"}),
        f"{_CONSTRAINT}primary_key": Rule(("not_null", "unique"), {"columns": "columns"}),
        f"{_CONSTRAINT}check": Rule(("expression",), {"expression": "expr"}, reads=("columns",)),
        f"{_CONSTRAINT}foreign_key": Rule(
            ("foreign_key",), reads=("columns", "to", "to_columns", "expression"), change=turn.references
        ),
    },
    without={
        "dbt_utils.fewer_rows_than": "no check says fewer; `equal_row_count` says as many",
        "dbt_utils.equality": "theirs does not count rows that are equal, `same_rows` does",
        "dbt_utils.sequential_values": "theirs looks at each distance between neighbours, `no_gaps` at steps",
    },
)
