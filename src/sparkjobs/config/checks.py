"""The checks a job's conf can name, one model each. `quality` judges them.

In conf a check is `- kind: arguments`; `- not_null: [a, b]`, `- unique: [a, b]` and
`- expression: "a >= b"` are short for `columns:` and `expr:`.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from sparkjobs.config.model import ColumnName, Model, Value
from sparkjobs.results import Severity


class _Check(Model):
    severity: Severity = "error"
    name: str | None = None
    description: str = ""


class _RowCheck(_Check):
    where: str | None = None
    """A SQL condition; rows for which it is not true are not looked at."""
    mostly: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The share of evaluated rows that must pass."""


class NotNull(_RowCheck):
    """Each of `columns` holds a value in every row."""

    kind: Literal["not_null"] = "not_null"
    columns: tuple[ColumnName, ...] = Field(min_length=1)


class Unique(_RowCheck):
    """No two rows of the resulting table share all of `columns`; rows with a null there pass."""

    kind: Literal["unique"] = "unique"
    columns: tuple[ColumnName, ...] = Field(min_length=1)


class Between(_RowCheck):
    """`min` <= value <= `max`. Nulls pass, NaN fails."""

    kind: Literal["between"] = "between"
    column: ColumnName
    min: Value | None = None
    max: Value | None = None

    @model_validator(mode="after")
    def _bounded(self) -> "Between":
        if self.min is None and self.max is None:
            raise ValueError("needs `min`, `max` or both")
        return self


class AcceptedValues(_RowCheck):
    """The value is one of `values`. Nulls pass."""

    kind: Literal["accepted_values"] = "accepted_values"
    column: ColumnName
    values: tuple[Value, ...] = Field(min_length=1)


class Matches(_RowCheck):
    """The whole text matches `pattern`, a Java regular expression. Nulls pass."""

    kind: Literal["matches"] = "matches"
    column: ColumnName
    pattern: str

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        return compiled(pattern)


class RowCount(_Check):
    """`min` <= staged rows <= `max`."""

    kind: Literal["row_count"] = "row_count"
    min: Annotated[int, Field(ge=0)] | None = None
    max: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _bounded(self) -> "RowCount":
        if self.min is None and self.max is None:
            raise ValueError("needs `min`, `max` or both")
        return self


class Expression(_RowCheck):
    """The SQL condition `expr` is not false. Null passes: it is no answer."""

    kind: Literal["expression"] = "expression"
    expr: str


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


def _long_form(entry: object) -> object:
    """`{unique: [a]}` as `{kind: unique, columns: [a]}`."""
    if not isinstance(entry, Mapping) or len(entry) != 1:
        raise ValueError("a check is one `kind: arguments`")
    ((kind, arguments),) = entry.items()
    match arguments:
        case tuple():
            return {"kind": kind, "columns": arguments}
        case str():
            return {"kind": kind, ("expr" if kind == "expression" else "columns"): arguments}
        case Mapping():
            return {"kind": kind, **arguments}
    raise ValueError(f"{kind!r} needs arguments")


Check = Annotated[
    NotNull | Unique | Between | AcceptedValues | Matches | RowCount | Expression,
    Field(discriminator="kind"),
]
CheckEntry = Annotated[Check, BeforeValidator(_long_form)]
