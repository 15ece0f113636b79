"""Arguments of DQX's functions where more than their names differ from ours."""

from collections.abc import Iterable
from datetime import datetime
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from typing import Final

from sparkjobs.config.node import Plain
from sparkjobs.sql import quoted
from sparkjobs.suites.model import Change, Given, NoEqualError, OtherTable, Ours
from sparkjobs.suites.others import equal_row_count, foreign_key, frame, in_catalog
from sparkjobs.suites.phrases import (
    flag,
    identifier,
    identifiers,
    listed,
    literal,
    names,
    said,
    searched,
    whole,
)

_LIMITS: Final = ("min", "max", "to")
_CASES: Final = ("lower", "upper")
_KINDS: Final = {
    "sum": "sum",
    "avg": "mean",
    "min": "minimum",
    "max": "maximum",
    "stddev": "stdev",
    "stddev_samp": "stdev",
    "variance": "variance",
    "var_samp": "variance",
    "median": "median",
    "percentile": "quantile",
}
AGGREGATES: Final = ("row_count", "distinct_count", *dict.fromkeys(_KINDS.values()))


def compared(given: Given) -> Iterable[Ours]:
    """A comparison with limits, and with null where that does not pass."""
    ours = {key: _limit(value) if key in _LIMITS else value for key, value in given.ours.items()}
    checks = said(given, ours)
    if flag(given, "allow_nulls", otherwise=True):
        return checks
    return [Ours("not_null", {"column": ours.get("column")}), *checks]


def one_of_list(given: Given) -> Iterable[Ours]:
    """A list of values, each of which is a limit."""
    ours = {**given.ours, "values": tuple(map(_limit, listed(given.ours.get("values"))))}
    case = {} if flag(given, "case_sensitive", otherwise=True) else {"ignore_case": True}
    return said(given, {**ours, **case})


def not_empty(given: Given) -> Iterable[Ours]:
    """A text with something in it, with or without its blanks."""
    spare = "not_empty" if flag(given, "trim_strings") else "not_blank"
    return [one for one in said(given, given.ours) if one.kind != spare]


def empty(given: Given) -> Iterable[Ours]:
    """A text with nothing in it, or nothing but blanks."""
    if flag(given, "trim_strings"):
        return [Ours("matches", {**given.ours, "pattern": " *"})]
    return [Ours("equal", {**given.ours, "to": ""})]


def found(given: Given) -> Iterable[Ours]:
    """A pattern that is, or is not, found somewhere in the text."""
    kind = "not_matches" if flag(given, "negate") else "matches"
    return [Ours(kind, {**given.ours, "pattern": searched(given.ours.get("pattern"))})]


def cased(given: Given) -> Iterable[Ours]:
    """All letters lower or upper."""
    if given.ours.get("case") not in _CASES:
        raise NoEqualError("theirs leaves the other letters of a word, or of a sentence, as they are")
    return [Ours("letter_case", given.ours)]


def parsed(given: Given) -> Iterable[Ours]:
    """A date or time that can be read; without a format, both are read as a timestamp."""
    return [Ours("parses", {"column": given.ours.get("column"), "type": "timestamp", **given.ours})]


def within(given: Given) -> Iterable[Ours]:
    """A network, whatever address of it names it."""
    try:
        network = str(IPv4Network(str(given.ours.get("network")), strict=False))
    except (AddressValueError, NetmaskValueError, ValueError) as error:
        raise NoEqualError(str(error)) from error
    return [Ours("ipv4_within", {**given.ours, "network": network})]


def not_in_future(given: Given) -> Iterable[Ours]:
    """A tolerance in seconds."""
    seconds = whole(given.theirs.get("offset", 0))
    return [Ours("not_in_future", {**given.ours, **({"tolerance": f"{seconds}s"} if seconds else {})})]


def minutes(given: Given) -> Iterable[Ours]:
    """A duration that is a number of minutes there."""
    named = (("age", "max_age_minutes"), ("every", "window_minutes"))
    durations = {ours: f"{whole(given.theirs[key])}m" for ours, key in named if key in given.theirs}
    return [Ours(kind, {**given.ours, **durations}) for kind in given.kinds]


def older_than_other(given: Given) -> Iterable[Ours]:
    """A date that is more than so many days before another, as SQL."""
    one, other = (f"to_date({quoted(str(given.theirs.get(key)))})" for key in ("column1", "column2"))
    days = whole(given.theirs.get("days", 0))
    compares = ">=" if flag(given, "negate") else "<"
    return [Ours("expression", {"expr": f"{one} {compares} date_sub({other}, {days})"})]


def expression(given: Given) -> Iterable[Ours]:
    """A condition, which must not hold where it is negated."""
    text = given.theirs.get("expression")
    told = {"name": given.theirs.get("name"), "description": given.theirs.get("msg")}
    expr = f"not ({text})" if flag(given, "negate") else text
    return [Ours("expression", {"expr": expr, **{key: one for key, one in told.items() if one is not None}})]


def aggregate(*bounds: str) -> Change:
    """A value of all rows, or of each group, with a limit that stands for `bounds`."""

    def change(given: Given) -> Iterable[Ours]:
        kind, arguments = _aggregate(given)
        limit = _limit(given.theirs.get("limit"))
        if kind in ("row_count", "distinct_count"):
            limit = whole(limit)
        elif kind != "sum":  # a sum that is null may be too large
            arguments["allow_empty"] = True
        groups = identifiers(given.theirs.get("group_by"))
        shared: dict[str, Plain] = {"group_by": groups} if groups else {}
        return [Ours(kind, {**arguments, **dict.fromkeys(bounds, limit), **shared})]

    return change


def _aggregate(given: Given) -> tuple[str, dict[str, Plain]]:
    """The kind that an aggregate has here, and what it looks at."""
    of, column = str(given.theirs.get("aggr_type", "count")), given.theirs.get("column")
    parameters = given.theirs.get("aggr_params") or {}
    if of == "count":
        if column != "*" and column not in given.filled:
            raise NoEqualError("theirs counts values; `row_count` counts rows, with or without a value")
        return "row_count", {}
    if column == "*":
        raise NoEqualError("a check of ours looks at a column")
    if of == "count_distinct":
        return "distinct_count", {"columns": (column,)}
    if of not in _KINDS:
        raise NoEqualError(f"no check is of {of[:60]!r}")
    if of == "percentile" and isinstance(parameters, dict) and parameters.keys() == {"percentile"}:
        return "quantile", {"column": column, "q": parameters["percentile"]}
    if parameters or of == "percentile":
        raise NoEqualError("'aggr_params' cannot be said here")
    return _KINDS[of], {"column": column}


def key(given: Given) -> Iterable[Ours]:
    """A key that is, or is not, one of another table; with a null in it, it passes."""
    there = tuple(map(identifier, listed(given.theirs.get("ref_columns"))))
    columns = names(given.theirs.get("columns"))
    return [foreign_key(columns, _other(given), there, absent=flag(given, "negate"))]


def same_total(given: Given) -> Iterable[Ours]:
    """An aggregate that is the same in another table."""
    of, column, other = given.theirs.get("aggr_type", "count"), given.theirs.get("column"), _other(given)
    there = given.theirs.get("ref_column", column)
    if of == "count":
        if (column, there) != ("*", "*"):
            raise NoEqualError("theirs counts values; `equal_row_count` counts rows, with or without a value")
        return [equal_row_count(other)]
    if of != "sum":
        raise NoEqualError(f"no check compares the {str(of)[:60]!r} of two tables")
    arguments: dict[str, Plain] = {"column": identifier(column), "input": other.name}
    renamed: dict[str, Plain] = {} if there == column else {"of": identifier(there)}
    return [Ours("equal_total", arguments | renamed, other)]


def _other(given: Given) -> OtherTable:
    """The table, or the frame, that rows are compared with."""
    name, table = given.theirs.get("ref_df_name"), given.theirs.get("ref_table")
    if name is not None and table is not None:
        raise NoEqualError("two tables are named")
    return in_catalog(table) if name is None else frame(name)


def _limit(value: Plain) -> Plain:
    """A limit: a text of theirs is a number, a date or a piece of SQL."""
    if not isinstance(value, str):
        return value
    if value.isascii() and value.isdigit():
        return int(value)
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        return literal(value)
    return instant.isoformat(sep=" ") if ":" in value else instant.date().isoformat()
