"""Whether rows can be told apart, and which values there are: asked of the groups of equal rows.

A row with a null in one of the columns is in no group. Only `unique` looks at the whole resulting table; the
others look at the staged rows.
"""

from typing import Final

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from sparkjobs.checks.questions import ALL, Groups, Measure, N, Pass, Share, Subject, bounds, within
from sparkjobs.config.arguments import Count, Number, Portion, Values
from sparkjobs.registry import check

_BEFORE: Final = "_sparkjobs_before"
_VALUE: Final = "_sparkjobs_value"


@check(distinct=True)
def unique(*columns: Subject) -> Groups:
    """No two rows of the resulting table share all of `columns`. A row with a null there passes.

    green: {columns: [a, b]} on (1, 1), (1, 2), (null, 1), (null, 1) as t(a, b)
    red:   {columns: [a]} on (1), (1) as t(a)
    """
    return Groups(columns, F.col(ALL) == 1, in_table=True)


@check(one_of=("min", "max"))
def unique_share(*columns: Subject, min: Portion | None = None, max: Portion | None = None) -> Groups:
    """Of the different values, the share that is there once lies between `min` and `max`.

    green: {columns: [a], min: 0.5, max: 0.5} on (1), (2), (2), (null) as t(a)
    red:   {columns: [a], min: 0.6} on (1), (2), (2) as t(a)
    """
    once = F.try_divide(F.count_if(F.col(N) == 1), F.count(F.lit(1)))
    return Groups(columns, within(once, _lit(min), _lit(max), bounds(min, max)))


@check(one_of=("min", "max", "equals"))
def distinct_count(
    *columns: Subject, min: Count | None = None, max: Count | None = None, equals: Count | None = None
) -> Groups:
    """How many different values there are lies between `min` and `max`, or is `equals`.

    green: {columns: [a], equals: 2} on (1), (2), (2), (null) as t(a)
    red:   {columns: [a], min: 3} on (1), (2), (2) as t(a)
    """
    low, high = (equals, equals) if equals is not None else (min or 0, max)
    return Groups(columns, within(F.count(F.lit(1)), _lit(low), _lit(high), bounds(low, high)))


@check()
def not_constant(column: Subject) -> Groups:
    """There is more than one value.

    green: {column: a} on (1), (2) as t(a)
    red:   {column: a} on (1), (1), (null) as t(a)
    """
    return Groups((column,), within(F.count(F.lit(1)), F.lit(2), None, "more than one value"))


@check(one_of=("equals", "contains"))
def distinct_values(column: Subject, *, equals: Values = (), contains: Values = ()) -> Groups:
    """The values that occur are all of `equals` and no others; or all of `contains`, and perhaps others.

    green: {column: a, equals: [1, 2]} on (1), (2), (2), (null) as t(a)
    red:   {column: a, equals: [1, 2]} on (1), (2), (3) as t(a)
    red:   {column: a, contains: [1, 4]} on (1), (2), (3) as t(a)
    """
    wanted = [column.literal(one) for one in (*equals, *contains)]
    found = F.count_if(column.value.isin(wanted)) == len({*equals, *contains})
    others = F.count_if(~column.value.isin(wanted)) == 0 if equals else F.lit(True)
    told = ", ".join(map(str, (*equals, *contains)))
    return Groups((column,), Measure(F.count(F.lit(1)), found & others, f"the values {told}"))


@check()
def most_common(column: Subject, *, values: Values) -> Groups:
    """The value that occurs most often is one of `values`, or occurs as often as one of them.

    green: {column: a, values: [1]} on (1), (1), (2), (null), (null), (null) as t(a)
    red:   {column: a, values: [2]} on (1), (1), (2) as t(a)
    """
    accepted = column.value.isin([column.literal(one) for one in values])
    holds = F.max(F.when(accepted, F.col(N))) == F.max(N)
    most = F.max_by(column.value, F.struct(F.col(N), column.value))
    told = ", ".join(map(str, values))
    return Groups((column,), Measure(most, F.coalesce(holds, F.lit(False)), f"one of {told}"))


@check(one_of=("min", "max"))
def entropy(column: Subject, *, min: Number | None = None, max: Number | None = None) -> Groups:
    """Shannon's entropy of the values, in nats, lies between `min` and `max`.

    green: {column: a, min: 0.69, max: 0.7} on (1), (2), (null) as t(a)
    red:   {column: a, min: 0.1} on (1), (1) as t(a)
    """
    total, logs = F.sum(N), F.sum(F.col(N) * F.ln(F.col(N).cast("double")))
    return Groups((column,), within(F.ln(total) - logs / total, _lit(min), _lit(max), bounds(min, max)))


@check()
def increasing(column: Subject, order_by: Subject, *, strict: bool = False) -> Pass:
    """In the order of `order_by`, no value is less than the one before it; with `strict`, each is greater.

    Rows with a null in one of the two are left out. All of them are sorted in one task.

    green: {column: a, order_by: b} on (1, 1), (1, 2), (3, 3), (null, 4) as t(a, b)
    red:   {column: a, order_by: b} on (2, 1), (1, 2) as t(a, b)
    red:   {column: a, order_by: b, strict: true} on (1, 1), (1, 2) as t(a, b)
    """
    follows = Column.__gt__ if strict else Column.__ge__
    return _monotonic(column, order_by, column.value.asc(), follows)


@check()
def decreasing(column: Subject, order_by: Subject, *, strict: bool = False) -> Pass:
    """In the order of `order_by`, no value is greater than the one before it; with `strict`, each is less.

    Rows with a null in one of the two are left out. All of them are sorted in one task.

    green: {column: a, order_by: b} on (3, 1), (1, 2), (1, 3) as t(a, b)
    red:   {column: a, order_by: b} on (1, 1), (2, 2) as t(a, b)
    """
    follows = Column.__lt__ if strict else Column.__le__
    return _monotonic(column, order_by, column.value.desc(), follows)


@check()
def no_overlaps(valid_from: Subject, valid_to: Subject, *columns: Subject, gaps: bool = True) -> Pass:
    """The half-open periods of each key, `columns`, do not overlap. A null `valid_to` never ends.

    Without `gaps`, each begins where the one before it ends.

    green: {valid_from: f, valid_to: t, columns: [k]} on (1, 1, 5), (1, 7, null), (2, 1, 9) as t(k, f, t)
    red:   {valid_from: f, valid_to: t, columns: [k]} on (1, 1, 5), (1, 4, null) as t(k, f, t)
    red:   {valid_from: f, valid_to: t, columns: [k], gaps: false} on (1, 1, 5), (1, 7, 9) as t(k, f, t)
    """
    order = Window.partitionBy(*[one.value for one in columns]).orderBy(valid_from.value, valid_to.value)

    def through(rows: DataFrame) -> DataFrame:
        first = F.row_number().over(order) == 1
        before = F.lag(valid_to.value).over(order)
        meets = before <= valid_from.value if gaps else before == valid_from.value
        return rows.select((first | F.coalesce(meets, F.lit(False))).alias(_VALUE))

    return Pass(through, Share(F.count_if(~F.col(_VALUE)), F.count(F.lit(1))))


def _monotonic(column: Subject, order_by: Subject, among_ties: Column, follows: object) -> Pass:
    """Rows that are equal in `order_by` stand as is best for them."""

    def through(rows: DataFrame) -> DataFrame:
        both = rows.filter(column.value.isNotNull() & order_by.value.isNotNull())
        before = F.lag(column.value).over(Window.orderBy(order_by.value, among_ties))
        return both.select(column.value.alias(_VALUE), before.alias(_BEFORE))

    breaks = ~follows(F.col(_VALUE), F.col(_BEFORE))  # type: ignore[operator]  # a comparison of columns
    return Pass(through, Share(F.count_if(breaks), F.count(F.lit(1))))


def _lit(value: Number | None) -> Column | None:
    return None if value is None else F.lit(value)
