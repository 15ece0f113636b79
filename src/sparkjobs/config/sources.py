"""What is read, and the contract of each source: one model per format."""

import re
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from sparkjobs.config.checks import Check, RuleEntry, compiled
from sparkjobs.config.model import ColumnName, Model, Value

_TYPE = re.compile(
    r"boolean|tinyint|smallint|int|bigint|float|double|string|binary|date|timestamp|timestamp_ntz"
    r"|decimal\((?P<precision>[0-9]{1,2}), ?(?P<scale>[0-9]{1,2})\)"
)
_MAX_PRECISION = 38


def _known_type(text: str) -> str:
    found = _TYPE.fullmatch(text)
    if not found:
        raise ValueError(
            f"{text!r} is not a type; for example string, int, bigint, double, decimal(10,2), date"
        )
    if found["precision"] and not int(found["scale"]) <= int(found["precision"]) <= _MAX_PRECISION:
        raise ValueError(f"{text!r}: at most {_MAX_PRECISION} digits, of which the scale is a part")
    return text


ColumnType = Annotated[str, AfterValidator(_known_type)]


def comparable(value: Value, kind: str) -> bool:
    """Whether a literal of conf can be compared with a column of type `kind`."""
    if kind == "string":
        return isinstance(value, str)
    if kind in ("date", "timestamp", "timestamp_ntz"):
        try:
            return isinstance(value, str) and bool(datetime.fromisoformat(value))
        except ValueError:
            return False
    if kind == "boolean":
        return isinstance(value, bool)
    return isinstance(value, int | float) and not isinstance(value, bool)


class Column(Model):
    """One declared column: its type, and what each of its values must be."""

    type: ColumnType
    not_null: bool = False
    null_values: tuple[str, ...] = ()
    """Texts that mean null, besides those of the source's options."""
    format: str | None = None
    """Spark's datetime pattern, for a date or timestamp not written the ISO way."""
    between: tuple[Value, Value] | None = None
    accepted_values: tuple[Value, ...] | None = Field(default=None, min_length=1)
    matches: str | None = None
    description: str = ""
    unit: str = ""
    """What its numbers count: minutes, EUR, °F."""

    @field_validator("matches")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        return None if pattern is None else compiled(pattern)

    @model_validator(mode="after")
    def _comparable(self) -> "Column":
        for value in (*(self.between or ()), *(self.accepted_values or ())):
            if not comparable(value, self.type):
                raise ValueError(f"{value!r} cannot be compared with {self.type}")
        return self

    @model_validator(mode="after")
    def _format_has_a_clock(self) -> "Column":
        if self.format and self.type not in ("date", "timestamp", "timestamp_ntz"):
            raise ValueError("`format` is for dates and timestamps")
        return self


def _long_column(entry: object) -> object:
    return {"type": entry} if isinstance(entry, str) else entry


class OneRowPerKey(Model):
    """Of several good rows with one key the one with the highest values in `order_by` is taken."""

    keys: tuple[ColumnName, ...] = Field(min_length=1)
    order_by: tuple[ColumnName, ...] = ()


class BadRows(Model):
    """What becomes of bad rows, and how many are too many."""

    action: Literal["quarantine", "fail"] = "quarantine"
    max_share: Annotated[float, Field(ge=0, le=1)] = 0.05


OneCharacter = Annotated[str, StringConstraints(min_length=1, max_length=1)]


class CsvOptions(Model):
    """The dialect of a CSV source. What is not declared is RFC 4180."""

    header: bool = True
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=10)] = ","
    quote: OneCharacter = '"'
    escape: OneCharacter = '"'
    encoding: Literal["utf-8", "iso-8859-1", "utf-16"] = "utf-8"
    multi_line: bool = False
    """Whether a quoted cell may hold line breaks. Such files cannot be split among tasks."""
    null_values: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _readable(self) -> "CsvOptions":
        if self.encoding == "utf-16" and not self.multi_line:
            raise ValueError("utf-16 needs `multi_line: true`")
        return self


class JsonOptions(Model):
    """Options of a JSON lines source."""

    null_values: tuple[str, ...] = ()


Columns = Mapping[ColumnName, Annotated[Column, BeforeValidator(_long_column)]]


class _Source(Model):
    path: str
    columns: Columns = Field(default_factory=dict)
    rules: tuple[RuleEntry, ...] = ()
    """Checks of single rows; a row that breaks one of severity error is bad."""
    unique: OneRowPerKey | None = None
    """The other rows of a key are bad. Rows with a null in their key are not compared."""
    bad_rows: BadRows = BadRows()
    on_extra_columns: Literal["fail", "ignore"] = "fail"
    on_missing_columns: Literal["fail", "null"] = "fail"
    on_empty: Literal["fail", "accept"] = "fail"
    """What to do when no file matches, or a file has no bytes."""
    description: str = ""

    @field_validator("columns")
    @classmethod
    def _distinct(cls, columns: Columns) -> Columns:
        names = sorted(columns, key=str.casefold)
        for one, other in pairwise(names):
            if one.casefold() == other.casefold():
                raise ValueError(f"{one!r} and {other!r} are one column to Spark")
        reserved = [name for name in names if name.startswith("_sparkjobs")]
        if reserved:
            raise ValueError(f"{reserved[0]!r}: names that start with _sparkjobs are reserved")
        return columns

    @field_validator("rules")
    @classmethod
    def _named_apart(cls, rules: tuple[Check, ...]) -> tuple[Check, ...]:
        names = [rule.name for rule in rules if rule.name]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two rules are named {twice[0]!r}")
        return rules


class CsvSource(_Source):
    """Delimited text."""

    format: Literal["csv"]
    columns: Columns = Field(min_length=1)
    options: CsvOptions = CsvOptions()


class JsonSource(_Source):
    """JSON lines: one object per line."""

    format: Literal["json"]
    columns: Columns = Field(min_length=1)
    options: JsonOptions = JsonOptions()


class TextSource(_Source):
    """Plain lines, in one column named `value`."""

    format: Literal["text"]
    columns: Columns = Field(default_factory=lambda: {"value": Column(type="string")})

    @field_validator("columns")
    @classmethod
    def _one(cls, columns: Columns) -> Columns:
        if tuple(columns) != ("value",):
            raise ValueError("a text source has one column, `value`")
        return columns


class ParquetSource(_Source):
    """Parquet files; without `columns:` the files' own schema holds."""

    format: Literal["parquet"]


class OrcSource(_Source):
    """ORC files; without `columns:` the files' own schema holds."""

    format: Literal["orc"]


class DeltaSource(_Source):
    """A Delta table somebody else writes, read at the version the plan found."""

    format: Literal["delta"]


Source = Annotated[
    CsvSource | JsonSource | TextSource | ParquetSource | OrcSource | DeltaSource,
    Field(discriminator="format"),
]
