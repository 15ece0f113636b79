"""How a text is written. Nulls pass."""

from functools import reduce
from typing import Literal

from pyspark.sql import Column
from pyspark.sql import functions as F

from sparkjobs.checks.questions import Subject
from sparkjobs.config.arguments import Count, Pattern, Texts
from sparkjobs.registry import check


@check(one_of=("pattern", "any_of", "all_of"))
def matches(
    column: Subject,
    *,
    pattern: Pattern | None = None,
    any_of: tuple[Pattern, ...] = (),
    all_of: tuple[Pattern, ...] = (),
) -> Column:
    """The whole text matches `pattern`, one of `any_of`, each of `all_of`: Java regular expressions.

    green: {column: a, pattern: '[A-Z]{2}'} on ('DE'), (null) as t(a)
    red:   {column: a, pattern: '[A-Z]{2}'} on ('DEU') as t(a)
    red:   {column: a, all_of: ['a.*', '.*b']} on ('abc') as t(a)
    """
    text = column.value.cast("string")
    holds = [_whole(text, one) for one in (*all_of, *([pattern] if pattern is not None else []))]
    if any_of:
        holds.append(reduce(Column.__or__, [_whole(text, one) for one in any_of]))
    return reduce(Column.__and__, holds)


@check()
def not_matches(column: Subject, *, pattern: Pattern) -> Column:
    """The whole text does not match `pattern`, a Java regular expression.

    green: {column: a, pattern: 'tmp.*'} on ('a tmp'), (null) as t(a)
    red:   {column: a, pattern: 'tmp.*'} on ('tmp1') as t(a)
    """
    return ~_whole(column.value.cast("string"), pattern)


@check()
def like(column: Subject, *, pattern: str) -> Column:
    """The text is like `pattern`, where % is any text and _ any character.

    green: {column: a, pattern: 'a%_'} on ('abc'), (null) as t(a)
    red:   {column: a, pattern: 'a%_'} on ('a') as t(a)
    """
    return column.value.cast("string").like(pattern)


@check()
def not_like(column: Subject, *, pattern: str) -> Column:
    """The text is not like `pattern`, where % is any text and _ any character.

    green: {column: a, pattern: '%@%'} on ('abc'), (null) as t(a)
    red:   {column: a, pattern: '%@%'} on ('a@b') as t(a)
    """
    return ~column.value.cast("string").like(pattern)


@check(one_of=("min", "max", "equals"))
def length(
    column: Subject, *, min: Count | None = None, max: Count | None = None, equals: Count | None = None
) -> Column:
    """The text has so many characters, the array or map so many entries.

    green: {column: a, min: 1, max: 2} on ('日本'), (null) as t(a)
    green: {column: a, equals: 2} on (array(1, 2)) as t(a)
    red:   {column: a, equals: 2} on ('abc') as t(a)
    """
    collection = column.kind.startswith(("array", "map"))
    size = F.array_size if column.kind.startswith("array") else F.cardinality
    count = size(column.value) if collection else F.length(column.value.cast("string"))
    count = F.when(column.value.isNotNull(), count)  # of null, a map has the size -1
    wanted = [(equals, Column.__eq__), (min, Column.__ge__), (max, Column.__le__)]
    return reduce(Column.__and__, [compare(count, F.lit(one)) for one, compare in wanted if one is not None])


@check()
def letter_case(column: Subject, *, case: Literal["lower", "upper", "title"]) -> Column:
    """The letters are all lower, all upper, or in `title` case: of each word only the first is upper.

    green: {column: a, case: upper} on ('A1'), (null) as t(a)
    red:   {column: a, case: upper} on ('Ab') as t(a)
    red:   {column: a, case: title} on ('new York') as t(a)
    """
    written = {"lower": F.lower, "upper": F.upper, "title": F.initcap}[case]
    return column.value == written(column.value)


@check()
def encoding(column: Subject, *, charset: Literal["ascii", "latin1"]) -> Column:
    """The text can be written in `charset`.

    green: {column: a, charset: ascii} on ('abc'), (null) as t(a)
    red:   {column: a, charset: ascii} on ('größe') as t(a)
    red:   {column: a, charset: latin1} on ('日本') as t(a)
    """
    last = {"ascii": "7F", "latin1": "FF"}[charset]
    return column.value.cast("string").rlike(rf"\A[\x00-\x{last}]*\z")


@check()
def contains(column: Subject, *, all_of: Texts) -> Column:
    """The text holds each of `all_of`; the array has each as an entry.

    green: {column: a, all_of: ['@', a]} on ('a@b'), (null) as t(a)
    green: {column: a, all_of: [x]} on (array('x', 'y')) as t(a)
    red:   {column: a, all_of: [a, z]} on ('abc') as t(a)
    """
    if column.kind.startswith("array"):
        return F.size(F.array_except(F.array(*map(F.lit, all_of)), column.value)) == 0
    text = column.value.cast("string")
    return reduce(Column.__and__, [text.contains(F.lit(one)) for one in all_of])


def _whole(text: Column, pattern: str) -> Column:
    return text.rlike(rf"\A(?:{pattern})\z")
