"""Turns of phrase that several tools share: ways from an argument of theirs to one of ours."""

import re
from collections.abc import Iterable

from sparkjobs.config.checks import compiled
from sparkjobs.config.node import Plain, scalar
from sparkjobs.suites.model import Arguments, Given, NoEqualError, Ours

ITS_OWN_QUERY = "`query` writes its rows as {rows}: say it anew"
_FLAGS = re.compile(r"(?:\(\?[A-Za-z]+\))*")
_NOT_ALONE = re.compile(r"\(\?[A-Za-z]|\\[1-9]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BACKQUOTED = re.compile(r"`([^`]+)`")
_SQL_TEXT = re.compile(r"'([^'\\]*)'")


def said(given: Given, ours: Arguments) -> Iterable[Ours]:
    """All kinds of the rule, each with `ours`; `not_null` wants no more than the column."""
    return [
        Ours(kind, {"column": ours.get("column")} if kind == "not_null" else ours) for kind in given.kinds
    ]


def searched(value: Plain) -> str:
    """The pattern that a whole text matches when `value` is found somewhere in it."""
    pattern = _pattern(value)
    flags = _FLAGS.match(pattern)
    at = flags.end() if flags else 0
    return f"{pattern[:at]}(?s:.*)(?:{pattern[at:]})(?s:.*)"


def alone(value: Plain) -> tuple[str, ...]:
    """A list of patterns that mean beside each other what each of them means alone."""
    patterns = tuple(_pattern(one) for one in listed(value))
    if len(patterns) > 1 and any(_NOT_ALONE.search(one) for one in patterns):
        raise NoEqualError("flags and references of one pattern hold for its neighbours too")
    return patterns


def listed(value: Plain) -> tuple[Plain, ...]:
    """A list that has something in it."""
    if not isinstance(value, tuple) or not value:
        raise NoEqualError("a list was expected")
    return value


def names(value: Plain) -> tuple[str, ...]:
    """A list of names."""
    found = tuple(one for one in listed(value) if isinstance(one, str))
    if found != value:
        raise NoEqualError("a list of names was expected")
    return found


def flag(given: Given, key: str, *, otherwise: bool = False) -> bool:
    """An argument of theirs that is true or false."""
    value = given.theirs.get(key, otherwise)
    if not isinstance(value, bool):
        raise NoEqualError(f"{key!r} is neither true nor false")
    return value


def whole(value: Plain) -> int:
    """A whole number, however it is written."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        raise NoEqualError("a whole number was expected")
    return int(value)


def identifier(value: Plain) -> str:
    """The column that a piece of SQL names, if it is no more than a name."""
    if isinstance(value, str):
        if _NAME.fullmatch(value):
            return value
        if found := _BACKQUOTED.fullmatch(value):
            return found[1]
    raise NoEqualError("a check of ours looks at a column, not at an expression")


def identifiers(value: Plain) -> tuple[str, ...]:
    """The columns that a list names, if there is one."""
    return tuple(map(identifier, listed(value))) if value else ()


def literal(value: Plain) -> Plain:
    """The value of a piece of SQL, if it is no more than a number or a text in quotes."""
    if not isinstance(value, str):
        return value
    if found := _SQL_TEXT.fullmatch(value):
        return found[1]
    number = scalar(value)
    if isinstance(number, int | float) and not isinstance(number, bool):
        return number
    raise NoEqualError(f"{value[:60]!r} is an expression; ours compares with values")


def _pattern(value: Plain) -> str:
    if not isinstance(value, str):
        raise NoEqualError("a regular expression was expected")
    if "(?P" in value:
        raise NoEqualError("(?P…) is no group of Java's regular expressions")
    try:
        return compiled(value)
    except ValueError as error:
        raise NoEqualError(str(error)) from error
