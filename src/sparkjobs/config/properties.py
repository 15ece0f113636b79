"""dbt's properties files beside SQL models: descriptions, tests and config, as the conf of jobs."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from sparkjobs.config.materialized import job_of
from sparkjobs.config.mistakes import guess
from sparkjobs.config.node import Mark, MistakeError, Node, members, nested

_TOLD: Final = ("data_type", "docs", "meta", "quote")
"""What dbt has for its documentation, or for its own adapters: it may stand there, and decides nothing."""
_MODEL: Final = ("columns", "config", "data_tests", "description", "name", "tests", *_TOLD)
_COLUMN: Final = ("data_tests", "description", "name", "tests", *_TOLD)
_ELSEWHERE: Final = {
    "sources": "sources are declared in conf/sources.yml",
    "seeds": "a file is a source, in conf/sources.yml",
    "snapshots": "a history is a job of mode scd2",
}
_TESTS: Final = {
    "accepted_values": "accepted_values",
    "not_null": "not_null",
    "relationships": "foreign_key",
    "unique": "unique",
}
_SHARED: Final = ("name", "severity", "where")
_DOC: Final = re.compile(r"\s*\{\{\s*doc\(")
_REF: Final = re.compile(r"\s*ref\(\s*(['\"])(\w+)\1\s*\)\s*")


def properties(document: Node) -> Iterator[tuple[str, Node]]:
    """The conf of each job that a properties file tells of, part by part.

    Raises:
        MistakeError: it says what means nothing here.
    """
    for key, node in members(document).items():
        if key == "models":
            for model in _items(node):
                yield from _model(model)
        elif key != "version":
            told = (
                _ELSEWHERE.get(key)
                or f"{key!r} is not a key here; {guess(key, ('models', 'version'), 'there is')}"
            )
            raise MistakeError(document.keys[key], told)


def _model(model: Node) -> Iterator[tuple[str, Node]]:
    name = _named(model, "a model", _MODEL)
    yield name, Node({}, model.mark)
    if (node := members(model).get("description")) is not None:
        yield name, nested(("description",), node)
    if (node := members(model).get("config")) is not None:
        job = job_of(members(node), node.keys)
        if job is not None:
            yield name, job
    checks: list[Node] = []
    inputs: dict[str, Node] = {}
    columns = members(model).get("columns")
    for part, column in ((model, None), *((one, one) for one in (_items(columns) if columns else ()))):
        called = _named(column, "a column", _COLUMN) if column else None
        if column and called and (note := _note(column)):
            yield name, nested(("columns", called), note)
        for test in _tests(part):
            check, other = _check(test, called)
            checks.append(check)
            inputs |= other
    if checks:
        yield name, nested(("checks",), Node(tuple(checks), checks[0].mark))
    if inputs:
        marks = {key: node.mark for key, node in inputs.items()}
        yield name, nested(("inputs",), Node(inputs, checks[0].mark, marks))


def _note(column: Node) -> Node | None:
    """What people are told of a column; a doc block of dbt's is nothing that we could read."""
    given = {**members(column), **members(column, "meta")}
    found = {key: node for key in ("description", "unit") if (node := given.get(key)) is not None}
    told = {key: node for key, node in found.items() if not _DOC.match(str(node.value))}
    return _node(told, column.mark) if told else None


def _tests(part: Node) -> Iterator[Node]:
    for key in ("data_tests", "tests"):
        if (node := members(part).get(key)) is not None:
            yield from _items(node)


def _check(test: Node, column: str | None) -> tuple[Node, Mapping[str, Node]]:
    """A test as a check, and the inputs that it needs."""
    kind, given = (test.value, Node({}, test.mark)) if isinstance(test.value, str) else _only(test)
    if kind not in _TESTS:
        near = guess(str(kind), _TESTS, "here stand")
        raise MistakeError(test.mark, f"{kind!r}: {near}; `sparkjobs import dbt` knows more, for conf/jobs")
    if column is None:
        raise MistakeError(test.mark, f"{kind!r} is a test of a column")
    settings = {**members(given), **members(given, "config"), **members(given, "arguments")}
    shared: dict[str, Node] = {key: settings.pop(key) for key in _SHARED if key in settings}
    for key in ("config", "arguments"):
        settings.pop(key, None)
    own, inputs = _own(kind, settings, column, test.mark)
    if settings:
        raise MistakeError(test.mark, f"{min(settings)!r} of the test {kind} is not known here")
    return _node({_TESTS[kind]: _node({**own, **shared}, test.mark)}, test.mark), inputs


def _own(
    kind: str, settings: dict[str, Node], column: str, mark: Mark
) -> tuple[dict[str, Node], Mapping[str, Node]]:
    """What the check looks at, and the inputs that it needs."""
    name = Node(column, mark, quoted=True)
    if kind == "accepted_values":
        return {"column": name, "values": _taken(settings, "values", kind, mark)}, {}
    if kind == "relationships":
        to, key = _taken(settings, "to", kind, mark), _taken(settings, "field", kind, mark)
        found = _REF.fullmatch(str(to.value))
        if found is None:
            raise MistakeError(to.mark, f"to: {to.value!r} is not ref('a_model')")
        other = Node(found[2], to.mark, quoted=True)
        entry = _node({"ref": other, "for_checks": Node(value=True, mark=to.mark)}, to.mark)
        columns = {"columns": Node((name,), mark), "input": other, "key": Node((key,), key.mark)}
        return columns, {found[2]: entry}
    return {"columns": Node((name,), mark)}, {}


def _taken(settings: dict[str, Node], key: str, kind: str, mark: Mark) -> Node:
    if key not in settings:
        raise MistakeError(mark, f"the test {kind} lacks {key!r}")
    return settings.pop(key)


def _only(test: Node) -> tuple[str, Node]:
    found = members(test)
    if len(found) != 1:
        raise MistakeError(test.mark, "a test is a name, or a name with its arguments")
    return next(iter(found.items()))


def _named(node: Node, what: str, keys: tuple[str, ...]) -> str:
    for key in members(node):
        if key not in keys:
            raise MistakeError(
                node.keys[key], f"{key!r} is not a key of {what}; {guess(key, keys, 'it has')}"
            )
    name = members(node).get("name")
    if name is None or not isinstance(name.value, str):
        raise MistakeError(node.mark, f"{what} lacks 'name'")
    return name.value


def _items(node: Node) -> tuple[Node, ...]:
    if not isinstance(node.value, tuple):
        raise MistakeError(node.mark, "a list was expected")
    return node.value


def _node(found: Mapping[str, Node], mark: Mark) -> Node:
    return Node(found, mark, dict.fromkeys(found, mark))
