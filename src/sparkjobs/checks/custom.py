"""Whatever SQL can say."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from sparkjobs.config.arguments import Condition
from sparkjobs.registry import check


@check()
def expression(*, expr: Condition) -> Column:
    """The SQL condition is not false. Null passes: it is no answer.

    green: {expr: a >= b} on (2, 1), (null, 1) as t(a, b)
    red:   {expr: a >= b} on (1, 2) as t(a, b)
    """
    return F.expr(expr)
