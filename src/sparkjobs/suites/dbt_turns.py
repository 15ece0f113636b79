"""Arguments of dbt's tests where more than their names differ from ours."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from sparkjobs.config.node import Plain
from sparkjobs.sql import quoted
from sparkjobs.suites.model import Given, NoEqualError, Ours, as_it_is
from sparkjobs.suites.others import called, equal_row_count, foreign_key
from sparkjobs.suites.phrases import flag, identifier, identifiers, listed, literal, names, whole

_UNITS: Final = {"second": "s", "minute": "m", "hour": "h", "day": "d", "week": "w"}
_GAPS: Final = {"allowed": True, "not_allowed": False}
_OR: Final = re.compile(r"\bor\b", re.IGNORECASE)


def why_not_sql(text: Plain) -> str:
    """Why `text` may mean something else to Spark than to dbt's database; empty if it does not."""
    if not isinstance(text, str):
        return "its condition is not text"
    return 'to Spark " begins a text, to other databases a name' if '"' in text else ""


def in_a_list(given: Given) -> Iterable[Ours]:
    """A column that stands in a list here."""
    return [Ours(kind, {**given.ours, "columns": (given.ours.get("columns"),)}) for kind in given.kinds]


def values(given: Given) -> Iterable[Ours]:
    """Values that are SQL where they are not to be quoted."""
    if flag(given, "quote", otherwise=True):
        return as_it_is(given)
    wanted = tuple(map(literal, listed(given.ours.get("values"))))
    return [Ours(kind, {**given.ours, "values": wanted}) for kind in given.kinds]


def between(given: Given) -> Iterable[Ours]:
    """Bounds that are SQL."""
    bounds = {key: literal(value) if key in ("min", "max") else value for key, value in given.ours.items()}
    strict = {} if flag(given, "inclusive", otherwise=True) else {"strict": True}
    return [Ours("between", {**bounds, **strict})]


def not_blank(given: Given) -> Iterable[Ours]:
    """A text that is not empty, with or without its blanks."""
    trimmed = flag(given, "trim_whitespace", otherwise=True)
    return [Ours("not_blank" if trimmed else "not_empty", given.ours)]


def expression(given: Given) -> Iterable[Ours]:
    """A condition, or what follows the name of a column to make one."""
    text = given.theirs.get("expression")
    problem = why_not_sql(text)
    if problem:
        raise NoEqualError(problem)
    column = given.theirs.get("column_name")
    return [Ours("expression", {"expr": f"{quoted(column)} {text}" if isinstance(column, str) else text})]


def fresh(given: Given) -> Iterable[Ours]:
    """How old the newest time may be."""
    unit = _UNITS.get(str(given.theirs.get("datepart")))
    if unit is None:
        raise NoEqualError("a duration is in seconds, minutes, hours, days or weeks")
    age = f"{whole(given.theirs.get('interval'))}{unit}"
    groups = identifiers(given.theirs.get("group_by_columns"))
    arguments: dict[str, Plain] = {"column": identifier(given.theirs.get("field")), "max_age": age}
    return [Ours("fresh", arguments | ({"group_by": groups} if groups else {}))]


def all_filled(given: Given) -> Iterable[Ours]:
    """A key none of whose columns is ever null."""
    columns = names(given.ours.get("columns"))
    if not set(columns) <= given.filled:
        raise NoEqualError(
            "theirs compares rows with a null too; with a not_null of each column it could be said"
        )
    return [Ours("unique", {"columns": columns})]


def ranges(given: Given) -> Iterable[Ours]:
    """Periods per key: both ends are there, the first comes first, and none begins before another ends."""
    bounds = tuple(identifier(given.theirs.get(f"{end}_bound_column")) for end in ("lower", "upper"))
    by = given.theirs.get("partition_by")
    if not isinstance(by, str):
        raise NoEqualError("`no_overlaps` looks at the periods of a key, partition_by")
    gaps = _GAPS.get(str(given.theirs.get("gaps", "allowed")))
    if gaps is None:
        raise NoEqualError("gaps between periods can be allowed or not, but not wanted")
    keys = tuple(identifier(one.strip()) for one in by.split(","))
    strict = {} if flag(given, "zero_length_range_allowed") else {"strict": True}
    periods: dict[str, Plain] = {"valid_from": bounds[0], "valid_to": bounds[1], "columns": keys}
    return [
        Ours("not_null", {"columns": bounds}),
        Ours("ordered", {"columns": bounds, **strict}),
        Ours("no_overlaps", periods | ({} if gaps else {"gaps": False})),
    ]


def key(given: Given) -> Iterable[Ours]:
    """A column whose values are those of a column of another table; nulls pass."""
    other = called(given.theirs.get("to"))
    return [foreign_key((_column(given),), other, (identifier(given.theirs.get("field")),))]


def key_of_some(given: Given) -> Iterable[Ours]:
    """The same of the rows that a condition lets in."""
    checks = key(given)
    condition = given.theirs.get("from_condition")
    if condition is None:
        return checks
    problem = why_not_sql(condition)
    if not problem and _OR.search(str(condition)):
        problem = (
            "theirs puts its condition behind `and` without brackets; an `or` lets in rows without a key"
        )
    if problem:
        raise NoEqualError(problem)
    return [replace(one, arguments={**one.arguments, "where": condition}) for one in checks]


def as_many_rows(given: Given) -> Iterable[Ours]:
    """As many rows as another table has."""
    return [equal_row_count(called(given.theirs.get("compare_model")))]


def same_values(given: Given) -> Iterable[Ours]:
    """Each value of a column, null among them, is as often in a column of another table."""
    other, column = called(given.theirs.get("to")), _column(given)
    if given.theirs.get("field") != column:
        raise NoEqualError("`same_rows` compares columns of one name")
    return [Ours("same_rows", {"columns": (column,), "input": other.name}, other)]


def references(given: Given) -> Iterable[Ours]:
    """A foreign key as a contract says it."""
    if "to" not in given.theirs or "to_columns" not in given.theirs:
        raise NoEqualError("a table is named in SQL; `to` and `to_columns` would say it")
    other, there = called(given.theirs["to"]), identifiers(given.theirs["to_columns"])
    return [foreign_key(names(given.theirs.get("columns")), other, there)]


def _column(given: Given) -> str:
    column = given.theirs.get("column_name")
    if not isinstance(column, str):
        raise NoEqualError("a column was expected")
    return column
