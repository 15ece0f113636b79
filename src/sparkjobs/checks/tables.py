"""How many rows and which columns there are."""

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from sparkjobs.checks import footers
from sparkjobs.checks.questions import Finding, Measure, bounds, within
from sparkjobs.config.arguments import Columns, Count, Types
from sparkjobs.registry import check


@check(one_of=("min", "max", "equals"), footer=footers.row_count)
def row_count(
    rows: Column, *, min: Count | None = None, max: Count | None = None, equals: Count | None = None
) -> Measure:
    """`min` <= rows <= `max`, or exactly `equals`.

    green: {min: 2, max: 2} on (1), (null) as t(a)
    red:   {min: 3} on (1), (null) as t(a)
    """
    low, high = (equals, equals) if equals is not None else (min or 0, max)
    return within(F.count_if(rows), F.lit(low), None if high is None else F.lit(high), bounds(low, high))


@check()
def column_names(
    schema: StructType, *, names: Columns, exactly: bool = True, in_order: bool = False
) -> Finding:
    """The columns are `names` and no others; with `in_order` in this order; without `exactly` perhaps more.

    green: {names: [b, a]} on (1, 2) as t(a, b)
    red:   {names: [a]} on (1, 2) as t(a, b)
    red:   {names: [b, a], in_order: true} on (1, 2) as t(a, b)
    red:   {names: [c], exactly: false} on (1, 2) as t(a, b)
    """
    there = schema.fieldNames()
    lacking = [name for name in names if name not in there]
    spare = [name for name in there if name not in names] if exactly else []
    order = [name for name in there if name in names]
    told = [
        *(f"lacks {name!r}" for name in lacking),
        *(f"has {name!r} too" for name in spare),
        *([f"has the order {', '.join(order)}"] if in_order and order != list(names) else []),
    ]
    return Finding(not told, "; ".join(told) or f"{len(there)} columns")


@check(one_of=("min", "max", "equals"))
def column_count(
    schema: StructType, *, min: Count | None = None, max: Count | None = None, equals: Count | None = None
) -> Finding:
    """There are `min` to `max` columns, or exactly `equals`.

    green: {equals: 2} on (1, 2) as t(a, b)
    red:   {max: 1} on (1, 2) as t(a, b)
    """
    low, high = (equals, equals) if equals is not None else (min or 0, max)
    count = len(schema)
    holds = low <= count and (high is None or count <= high)
    return Finding(holds, f"{count} columns, wanted {bounds(low, high)}")


@check()
def column_types(schema: StructType, *, types: Types) -> Finding:
    """Each column of `types` is there, and has its type, or one of them, as Spark writes it.

    green: {types: {a: int, b: [string, int]}} on (1, 'x') as t(a, b)
    red:   {types: {a: bigint}} on (1, 'x') as t(a, b)
    red:   {types: {c: int}} on (1, 'x') as t(a, b)
    """
    there = {field.name: field.dataType.simpleString() for field in schema}
    told = [
        f"{name!r} is {there.get(name, 'not there')}, wanted {' or '.join(wanted)}"
        for name, given in types.items()
        for wanted in [(given,) if isinstance(given, str) else given]
        if there.get(name) not in wanted
    ]
    return Finding(not told, "; ".join(told) or f"{len(types)} columns as wanted")
