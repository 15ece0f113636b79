"""A SQL model: a job whose frame is what a query says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

THIS: Final = "_sparkjobs_this"
"""What a query calls the table that it makes."""

Value = str | int | float | bool
Argument = Value | tuple[Value, ...]


Place = tuple[int, int]


class FlawError(Exception):
    """One mistake in a SQL file, at a line and column of that file, counted from 1."""

    def __init__(self, line: int, column: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Sql:
    """The text of one query, and the line of its file from which each of its lines came."""

    text: str
    lines: tuple[int, ...]

    def line_at(self, line: int) -> int:
        """The line of the file behind `line` of the text, both counted from 1."""
        return self.lines[min(max(line, 1), len(self.lines)) - 1]


def as_written(text: str) -> Sql:
    """A text that is the file's own."""
    return Sql(text, tuple(range(1, text.count("\n") + 2)))


def is_template(text: str) -> bool:
    """Whether `text` is Jinja, not plain SQL."""
    return any(opening in text for opening in ("{{", "{%", "{#"))


@dataclass(frozen=True, slots=True)
class Looked:
    """What one query asks for, and the line and column where it does so first."""

    tables: Mapping[str, Place]
    hidden: Mapping[str, Place]
    """Names in backticks that are those of common tables of the query itself."""
    markers: Mapping[str, Place]
    groups: bool
    """Whether it has a GROUP BY."""


@dataclass(frozen=True, slots=True)
class Model:
    """One SQL file as it runs."""

    name: str
    file: str
    sql: Sql
    again: Sql | None
    """What is asked instead where the table is there already and is added to; None where it is the same."""
    inputs: tuple[str, ...]
    """The tables that it names, which are inputs of the job."""
    params: tuple[str, ...]
    """The names of the values that it asks for."""
    arguments: tuple[tuple[str, Argument], ...]
    """The values of its parameter markers."""
    groups: bool
    """Whether it makes one row of several."""

    def said(self) -> tuple[str, ...]:
        """All that decides what it makes of its inputs."""
        return self.sql.text, self.again.text if self.again else "", repr(self.arguments)


@dataclass(frozen=True, slots=True)
class View:
    """A query whose rows a job takes as if they were those of an input."""

    name: str
    """As whose rows it takes them."""
    model: Model
    tables: Mapping[str, str]
    """The tables that the query names, and which inputs or views of the job they are."""
