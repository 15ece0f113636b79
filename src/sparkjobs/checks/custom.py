"""Whatever SQL can say."""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from sparkjobs.checks.questions import Measure, Pass
from sparkjobs.config.arguments import Condition, Query
from sparkjobs.registry import check
from sparkjobs.sql import selection


@check()
def expression(*, expr: Condition) -> Column:
    """The SQL condition is not false. Null passes: it is no answer.

    green: {expr: a >= b} on (2, 1), (null, 1) as t(a, b)
    red:   {expr: a >= b} on (1, 2) as t(a, b)
    """
    return F.expr(expr)


@check()
def query(inputs: Mapping[str, DataFrame], *, sql: Query) -> Pass:
    """No row comes out of the SELECT, in which {rows} stands for the rows and {name} for those of an input.

    green: {sql: 'select a from {rows} group by a having count(*) > 2'} on (1), (1), (2) as t(a)
    red:   {sql: 'select a from {rows} group by a having count(*) > 1'} on (1), (1), (2) as t(a)
    red:   {sql: 'select * from {rows} join {other} on a = k'} on (1), (2) as t(a) with (2) as t(k)
    """
    rows = F.count(F.lit(1))
    return Pass(
        lambda frame: selection(frame.sparkSession, sql, {**inputs, "rows": frame}),
        Measure(rows, rows == 0, "no rows"),
        broken=True,
    )
