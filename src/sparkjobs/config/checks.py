"""One entry of `checks:`: which check, on which columns, how strictly. What it means, its function says.

In conf a check is `- kind: arguments`. `- not_null: [a, b]` is short for `columns: [a, b]`, and
`- expression: "a >= b"` for the one argument that the check cannot do without.
"""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from sparkjobs.config.mistakes import told_of
from sparkjobs.config.model import Argument, ColumnName, Model, Name
from sparkjobs.results import Severity

SHORT = ""
"""The name under which a text stands that was given instead of arguments."""


class Check(Model):
    """Which check, and everything but its own arguments, which the registry knows."""

    kind: Name
    name: str | None = None
    description: str = ""
    severity: Severity = "error"
    where: Annotated[str, Field(min_length=1)] | None = None
    """A SQL condition; rows for which it is not true are not looked at."""
    mostly: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The share of evaluated rows, or groups, that must pass."""
    group_by: tuple[ColumnName, ...] = ()
    """Columns; an aggregate is then asked of each group of rows that are equal in them."""
    arguments: Mapping[str, Argument] = Field(default_factory=dict)


def compiled(pattern: str) -> str:
    """`pattern`, if it is a regular expression.

    Raises:
        ValueError: it is not.
    """
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error
    return pattern


def _sorted_out(entry: object) -> object:
    """`{between: {column: a, min: 1, severity: warn}}` as `kind`, what every check has, and `arguments`."""
    if not isinstance(entry, Mapping) or len(entry) != 1:
        raise ValueError("a check is one `kind: arguments`")
    ((kind, given),) = entry.items()
    match given:
        case tuple():
            return {"kind": kind, "arguments": {"columns": given}}
        case str():
            return {"kind": kind, "arguments": {SHORT: given}}
        case Mapping():
            shared = {key: given[key] for key in SHARED if key in given}
            return {
                "kind": kind,
                **shared,
                "arguments": {key: given[key] for key in given if key not in SHARED},
            }
    raise ValueError(f"{kind!r} needs arguments")


SHARED = tuple(key for key in Check.model_fields if key not in ("kind", "arguments"))
"""The keys that every check takes."""

CheckEntry = Annotated[Check, BeforeValidator(_sorted_out)]


def check_of(entry: object) -> Check:
    """What one entry of `checks:` says.

    Raises:
        ValueError: it is none.
    """
    adapter: TypeAdapter[Check] = TypeAdapter(CheckEntry)
    try:
        return adapter.validate_python(entry)
    except ValidationError as error:
        raise ValueError(told_of("a check", error.errors()[0])) from error


def _rule(entry: object) -> object:
    """`{name: a, expr: b}` as a check of kind `expression`; every other check as it is."""
    if isinstance(entry, Mapping) and "expr" in entry:
        return _sorted_out({"expression": entry})
    return _sorted_out(entry)


RuleEntry = Annotated[Check, BeforeValidator(_rule)]
