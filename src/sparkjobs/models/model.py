"""A SQL model: a job whose frame is what a query says."""

from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Looked:
    """What one query asks for, and the line and column where it does so first."""

    tables: Mapping[str, Place]
    markers: Mapping[str, Place]
    groups: bool
    """Whether it has a GROUP BY."""


@dataclass(frozen=True, slots=True)
class Model:
    """One SQL file as it runs."""

    name: str
    file: str
    sql: Sql
    inputs: tuple[str, ...]
    """The tables that it names, which are inputs of the job."""
    params: tuple[str, ...]
    """The names of the values that it asks for."""
    arguments: tuple[tuple[str, Argument], ...]
    """The values of its parameter markers."""
    groups: bool
    """Whether it makes one row of several."""
