"""Which checks a table could have: those that its profile hints at, and that hold for every row it has now.

A hint decides nothing: the judge answers each check on the table itself, and what breaks is not suggested.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from math import floor
from pathlib import Path
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import (
    BooleanType,
    DataType,
    DateType,
    IntegralType,
    NumericType,
    StringType,
    TimestampNTZType,
    TimestampType,
)

from sparkjobs.config import Conf, JobConf
from sparkjobs.config.checks import check_of
from sparkjobs.config.inline import inline
from sparkjobs.config.node import Plain
from sparkjobs.config.references import scrubbed
from sparkjobs.errors import UsageError
from sparkjobs.plan import TableInput
from sparkjobs.plan.checks import fitted
from sparkjobs.quality import Given, estimated, judge
from sparkjobs.read import read_table
from sparkjobs.registry import CheckFunction
from sparkjobs.results import CheckResult, Estimates
from sparkjobs.session import require_delta
from sparkjobs.state import look

_FEW: Final = 20
"""Distinct values that could be all there ever are."""
_OFTEN: Final = 50
"""How often each of them is to be there on the average."""
_NEARLY: Final = 0.95
"""The estimated share of distinct values from which a column may be a key."""
_MOSTLY: Final = 0.9
"""The share of filled rows from which a column is meant to be filled."""
_FORMATS: Final = ("email", "url", "uuid", "ipv4")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A check that the profile of a column hints at."""

    kind: str
    column: str
    arguments: tuple[tuple[str, Plain], ...] = ()
    instead_of: tuple[str, ...] = ()
    """Kinds that it makes needless for the same column."""

    def body(self, **more: Plain) -> dict[str, Plain]:
        """What conf says of it."""
        of = {"columns": (self.column,)} if self.kind == "unique" else {"column": self.column}
        return {**of, **dict(self.arguments), **more}


def suggested(
    start: Callable[[Conf], SparkSession],
    conf: Conf,
    job: str,
    functions: Mapping[str, CheckFunction],
    now: datetime,
) -> str:
    """Checks for the table of `job`, as YAML for its conf; all of them hold for the table as it is.

    Raises:
        UsageError: nothing was published there, or no row is left.
        SetupError: Delta's jars are missing.
        StateError: what the table says of itself cannot be read.
    """
    table, version = _table(job, conf.jobs[job])
    spark = start(conf)
    if table.format == "delta":
        require_delta(spark)
    rows = read_table(spark, table, version)
    count = rows.count()
    if not count:
        raise UsageError(f"The table of {job} has no rows.", "Checks are what its rows have in common.")
    lines = [f"checks: # asked of all {count:,} rows of {job} on {now:%Y-%m-%d}"]
    if conf.jobs[job].output.mode == "overwrite":  # what comes into other tables may be nothing
        lines.append("  - row_count: {min: 1}")
    return scrubbed("\n".join([*lines, *_lines(_judged(rows, count, functions, now))]) + "\n")


def candidates(name: str, kind: DataType, estimates: Estimates | None, rows: int) -> Iterator[Candidate]:
    """What the type of a column and the estimates of its values hint at, the most telling first."""
    yield Candidate("not_null", name)
    if estimates is None or not estimates.distinct:
        return
    if estimates.distinct >= _NEARLY * rows and not _inexact(kind):
        yield Candidate("unique", name)
    values = [item for item, _ in estimates.common if item is not None and "${" not in item]
    if estimates.distinct <= _FEW and rows >= _OFTEN * len(values) > 0 and not _inexact(kind):
        listed = tuple(sorted(int(one) if isinstance(kind, IntegralType) else one for one in values))
        rest = ("format", "length", "trimmed", "not_blank", "positive", "non_negative")
        yield Candidate("accepted_values", name, (("values", listed),), rest)
    match kind:
        case StringType():
            yield from _of_text(name, values)
        case NumericType():
            if not isinstance(kind, IntegralType):
                share: tuple[tuple[str, Plain], ...] = (("min", 0), ("max", 1))
                yield Candidate("between", name, share, ("positive", "non_negative"))
            yield Candidate("positive", name, (), ("non_negative",))
            yield Candidate("non_negative", name)
        case DateType() | TimestampType() | TimestampNTZType():
            yield Candidate("not_in_future", name)


def _of_text(name: str, values: list[str]) -> Iterator[Candidate]:
    for of in _FORMATS:
        yield Candidate("format", name, (("of", of),), ("length", "trimmed", "not_blank"))
    if values and len(values[0]) > 1:
        yield Candidate("length", name, (("equals", len(values[0])),), ("not_blank",))
    yield Candidate("trimmed", name)
    yield Candidate("not_blank", name)


def _inexact(kind: DataType) -> bool:
    """Whether equality says little of its values, or nothing."""
    return isinstance(kind, BooleanType) or (
        isinstance(kind, NumericType) and not isinstance(kind, IntegralType)
    )


def _table(job: str, conf: JobConf) -> tuple[TableInput, int]:
    """The table of `job` as it stands."""
    output = conf.output
    table = TableInput(job, job, output.format, Path(output.path), None, cached=False)
    state = look(job, table.path, output.format)
    if not state.committed or state.version is None:
        raise UsageError(f"{job} has published nothing yet.", f"`sparkjobs run {job}` does.")
    return table, state.version


def _judged(
    rows: DataFrame, count: int, functions: Mapping[str, CheckFunction], now: datetime
) -> list[tuple[Candidate, CheckResult]]:
    """The candidates, with what the judge found."""
    estimates = estimated(rows)
    hinted = [
        one
        for field in rows.schema
        if "${" not in field.name and field.name.isprintable()  # conf can name no other
        for one in candidates(field.name, field.dataType, estimates.get(field.name), count)
    ]
    entries = [check_of({one.kind: one.body()}) for one in hinted]
    checks = tuple(check for entry in entries for check in fitted(entry, functions))
    results = judge(rows.sparkSession, checks, None, rows, Given(now))
    return list(zip(hinted, results, strict=True))


def _lines(found: Iterable[tuple[Candidate, CheckResult]]) -> Iterator[str]:
    """One line per check; what several columns have in common is said once."""
    kept = [(one, result) for one, result in found if _worth(one, result)]
    needless = {(one.column, kind) for one, result in kept if _holds(result) for kind in one.instead_of}
    kept = [(one, result) for one, result in kept if (one.column, one.kind) not in needless]
    plain = [one for one, result in kept if _holds(result) and not one.arguments and one.kind != "unique"]
    plain.sort(key=lambda one: _order(kept, one.kind))
    for kind, several in groupby(plain, lambda one: one.kind):
        yield f"  - {kind}: {inline(tuple(one.column for one in several))}"
    for one, result in kept:
        if one.kind == "unique":
            yield f"  - unique: {inline((one.column,))}"
        elif one.arguments:
            yield f"  - {one.kind}: {inline(one.body())}"
        elif not _holds(result):
            yield f"  - {one.kind}: {inline(one.body(mostly=_share(result)))} # {result.observed} are null"


def _order(kept: list[tuple[Candidate, CheckResult]], kind: str) -> int:
    return [one.kind for one, _ in kept].index(kind)


def _worth(one: Candidate, result: CheckResult) -> bool:
    """Whether it holds, for rows there are; or is a column that is nearly always filled."""
    if not result.evaluated or result.failing is None:
        return False
    return _holds(result) or (one.kind == "not_null" and _share(result) >= _MOSTLY)


def _holds(result: CheckResult) -> bool:
    return result.failing == 0


def _share(result: CheckResult) -> float:
    """The share of rows that pass, in whole percent and not more than do."""
    failing, evaluated = result.failing or 0, result.evaluated or 1
    return floor(100 * (evaluated - failing) / evaluated) / 100
