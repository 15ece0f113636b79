"""Why a row is bad: of all rows it is asked whether any reason holds, of bad ones which."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from sparkjobs.config import Column as Declared
from sparkjobs.config import Source
from sparkjobs.plan import PlannedCheck, SourceInput
from sparkjobs.quality.asking import Given, named_in, question_of, where_of
from sparkjobs.sql import DAMAGE, column, incoming, literal, nulled

_GIVEN = "_sparkjobs_given_{}"


@dataclass(frozen=True, slots=True)
class Reason:
    """One way to be bad."""

    rule: str
    column: str | None
    fails: Column
    """True where a row breaks the rule, never null."""
    shown: tuple[str, ...] = ()
    """What is told of a row that breaks it, where it is of no one column."""
    rejects: bool = True
    """Whether a row that breaks it is bad."""


def reasons_of(
    spark: SparkSession, one: SourceInput, schema: StructType, now: datetime
) -> tuple[Reason, ...]:
    """The reasons of the contract of an input over IN, DAMAGE, what is given and the typed columns: `schema`.

    Raises:
        ValueError: a rule cannot be asked of its columns.
    """
    named = (reason for name, declared in one.conf.columns.items() for reason in _column(name, declared))
    return (*named, *(_rule(spark, rule, schema, now) for rule in one.rules))


def given(name: str) -> Column:
    """What came for the declared column `name`, its null values taken for null: a column of `with_given`."""
    return column(_GIVEN.format(name))


def with_given(rows: DataFrame, conf: Source) -> DataFrame:
    """What is `given` for each declared column, then `rows`.

    A projection of its own: a value is compared with the null values once, not for each use of it, and good
    rows go without the struct IN. They come first: for each column that follows, Spark infers once more what
    it knows of those before it.
    """
    came = [
        nulled(incoming(name), declared.null_values).alias(_GIVEN.format(name))
        for name, declared in conf.columns.items()
    ]
    return rows.select(*came, "*")


def rejects(reasons: tuple[Reason, ...]) -> Column:
    """Whether a row is bad: it is damaged, or one of the reasons holds.

    A CASE, for it is flat, and nothing of a branch is computed before it is come to. What stands twice in a
    chain of OR Spark computes beforehand, also where a damaged row or a `where` keeps it from being asked.
    """
    bad = F.when(column(DAMAGE).isNotNull(), F.lit(True))
    for one in reasons:
        bad = bad.when(one.fails, F.lit(True))
    return bad.otherwise(F.lit(False))


def told(reasons: tuple[Reason, ...]) -> Column:
    """The reasons of a bad row: array<struct<rule, column, value>>; a damaged one has no other than that."""
    damage = column(DAMAGE)
    damaged = F.array(entry(damage, None, F.lit(None).cast("string")))
    if not reasons:
        return damaged
    entries = [F.when(one.fails, entry(F.lit(one.rule), one.column, _value(one))) for one in reasons]
    broken = F.filter(F.array(*entries), lambda one: one.isNotNull())
    return F.when(damage.isNotNull(), damaged).otherwise(broken)


def _value(reason: Reason) -> Column:
    """The offending value as text."""
    if reason.column is not None:
        return incoming(reason.column).cast("string")
    return F.to_json(F.struct(*map(column, reason.shown))) if reason.shown else F.lit(None).cast("string")


def entry(rule: Column, name: str | None, value: Column) -> Column:
    """One reason as the quarantine keeps it."""
    return F.struct(rule.alias("rule"), F.lit(name).cast("string").alias("column"), value.alias("value"))


def _column(name: str, declared: Declared) -> Iterator[Reason]:
    value, raw = column(name), given(name)

    def breaks(rule: str, holds: Column) -> Reason:
        return Reason(rule, name, F.coalesce(~holds, F.lit(False)))

    if declared.type != "string":
        yield Reason(f"type {declared.type}", name, raw.isNotNull() & value.isNull())
    if declared.not_null:
        yield Reason("not_null", name, raw.isNull())
    if declared.between:
        low, high = (literal(bound, declared.type) for bound in declared.between)
        yield breaks(f"between {declared.between[0]} and {declared.between[1]}", value.between(low, high))
    if declared.accepted_values:
        values = [literal(one, declared.type) for one in declared.accepted_values]
        yield breaks("accepted_values", value.isin(values))
    if declared.matches:
        yield breaks(f"matches {declared.matches}", raw.cast("string").rlike(rf"\A(?:{declared.matches})\z"))


def _rule(spark: SparkSession, rule: PlannedCheck, schema: StructType, now: datetime) -> Reason:
    holds = question_of(spark, rule, schema, Given(now))
    assert isinstance(holds, Column), rule  # noqa: S101 (the plan takes no other check for a rule)
    fails = where_of(spark, rule) & ~F.coalesce(holds, F.lit(True))
    only = rule.columns[0] if len(rule.columns) == 1 else None
    shown = named_in(rule, tuple(schema.fieldNames()))
    return Reason(rule.name, only, fails, shown, rejects=rule.conf.severity == "error")
