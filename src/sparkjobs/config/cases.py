"""Files of cases: tests of a job in rows, tests/**/test_*.yml."""

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator, model_validator

from sparkjobs.config.incremental import instant_of
from sparkjobs.config.model import Argument, ColumnName, Model, Name, ValueOrList

Text = Annotated[str, Field(min_length=1)]


def _long(entry: object) -> object:
    """`[rows]` and `a.csv` as the mappings that they are short for."""
    match entry:
        case tuple():
            return {"rows": entry}
        case str():
            return {"file": entry}
        case Mapping():
            return entry
    raise ValueError("rows are a list, or the name of a CSV file")


def _instant(text: object) -> datetime:
    try:
        return instant_of(str(text))
    except ValueError as error:
        raise ValueError(f"{text!r} is not a date or time; for example 2013-01-31") from error


class Rows(Model):
    """Rows as they stand there, or in a CSV file beside."""

    rows: tuple[Mapping[ColumnName, Argument], ...] | None = None
    file: Text | None = None

    @model_validator(mode="after")
    def _one(self) -> "Rows":
        if (self.rows is None) == (self.file is None):
            raise ValueError("it has either `rows` or `file`")
        return self


class Given(Rows):
    """The rows of an input."""

    columns: Mapping[ColumnName, Text] = Field(default_factory=dict)
    """Types, where no contract tells them and they are not what the values look like."""


class Expected(Rows):
    """The rows of a result: all of them, in the columns that they name."""

    @model_validator(mode="after")
    def _alike(self) -> "Expected":
        for first, other in pairwise(self.rows or ()):
            if strange := sorted(set(first) ^ set(other)):
                raise ValueError(f"every row names the same columns; {strange[0]!r} stands in some of them")
        return self


GivenRows = Annotated[Given, BeforeValidator(_long)]
ExpectedRows = Annotated[Expected, BeforeValidator(_long)]


class CaseRun(Model):
    """One run of several over the same tables, and what is there after it."""

    given: Mapping[Name, GivenRows] = Field(default_factory=dict)
    """What arrives before it."""
    now: Annotated[datetime, BeforeValidator(_instant)] | None = None
    """When it starts, for jobs that take intervals; default: now."""
    crash: Text | None = None
    """The point at which it is killed."""
    fails: Text | None = None
    """What its error says; a run is expected to succeed without."""
    expect: ExpectedRows | None = None
    expect_quarantined: ExpectedRows | None = None

    @model_validator(mode="after")
    def _told(self) -> "CaseRun":
        if self.crash and (self.fails or self.expect_quarantined):
            raise ValueError("a run that is killed tells of no error and of no rejected rows")
        return self


class Case(Model):
    """One test: a call of the job's function, or runs of the whole job one after another."""

    name: Text
    params: Mapping[Name, ValueOrList] = Field(default_factory=dict)
    """Over those of the job's conf."""
    given: Mapping[Name, GivenRows] | None = None
    expect: ExpectedRows | None = None
    runs: tuple[CaseRun, ...] = ()
    without_checks: tuple[Text, ...] = ()
    """Checks, by name or kind, that are not asked of so few rows."""

    @model_validator(mode="after")
    def _whole(self) -> "Case":
        called = self.given is not None and self.expect is not None
        if self.runs and (self.given is not None or self.expect is not None):
            raise ValueError("`given` and `expect` of a test with `runs` stand in its runs")
        if not self.runs and not called:
            raise ValueError("a test has `given` and `expect`, or `runs`")
        if self.without_checks and not self.runs:
            raise ValueError("`without_checks` is for tests with `runs`; a call of the function asks none")
        return self


class CaseFile(Model):
    """tests/**/test_*.yml."""

    job: Name
    tests: tuple[Case, ...]

    @field_validator("tests")
    @classmethod
    def _named_apart(cls, tests: tuple[Case, ...]) -> tuple[Case, ...]:
        if not tests:
            raise ValueError("must not be empty")
        names = [one.name for one in tests]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two tests are named {twice[0]!r}")
        return tests
