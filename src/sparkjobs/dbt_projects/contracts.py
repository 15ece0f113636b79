"""What dbt's tests ask of a seed or a source, as its contract."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from sparkjobs.config.node import Node, Plain, members, plain
from sparkjobs.config.sources import comparable
from sparkjobs.dbt_projects.model import Remark, Remarks
from sparkjobs.dbt_projects.reading import entries, place

_TYPES: Final = {
    **dict.fromkeys(("bool", "boolean"), "boolean"),
    **dict.fromkeys(("byte", "tinyint"), "tinyint"),
    **dict.fromkeys(("short", "smallint"), "smallint"),
    **dict.fromkeys(("int", "int4", "integer"), "int"),
    **dict.fromkeys(("bigint", "int64", "int8", "long"), "bigint"),
    **dict.fromkeys(("float4", "real"), "float"),
    **dict.fromkeys(("double", "double precision", "float", "float64", "float8"), "double"),
    **dict.fromkeys(("char", "string", "text", "varchar"), "string"),
    **dict.fromkeys(("binary", "bytes"), "binary"),
    "date": "date",
    **dict.fromkeys(("timestamp", "timestamptz"), "timestamp"),
    **dict.fromkeys(("datetime", "timestamp_ntz"), "timestamp_ntz"),
}
_SIZED: Final = re.compile(r"(char|varchar|string|text)\s*\(\s*\d+\s*\)")
_FIXED: Final = re.compile(r"(?:decimal|dec|numeric)\s*\(\s*(\d{1,2})\s*(?:,\s*(\d{1,2})\s*)?\)")
_USUAL: Final = ("severity", "tags", "meta", "store_failures", "description", "name")
_FIX: Final = "A contract says `not_null`, `accepted_values`, `between`, `matches`, `unique` and `rules:`"


def type_of(text: str) -> str | None:
    """A type of a database as one of ours; None where there is none."""
    named = " ".join(text.lower().split())
    if sized := _SIZED.fullmatch(named):
        named = sized[1]
    if fixed := _FIXED.fullmatch(named):
        return f"decimal({fixed[1]},{fixed[2] or 0})"
    return _TYPES.get(named)


def contract(name: str, node: Node | None, types: Mapping[str, str], remarks: Remarks) -> dict[str, Plain]:
    """What conf says of the columns of `types`, as the tests at `node` ask it; the rest is told."""
    columns: dict[str, dict[str, Plain]] = {column: {"type": kind} for column, kind in types.items()}
    keys: list[str] = []
    asked = False
    for column, kind, arguments, test in _tests(node):
        told = f"{name}{f'.{column}' if column else ''}: the test `{kind}`"
        match kind:
            case "not_null" if column in columns and not arguments:
                columns[column]["not_null"] = True
            case "accepted_values" if column in columns and (values := _values(arguments, types[column])):
                columns[column]["accepted_values"] = values
            case "unique" if column in columns and not arguments and not keys:
                keys.append(column)
            case _:
                remarks.append(Remark(place(test), f"{told} did not come along", _FIX))
                continue
        asked = True
    found: dict[str, Plain] = {"columns": {column: _short(one) for column, one in columns.items()}}
    if keys:
        found["unique"] = {"keys": tuple(keys)}
    return found | ({"bad_rows": {"action": "fail"}} if asked else {})


def is_tested(node: Node | None) -> bool:
    """Whether tests are asked of the table at `node` or of its columns."""
    return any(True for _ in _tests(node))


def _tests(node: Node | None) -> Iterator[tuple[str, str, Mapping[str, Plain], Node]]:
    """The column, name, arguments and place of each test of a table; what decides nothing is left out."""
    if node is None:
        return
    for column, part in (("", node), *entries(node, "columns")):
        for key in ("data_tests", "tests"):
            listed = members(part).get(key)
            for test in listed.value if listed is not None and isinstance(listed.value, tuple) else ():
                kind, given = next(iter(members(test).items()), (str(plain(test)), None))
                inner = members(given)
                whole = {**inner, **members(inner.get("config")), **members(inner.get("arguments"))}
                kept = {
                    one: plain(value)
                    for one, value in whole.items()
                    if one not in (*_USUAL, "config", "arguments")
                }
                warns = "severity" in whole and whole["severity"].value != "error"
                yield column, str(kind), {**kept, **({"severity": "warn"} if warns else {})}, test


def _values(arguments: Mapping[str, Plain], kind: str) -> tuple[str | bool | int | float, ...]:
    """The values of a column of `kind`; none where they cannot be compared with it."""
    match arguments:
        case {"values": tuple() as values, **rest} if rest.keys() <= {"quote"}:
            some = [one for one in values if isinstance(one, str | int | float)]
            fit = len(some) == len(values) and all(comparable(one, kind) for one in some)
            return tuple(some) if fit else ()
    return ()


def _short(column: dict[str, Plain]) -> Plain:
    return column if len(column) > 1 else column["type"]
