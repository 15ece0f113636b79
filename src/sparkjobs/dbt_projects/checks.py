"""Data tests of a model: they stay in its properties file, or become checks in conf/jobs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from sparkjobs.config.node import MistakeError, Node, Plain, members
from sparkjobs.config.properties import properties
from sparkjobs.dbt_projects.model import Names, Remark, Remarks
from sparkjobs.dbt_projects.reading import entries, having, place, without
from sparkjobs.suites import TOOLS, written
from sparkjobs.suites.dbt import block
from sparkjobs.suites.model import Asked
from sparkjobs.suites.others import of_model
from sparkjobs.suites.writing import Functions

TESTS: Final = ("data_tests", "tests")
_CHECKS: Final = (*TESTS, "constraints")
_OTHERS: Final = ("compare_model", "to")
_REF: Final = re.compile(
    r"""\s*(?:\{\{)?\s*ref\(\s*(?:'[^']*'\s*,\s*|"[^"]*"\s*,\s*)?(['"])([^'"]+)\1\s*\)\s*(?:\}\})?\s*"""
)
_SOURCE: Final = re.compile(
    r"""\s*(?:\{\{)?\s*source\(\s*(['"])([^'"]+)\1\s*,\s*(['"])([^'"]+)\3\s*\)\s*(?:\}\})?\s*"""
)
_NO_EQUAL: Final = "  # no equal: "


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of the tests of a model."""

    node: Node
    """Its entry in the properties file."""
    conf: str
    """Lines for conf/jobs, `inputs:` and `checks:`; empty where the properties file says all."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Which models read which; `reads` grows by the comparisons that checks make."""

    reads: Mapping[str, set[str]]

    def is_above(self, model: str, other: str) -> bool:
        """Whether `other` is made of `model`, or is the same."""
        seen: set[str] = set()
        waiting = [other]
        while waiting:
            one = waiting.pop()
            if one == model:
                return True
            waiting += self.reads.get(one, set()) - seen
            seen.add(one)
        return False


def is_tested(node: Node | None) -> bool:
    """Whether anything is asked of the model at `node`."""
    parts = (node, *(one for _, one in entries(node, "columns")))
    return any(members(part).get(key) and members(part)[key].value for part in parts for key in _CHECKS)


def judged(
    name: str, node: Node, names: Names, graph: Graph, functions: Functions, remarks: Remarks
) -> Judged:
    """The tests at `node`, of the model `name`, where they stand here; those without an equal are told."""
    asked = block(node, "model ")
    told = [_named(one, names) for one in asked.entries]
    entries_here = tuple(_without_circles(name, one, graph) for one in told)
    same = [one.arguments for one in entries_here] == [one.arguments for one in asked.entries]
    if same and not any(one.why_not for one in entries_here) and _fits(node, names):
        _grow(name, entries_here, graph)
        return Judged(node, "")
    here = replace(asked, entries=entries_here, itself=of_model(name))
    done = written(f"dbt: {place(node)}", [here], TOOLS["dbt"].table, functions)
    _grow(name, entries_here, graph)
    lines = done.text.splitlines()[2:]
    for line in lines:
        if line.startswith(_NO_EQUAL):
            told_of = f"{name}: the test {line.removeprefix(_NO_EQUAL)}"
            remarks.append(Remark(place(node), told_of, f"Say it with other checks, in conf/jobs/{name}.yml"))
    return Judged(_without_tests(node), "".join(f"{line}\n" for line in lines))


def _named(entry: Asked, names: Names) -> Asked:
    """An entry in which the other table is called as here."""
    changed = {key: _called(entry.arguments[key], names) for key in _OTHERS if key in entry.arguments}
    return replace(entry, arguments={**entry.arguments, **changed})


def _called(value: Plain, names: Names) -> Plain:
    text = str(value)
    if found := _REF.fullmatch(text):
        if found[2] in names.seeds:
            return f"source('seeds', '{names.seeds[found[2]]}')"
        here = names.models.get(found[2], found[2])
        return value if here == found[2] and "{{" not in text and "," not in text else f"ref('{here}')"
    if (found := _SOURCE.fullmatch(text)) and (found[2], found[4]) in names.sources:
        return f"source('{found[2]}', '{names.sources[found[2], found[4]]}')"
    return value


def _without_circles(name: str, entry: Asked, graph: Graph) -> Asked:
    """An entry, with the reason why it cannot be asked where the other table is made of this one."""
    other = _other(entry)
    if other and other != name and graph.is_above(name, other):
        return replace(entry, why_not=f"{other} is made of {name}: each would wait for the other")
    return entry


def _grow(name: str, asked: tuple[Asked, ...], graph: Graph) -> None:
    others = {_other(one) for one in asked if not one.why_not}
    graph.reads[name].update(one for one in others if one and one != name)


def _other(entry: Asked) -> str:
    """The model that an entry looks at besides."""
    found = [_REF.fullmatch(str(entry.arguments[key])) for key in _OTHERS if key in entry.arguments]
    return found[0][2] if found and found[0] else ""


def _fits(node: Node, names: Names) -> bool:
    """Whether a properties file of ours takes the tests at `node` as they stand."""
    bare = without(node, "config")
    if any("constraints" in members(part) for part in (node, *(one for _, one in entries(node, "columns")))):
        return False
    mark = node.mark
    try:
        found = list(properties(Node({"models": Node((bare,), mark)}, mark, {"models": mark})))
    except MistakeError:
        return False
    inputs = [other for _, part in found for other in members(part, "inputs")]
    return all(one in names.models.values() for one in inputs) and all(map(_says_severity, found))


def _says_severity(found: tuple[str, Node]) -> bool:
    """Whether the checks of a part say theirs as conf does: dbt also takes WARN."""
    checks = members(found[1]).get("checks")
    for check in checks.value if checks is not None and isinstance(checks.value, tuple) else ():
        for settings in members(check).values():
            severity = members(settings).get("severity")
            if severity is not None and severity.value not in ("error", "warn"):
                return False
    return True


def _without_tests(node: Node) -> Node:
    bare = without(node, *_CHECKS)
    columns = members(node).get("columns")
    if columns is None or not isinstance(columns.value, tuple):
        return bare
    return having(
        bare, "columns", replace(columns, value=tuple(without(one, *_CHECKS) for one in columns.value))
    )
