"""JSON in a text. Nulls pass."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from sparkjobs.checks.questions import Subject
from sparkjobs.config.arguments import Texts
from sparkjobs.registry import check

_BROKEN = "_sparkjobs_broken"


@check()
def json(column: Subject) -> Column:
    """The text is JSON.

    green: {column: a} on ('[1, {"b": null}]'), (null) as t(a)
    red:   {column: a} on ('{b: 1}') as t(a)
    red:   {column: a} on ('{"b": 1} x') as t(a)
    red:   {column: a} on ('') as t(a)
    """
    # Spark's parser stops after a first value; nothing that follows it fits both into a list and an object
    listed = F.try_parse_json(F.concat(F.lit("["), column.value, F.lit("]")))
    held = F.try_parse_json(F.concat(F.lit('{"x":'), column.value, F.lit("}")))
    return F.when(column.value.isNotNull(), listed.isNotNull() & held.isNotNull())


@check()
def json_keys(column: Subject, *, keys: Texts) -> Column:
    """The text is a JSON object that has each of `keys`.

    green: {column: a, keys: [b]} on ('{"b": 1, "c": 2}'), (null) as t(a)
    red:   {column: a, keys: [b]} on ('{"c": 2}') as t(a)
    red:   {column: a, keys: [b]} on ('[]') as t(a)
    red:   {column: a, keys: [b]} on ('{"b": 1} x') as t(a)
    """
    wanted = F.array(*map(F.lit, keys))
    missing = F.size(F.array_except(wanted, F.json_object_keys(column.value)))
    return F.when(column.value.isNotNull(), json(column) & F.coalesce(missing == 0, F.lit(False)))


@check()
def json_schema(column: Subject, *, schema: str) -> Column:
    """The text is a JSON object whose members have the types of `schema`: `id int, tags array<string>`.

    green: {column: a, schema: 'b int'} on ('{"b": 1}'), ('{}'), (null) as t(a)
    red:   {column: a, schema: 'b int'} on ('{"b": "x"}') as t(a)
    """
    options = {"columnNameOfCorruptRecord": _BROKEN, "mode": "PERMISSIVE"}
    read = F.from_json(column.value, f"{schema}, {_BROKEN} string", options)
    holds = json(column) & read.isNotNull() & read.getField(_BROKEN).isNull()
    return F.when(column.value.isNotNull(), holds)
