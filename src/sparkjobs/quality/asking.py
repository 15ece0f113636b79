"""The passes over staged rows: which frame each is, and what is asked of it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from sparkjobs.checks.questions import ALL, Measure, N, Question, Share, Sought, Subject
from sparkjobs.plan import PlannedCheck
from sparkjobs.results import History
from sparkjobs.sql import column, condition
from sparkjobs.union import together

Kept = Callable[[tuple[str, ...]], DataFrame | None]
_ROW, _PLACE = "_sparkjobs_row", "_sparkjobs_place"
_SHOWN = 5
"""Rows that break a check and are shown."""
Answer = tuple[Any, Any]
"""The two values of a Share, or of a Measure."""


def _nothing(_: tuple[str, ...]) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Given:
    """What checks look at besides the staged rows."""

    now: datetime
    """What times are compared with."""
    inputs: Mapping[str, DataFrame] = field(default_factory=dict)
    """Those of the job, by name."""
    kept: Kept = _nothing
    """The rows of the table that stay beside the staged ones and can share values of some columns."""
    distinct: Callable[[], tuple[frozenset[str], ...]] = tuple
    """In which columns no two rows agree, as the plan proves it."""
    history: History | None = None
    """What the result is compared with; None where there is no profile of it."""


def question_of(spark: SparkSession, check: PlannedCheck, schema: StructType, given: Given) -> Question:
    """What `check` asks of rows of `schema`.

    Raises:
        ValueError: it cannot be asked of such columns, or its SQL does more than look at a row.
    """
    if given.history is None and "history" in check.function.given:
        raise ValueError("there is no profile of these rows")
    for _, text in check.conditions:
        condition(spark, text)
    where = where_of(spark, check)
    # a condition on one row is counted where the row is looked at; an aggregate must not see the others
    hides = check.conf.where is not None and check.function.aggregates
    kinds = {field.name: field.dataType.simpleString() for field in schema}
    for name in check.columns:
        if name not in kinds:
            raise ValueError(f"there is no column {name!r}")
    values = {name: F.when(where, column(name)) if hides else column(name) for name in check.columns}
    subjects = [Subject(name, kinds[name], values[name]) for name in check.columns]
    known = {"inputs": given.inputs, "now": F.lit(given.now), "rows": where, "schema": schema}
    known |= {"history": given.history}
    handed = [known[name] for name in check.function.given]
    question: Question = check.function.function(*handed, *subjects, **check.arguments)
    return question


def where_of(spark: SparkSession, check: PlannedCheck) -> Column:
    """True for the rows that a check looks at, never null."""
    where = check.conf.where
    return F.lit(True) if where is None else F.coalesce(condition(spark, where), F.lit(False))


def looked_at(spark: SparkSession, check: PlannedCheck, rows: DataFrame) -> DataFrame:
    """The rows that a check looks at."""
    return rows.filter(where_of(spark, check)) if check.conf.where else rows


def share_of(holds: Column, where: Column) -> Share:
    """A condition on one row as counts."""
    return Share(F.count_if(where & ~holds), F.count_if(where & holds.isNotNull()))


def weighted(holds: Column) -> Share:
    """A condition on one group as counts of rows."""
    return Share(_rows_if(~holds), _rows_if(holds.isNotNull()))


def answers(frame: DataFrame, asks: list[Share | Measure]) -> list[Answer]:
    """What `frame` says to each question, in one Spark job."""
    columns = [one for ask in asks for one in _columns(ask)]
    found = frame.agg(*[one.alias(f"_{place}") for place, one in enumerate(columns)]).first() or ()
    return [(found[2 * place], found[2 * place + 1]) for place in range(len(asks))]


def groups_of(rows: DataFrame, columns: tuple[Subject, ...], beside: DataFrame | None) -> DataFrame:
    """The groups of `rows` that are equal in `columns`; those of `beside` count only into `ALL`."""
    names = [one.name for one in columns]
    complete = reduce(Column.__and__, [column(name).isNotNull() for name in names])
    if beside is None:
        groups = rows.filter(complete).groupBy(*map(column, names)).agg(F.count(F.lit(1)).alias(N))
        return groups.select("*", F.col(N).alias(ALL))
    come = rows.filter(complete).select(*map(column, names), F.lit(1).alias(N))
    stay = beside.filter(complete).select(*map(column, names), F.lit(0).alias(N))
    keys = come.unionByName(stay)
    counts = F.sum(N).alias(N), F.count(F.lit(1)).alias(ALL)
    return keys.groupBy(*map(column, names)).agg(*counts).filter(F.col(N) > 0)


def sought(frame: DataFrame, columns: tuple[Subject, ...], where: Iterable[Sought]) -> DataFrame:
    """The groups, with a flag for each place where they were looked for."""
    for one in where:
        names = {key: f"_sparkjobs_key_{place}" for place, key in enumerate(one.keys)}
        there = one.rows.select(*[column(key).alias(name) for key, name in names.items()]).distinct()
        same = [column(of.name) == F.col(names[key]) for of, key in zip(columns, one.keys, strict=True)]
        first = F.col(names[one.keys[0]])
        joined = frame.join(there, reduce(Column.__and__, same), "left")
        frame = joined.select(*map(column, frame.columns), first.isNotNull().alias(one.flag))
    return frame


def grouped(
    rows: DataFrame, by: tuple[str, ...], asks: list[Measure]
) -> tuple[DataFrame, list[Share | Measure]]:
    """The groups of `rows` by some columns, and how many of them are as wanted."""
    names = [f"_sparkjobs_holds_{place}" for place in range(len(asks))]
    holds = [F.coalesce(ask.holds, F.lit(False)).alias(name) for ask, name in zip(asks, names, strict=True)]
    frame = rows.groupBy(*map(column, by)).agg(*holds)
    return frame, [Share(F.count_if(~F.col(name)), F.count(F.lit(1))) for name in names]


def named_in(check: PlannedCheck, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Of `columns`, those that a check looks at, or that its SQL names."""
    words = {word for _, text in check.conditions for word in re.findall(r"\w+", text)}
    return check.columns or tuple(name for name in columns if name in words)


def shown(check: PlannedCheck, broken: DataFrame) -> DataFrame:
    """Some rows as JSON: of the columns that a check looks at, or that its SQL names, else of all."""
    names = named_in(check, tuple(broken.columns)) or tuple(broken.columns)
    told = F.to_json(F.struct(*map(column, names)), {"ignoreNullFields": "false"})
    return broken.select(told.alias(_ROW)).limit(_SHOWN)


def samples(shown: Mapping[int, DataFrame]) -> dict[int, tuple[str, ...]]:
    """What each of the frames shows, in one Spark job."""
    if not shown:
        return {}
    marked = [frame.select(F.lit(place).alias(_PLACE), _ROW) for place, frame in shown.items()]
    found: dict[int, list[str]] = {}
    for place, row in together(marked).collect():
        found.setdefault(place, []).append(row)
    return {place: tuple(rows) for place, rows in found.items()}


def _rows_if(holds: Column) -> Column:
    return F.coalesce(F.sum(F.when(holds, F.col(N))), F.lit(0))


def _columns(ask: Share | Measure) -> tuple[Column, Column]:
    return (ask.failing, ask.evaluated) if isinstance(ask, Share) else (ask.value, ask.holds)
