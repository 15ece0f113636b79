"""The rows against those of an input of the job.

An input that only checks need says `for_checks: true`. Its rows are those that its contract found good, as
this run has read them.
"""

import json
from collections.abc import Mapping
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from sparkjobs.checks.questions import Groups, Measure, Pass, Share, Sought, Subject
from sparkjobs.config.arguments import ColumnName, Columns, InputName
from sparkjobs.registry import check
from sparkjobs.sql import WHOLE_NUMBERS
from sparkjobs.sql import column as named

Inputs = Mapping[str, DataFrame]
_HERE: Final = "_sparkjobs_here"
_THERE: Final = "_sparkjobs_there"


@check()
def foreign_key(
    inputs: Inputs, *columns: Subject, input: InputName, key: Columns | None = None, absent: bool = False
) -> Groups:
    """Each key is one of the input's, in its columns `key`, else of the same names; with `absent`, none is.

    A row with a null in its key passes.

    green: {columns: [a], input: other, key: [k]} on (1), (2), (null) as t(a) with (1), (2), (3) as t(k)
    red:   {columns: [a], input: other, key: [k]} on (1), (4) as t(a) with (1), (2), (3) as t(k)
    red:   {columns: [a], input: other, key: [k], absent: true} on (1), (4) as t(a) with (1) as t(k)
    """
    keys = key or tuple(one.name for one in columns)
    if len(keys) != len(columns):
        raise ValueError(f"{len(columns)} columns cannot be looked for in {len(keys)}")
    flag = f"_sparkjobs_in {json.dumps([input, *keys])}"
    found = named(flag)
    sought = Sought(_like(columns, _of(inputs, input, keys), keys), keys, flag)
    return Groups(columns, ~found if absent else found, sought=sought)


@check()
def equal_row_count(inputs: Inputs, *, input: InputName) -> Pass:
    """There are as many rows as the input has.

    green: {input: other} on (1), (2) as t(a) with (5), (6) as t(k)
    red:   {input: other} on (1), (2) as t(a) with (5) as t(k)
    """
    count = F.count(F.lit(1))
    return _compared(inputs[input], count, count, f"as many rows as {input} has")


@check()
def equal_total(inputs: Inputs, column: Subject, *, input: InputName, of: ColumnName | None = None) -> Pass:
    """The sum is that of the input's column `of` (the same name without it).

    green: {column: a, input: other, of: k} on (1), (2) as t(a) with (3) as t(k)
    red:   {column: a, input: other, of: k} on (1), (2) as t(a) with (4) as t(k)
    """
    name = of or column.name
    there = _of(inputs, input, (name,))
    return _compared(there, F.sum(column.value), F.sum(named(name)), f"the sum of {name} in {input}")


@check()
def same_rows(inputs: Inputs, *columns: Subject, input: InputName) -> Pass:
    """In these columns, the rows are those of the input, each as often; nulls are equal to nulls.

    green: {columns: [a, b], input: other} on (1, null), (2, 3) as t(a, b) with (3, 2), (null, 1) as t(b, a)
    red:   {columns: [a, b], input: other} on (1, 2), (1, 2) as t(a, b) with (1, 2) as t(a, b)
    """
    names = tuple(one.name for one in columns)
    there = _like(columns, _of(inputs, input, names), names).select(
        *map(named, names), F.lit(0).alias(_HERE), F.lit(1).alias(_THERE)
    )

    def through(rows: DataFrame) -> DataFrame:
        here = rows.select(*map(named, names), F.lit(1).alias(_HERE), F.lit(0).alias(_THERE))
        counts = F.sum(_HERE).alias(_HERE), F.sum(_THERE).alias(_THERE)
        return here.unionByName(there).groupBy(*map(named, names)).agg(*counts)

    differ = F.coalesce(F.sum(F.abs(F.col(_HERE) - F.col(_THERE))), F.lit(0))
    return Pass(through, Share(differ, F.coalesce(F.sum(F.greatest(_HERE, _THERE)), F.lit(0))))


def _like(columns: tuple[Subject, ...], there: DataFrame, keys: tuple[str, ...]) -> DataFrame:
    """`there`, if its `keys` are of the types of `columns`: others could be equal that are not the same.

    Raises:
        ValueError: they are not.
    """
    for one, key in zip(columns, keys, strict=True):
        kind = there.schema[key].dataType.simpleString()
        if kind != one.kind and not {kind, one.kind} <= WHOLE_NUMBERS:
            raise ValueError(f"{one.name!r} is {one.kind}, {key!r} is {kind}: cast one of them")
    return there


def _compared(there: DataFrame, here_value: Column, there_value: Column, wanted: str) -> Pass:
    """One value of the rows against one of the input's."""
    other = there.agg(there_value.alias(_THERE))

    def through(rows: DataFrame) -> DataFrame:
        return rows.agg(here_value.alias(_HERE)).crossJoin(other)

    holds = F.coalesce(F.max(_HERE).eqNullSafe(F.max(_THERE)), F.lit(False))
    return Pass(through, Measure(F.max(_HERE), holds, wanted))


def _of(inputs: Inputs, name: str, columns: tuple[str, ...]) -> DataFrame:
    """The input's rows.

    Raises:
        ValueError: it lacks one of `columns`.
    """
    frame = inputs[name]
    for one in columns:
        if one not in frame.columns:
            raise ValueError(f"the input {name!r} has no column {one!r}")
    return frame
