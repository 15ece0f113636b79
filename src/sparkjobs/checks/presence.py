"""Whether there is a value at all."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from sparkjobs.checks import footers
from sparkjobs.checks.questions import Subject
from sparkjobs.registry import check


@check(footer=footers.filled)
def not_null(column: Subject) -> Column:
    """Every row holds a value.

    green: {column: a} on (1), (2) as t(a)
    red:   {column: a} on (1), (null) as t(a)
    """
    return column.value.isNotNull()


@check(footer=footers.empty)
def null(column: Subject) -> Column:
    """No row holds a value.

    green: {column: a} on (cast(null as int)) as t(a)
    red:   {column: a} on (1), (null) as t(a)
    """
    return column.value.isNull()


@check()
def not_empty(column: Subject) -> Column:
    """The text, or array, has something in it. Nulls pass; blanks are something.

    green: {column: a} on (' '), (null) as t(a)
    red:   {column: a} on ('') as t(a)
    """
    if column.kind.startswith(("array", "map")):
        return F.size(column.value) > 0
    return column.value.cast("string") != ""


@check()
def not_blank(column: Subject) -> Column:
    """The text has something in it besides white space. Nulls pass.

    green: {column: a} on (' x '), (null) as t(a)
    red:   {column: a} on (' ') as t(a)
    """
    return column.value.cast("string").rlike(r"[^\s\p{Z}]")


@check()
def trimmed(column: Subject) -> Column:
    """The text neither begins nor ends with white space. Nulls pass.

    green: {column: a} on ('a b'), (''), (null) as t(a)
    red:   {column: a} on ('a ') as t(a)
    """
    return ~column.value.cast("string").rlike(r"\A[\s\p{Z}]|[\s\p{Z}]\z")


@check()
def at_least_one(*columns: Subject) -> Column:
    """Of some columns, at least one holds a value in every row.

    green: {columns: [a, b]} on (1, null), (null, 2) as t(a, b)
    red:   {columns: [a, b]} on (1, 2), (null, null) as t(a, b)
    """
    return _filled(columns) > 0


@check()
def mutually_exclusive(*columns: Subject) -> Column:
    """Of some columns, at most one holds a value in every row.

    green: {columns: [a, b]} on (1, null), (null, null) as t(a, b)
    red:   {columns: [a, b]} on (1, 2) as t(a, b)
    """
    return _filled(columns) <= 1


def _filled(columns: tuple[Subject, ...]) -> Column:
    """How many of `columns` hold a value."""
    return sum((one.value.isNotNull().cast("int") for one in columns), F.lit(0))
