"""How the values of one row stand to each other. Where one of them is null there is no answer."""

from functools import reduce
from itertools import combinations, pairwise

from pyspark.sql import Column
from pyspark.sql import functions as F

from sparkjobs.checks.questions import Subject
from sparkjobs.config.arguments import Duration, Number, Value
from sparkjobs.registry import check


@check()
def ordered(*columns: Subject, strict: bool = False) -> Column:
    """Each column holds at least what the one before it holds; with `strict`, more.

    green: {columns: [a, b]} on (1, 1), (1, 2), (null, 0) as t(a, b)
    red:   {columns: [a, b]} on (2, 1) as t(a, b)
    red:   {columns: [a, b], strict: true} on (1, 1) as t(a, b)
    """
    _several(columns)
    rises = Column.__lt__ if strict else Column.__le__
    return _if_filled(columns, [rises(one.value, two.value) for one, two in pairwise(columns)])


@check()
def equal_columns(*columns: Subject) -> Column:
    """All columns hold the same.

    green: {columns: [a, b]} on (1, 1), (null, 1) as t(a, b)
    red:   {columns: [a, b]} on (1, 2) as t(a, b)
    """
    _several(columns)
    return _if_filled(columns, [one.value == two.value for one, two in pairwise(columns)])


@check()
def different_columns(*columns: Subject) -> Column:
    """No two columns hold the same.

    green: {columns: [a, b, c]} on (1, 2, 3), (null, 1, 1) as t(a, b, c)
    red:   {columns: [a, b, c]} on (1, 2, 1) as t(a, b, c)
    """
    _several(columns)
    return _if_filled(columns, [one.value != two.value for one, two in combinations(columns, 2)])


@check()
def accepted_pairs(*columns: Subject, values: tuple[tuple[Value, ...], ...]) -> Column:
    """The columns together hold one of `values`, a list of lists.

    green: {columns: [a, b], values: [[DE, EUR], [US, USD]]} on ('DE', 'EUR'), (null, 'EUR') as t(a, b)
    red:   {columns: [a, b], values: [[DE, EUR], [US, USD]]} on ('DE', 'USD') as t(a, b)
    """
    if not values or any(len(one) != len(columns) for one in values):
        raise ValueError(f"each of `values` must have {len(columns)} entries, one per column")
    same = [
        reduce(Column.__and__, [of.value == of.literal(one) for of, one in zip(columns, row, strict=True)])
        for row in values
    ]
    return _if_filled(columns, [reduce(Column.__or__, same)])


@check()
def sums_to(*columns: Subject, total: Number) -> Column:
    """The numbers of the row add up to `total`.

    green: {columns: [a, b], total: 100} on (40, 60), (null, 1) as t(a, b)
    red:   {columns: [a, b], total: 100} on (40, 61) as t(a, b)
    """
    return reduce(Column.__add__, [one.value for one in columns]) == columns[0].literal(total)


@check()
def at_most_apart(start: Subject, end: Subject, *, duration: Duration) -> Column:
    """`end` is not earlier than `start`, and at most `duration` later.

    green: {start: a, end: b, duration: 1d} on (date'2024-01-01', date'2024-01-02'), (null, null) as t(a, b)
    red:   {start: a, end: b, duration: 1d} on (date'2024-01-01', date'2024-01-03') as t(a, b)
    red:   {start: a, end: b, duration: 1d} on (date'2024-01-02', date'2024-01-01') as t(a, b)
    """
    first, last = start.value.cast("timestamp"), end.value.cast("timestamp")
    return _if_filled((start, end), [first <= last, last <= first + F.lit(duration)])


def _several(columns: tuple[Subject, ...]) -> None:
    if len(columns) < 2:  # noqa: PLR2004 (a pair is two)
        raise ValueError("it compares columns with each other: name at least two")


def _if_filled(columns: tuple[Subject, ...], holds: list[Column]) -> Column:
    """All of `holds`, where none of `columns` is null; in SQL, false and null would be false. NaN fails."""
    filled = reduce(Column.__and__, [one.value.isNotNull() for one in columns])
    numbers = [~one.is_nan for one in columns if one.is_float]
    return F.when(filled, reduce(Column.__and__, [*holds, *numbers]))
