"""Dates and times, in UTC; `now` is the same in the whole run. Nulls pass."""

from typing import Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from sparkjobs.checks.questions import Measure, Pass, Share, Subject
from sparkjobs.config.arguments import Count, Duration
from sparkjobs.registry import check

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}
_MICROS = 1_000_000
_WINDOW = "_sparkjobs_window"
_COUNT = "_sparkjobs_count"


@check()
def parses(
    column: Subject,
    *,
    type: Literal["int", "bigint", "double", "boolean", "date", "timestamp"],
    format: str | None = None,
) -> Column:
    """The text can be read as `type`; a date or timestamp in Spark's pattern `format` where it is given.

    green: {column: a, type: date} on ('2024-02-29'), (null) as t(a)
    red:   {column: a, type: date} on ('2023-02-29') as t(a)
    red:   {column: a, type: date, format: dd.MM.yyyy} on ('2023-02-28') as t(a)
    """
    if format is None:
        read = column.value.try_cast(type)
    elif type in ("date", "timestamp"):
        read = F.try_to_timestamp(column.value, F.lit(format))
    else:
        raise ValueError("`format` is for dates and timestamps")
    return F.when(column.value.isNotNull(), read.isNotNull())


@check()
def not_in_future(now: Column, column: Subject, *, tolerance: Duration | None = None) -> Column:
    """The time is not after now, or at most `tolerance` after it.

    green: {column: a} on (timestamp'2000-01-01'), (null) as t(a)
    red:   {column: a} on (timestamp'2999-01-01') as t(a)
    """
    return column.value.cast("timestamp") <= (now if tolerance is None else now + F.lit(tolerance))


@check()
def older_than(now: Column, column: Subject, *, age: Duration) -> Column:
    """The time is more than `age` before now.

    green: {column: a, age: 30d} on (date'2000-01-01'), (null) as t(a)
    red:   {column: a, age: 30d} on (date'2999-01-01') as t(a)
    """
    return column.value.cast("timestamp") < now - F.lit(age)


@check()
def newer_than(now: Column, column: Subject, *, age: Duration) -> Column:
    """The time is at most `age` before now.

    green: {column: a, age: 30d} on (date'2999-01-01'), (null) as t(a)
    red:   {column: a, age: 30d} on (date'2000-01-01') as t(a)
    """
    return column.value.cast("timestamp") >= now - F.lit(age)


@check()
def day_of_week(column: Subject, *, days: tuple[Day, ...]) -> Column:
    """The date is one of `days`.

    green: {column: a, days: [sat, sun]} on (date'2024-03-02'), (null) as t(a)
    red:   {column: a, days: [sat, sun]} on (date'2024-03-04') as t(a)
    """
    return F.weekday(column.value).isin([_DAYS[day] for day in days])


@check()
def fresh(now: Column, column: Subject, *, max_age: Duration) -> Measure:
    """The newest time is at most `max_age` before now. No rows are not fresh.

    green: {column: a, max_age: 1d} on (timestamp'2999-01-01'), (timestamp'1999-01-01') as t(a)
    red:   {column: a, max_age: 1d} on (timestamp'2000-01-01') as t(a)
    """
    newest = F.max(column.value.cast("timestamp"))
    holds = F.coalesce(newest >= now - F.lit(max_age), F.lit(False))
    return Measure(newest, holds, f"at most {max_age} before now")


@check()
def no_gaps(column: Subject, *, every: Duration) -> Pass:
    """From the earliest to the latest time, each step of `every` (counted from 1970) has a row.

    green: {column: a, every: 1d} on (date'2024-01-01'), (date'2024-01-02'), (null) as t(a)
    red:   {column: a, every: 1d} on (date'2024-01-01'), (date'2024-01-03') as t(a)
    """
    missing = F.coalesce(_span() - F.count(_WINDOW), F.lit(0))
    return Pass(lambda rows: _windows(rows, column, every), Share(missing, F.coalesce(_span(), F.lit(0))))


@check(one_of=("min", "max"))
def rows_per_window(
    column: Subject, *, every: Duration, min: Count | None = None, max: Count | None = None
) -> Pass:
    """From the earliest to the latest time, each step of `every` (counted from 1970) has so many rows.

    green: {column: a, every: 1d, max: 2} on (date'2024-01-01'), (date'2024-01-01') as t(a)
    red:   {column: a, every: 1d, min: 1} on (date'2024-01-01'), (date'2024-01-03') as t(a)
    red:   {column: a, every: 1d, max: 1} on (date'2024-01-01'), (date'2024-01-01') as t(a)
    """
    outside = F.count_if(~F.col(_COUNT).between(min or 0, 2**62 if max is None else max))
    failing = outside + F.coalesce(_span() - F.count(_WINDOW), F.lit(0)) if min else outside
    return Pass(lambda rows: _windows(rows, column, every), Share(failing, F.coalesce(_span(), F.lit(0))))


def _windows(rows: DataFrame, column: Subject, every: Duration) -> DataFrame:
    """The steps of time that have rows, and how many."""
    step = int(every.total_seconds()) * _MICROS
    micros = F.unix_micros(column.value.cast("timestamp"))
    window = (micros - F.pmod(micros, F.lit(step))) / step
    counted = rows.filter(column.value.isNotNull()).groupBy(window.cast("bigint").alias(_WINDOW))
    return counted.agg(F.count(F.lit(1)).alias(_COUNT))


def _span() -> Column:
    """How many steps lie between the first and the last, both included."""
    return F.max(_WINDOW) - F.min(_WINDOW) + 1
