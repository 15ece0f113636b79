"""Why a row is bad: each rule of a contract is one bit of a mask, read back only for bad rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from sparkjobs.config import Column as Declared
from sparkjobs.config import Source
from sparkjobs.plan import PlannedCheck, SourceInput
from sparkjobs.quality.asking import Given, named_in, question_of, where_of
from sparkjobs.sql import DAMAGE, column, incoming, literal

BITS = 62
"""Bits used of each 64-bit mask."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One way to be bad."""

    rule: str
    column: str | None
    fails: Column
    """True where a row breaks the rule, never null."""
    value: Column
    """The offending value as text."""
    rejects: bool = True
    """Whether a row that breaks it is bad."""


def reasons_of(
    spark: SparkSession, one: SourceInput, schema: StructType, now: datetime
) -> tuple[Reason, ...]:
    """The reasons of the contract of an input, over IN, DAMAGE and its typed columns, which are `schema`.

    Raises:
        ValueError: a rule cannot be asked of its columns.
    """
    named = (
        reason
        for name, declared in one.conf.columns.items()
        for reason in _column(name, declared, raw_text(name, one.conf))
    )
    return (*named, *(_rule(spark, rule, schema, now) for rule in one.rules))


def raw_text(name: str, conf: Source) -> Column:
    """The value of `name` as it came, null where its text is one of the null values."""
    raw = incoming(name)
    shared = getattr(getattr(conf, "options", None), "null_values", ())
    nulls = [*shared, *conf.columns[name].null_values]
    return F.when(~raw.cast("string").isin(nulls), raw) if nulls else raw


def masks(reasons: tuple[Reason, ...]) -> list[Column]:
    """The reasons as bit masks; a damaged record has the lowest bit and no other."""
    columns = []
    for start in range(0, max(len(reasons), 1), BITS):
        bits = [
            F.when(one.fails, F.lit(2 << place)).otherwise(F.lit(0))
            for place, one in enumerate(reasons[start : start + BITS])
        ]
        mask = F.lit(0).cast("bigint")
        for bit in bits:
            mask = mask.bitwiseOR(bit.cast("bigint"))
        columns.append(F.when(column(DAMAGE).isNotNull(), F.lit(1).cast("bigint")).otherwise(mask))
    return columns


def told(reasons: tuple[Reason, ...], mask_columns: tuple[str, ...]) -> Column:
    """The reasons of a bad row: array<struct<rule, column, value>>."""
    damaged = entry(column(DAMAGE), None, F.lit(None).cast("string"))
    entries = [F.when(column(DAMAGE).isNotNull(), damaged)]
    for place, one in enumerate(reasons):
        bit = column(mask_columns[place // BITS]).bitwiseAND(F.lit(2 << (place % BITS)))
        entries.append(F.when(bit != 0, entry(F.lit(one.rule), one.column, one.value)))
    return F.filter(F.array(*entries), lambda one: one.isNotNull())


def entry(rule: Column, name: str | None, value: Column) -> Column:
    """One reason as the quarantine keeps it."""
    return F.struct(rule.alias("rule"), F.lit(name).cast("string").alias("column"), value.alias("value"))


def _column(name: str, declared: Declared, raw: Column) -> Iterator[Reason]:
    value, text = column(name), incoming(name).cast("string")

    def breaks(rule: str, fails: Column) -> Reason:
        return Reason(rule, name, F.coalesce(fails, F.lit(False)), text)

    if declared.type != "string":
        yield breaks(f"type {declared.type}", raw.isNotNull() & value.isNull())
    if declared.not_null:
        yield breaks("not_null", raw.isNull())
    if declared.between:
        low, high = (literal(bound, declared.type) for bound in declared.between)
        yield breaks(f"between {declared.between[0]} and {declared.between[1]}", ~value.between(low, high))
    if declared.accepted_values:
        values = [literal(one, declared.type) for one in declared.accepted_values]
        yield breaks("accepted_values", ~value.isin(values))
    if declared.matches:
        yield breaks(f"matches {declared.matches}", ~raw.cast("string").rlike(rf"\A(?:{declared.matches})\z"))


def _rule(spark: SparkSession, rule: PlannedCheck, schema: StructType, now: datetime) -> Reason:
    holds = question_of(spark, rule, schema, Given(now))
    assert isinstance(holds, Column), rule  # noqa: S101 (the plan takes no other check for a rule)
    fails = where_of(spark, rule) & ~F.coalesce(holds, F.lit(True))
    shown = [column(name) for name in named_in(rule, tuple(schema.fieldNames()))]
    only, value = None, F.to_json(F.struct(*shown)) if shown else F.lit(None).cast("string")
    if len(rule.columns) == 1:
        only, value = rule.columns[0], incoming(rule.columns[0]).cast("string")
    return Reason(rule.name, only, fails, value, rejects=rule.conf.severity == "error")
