"""The contract: rows become typed, good ones go on, bad ones are known by their reasons.

Counts come from one observation above the scan, or from the cache where the input is cached. What an
observation may have seen twice, in part or not at all is counted again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from typing import Any, cast

from pyspark.sql import Column, DataFrame, Observation, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from sparkjobs.config import Source
from sparkjobs.config.sources import OneRowPerKey
from sparkjobs.cursor import highest, takes
from sparkjobs.plan import Since, SourceInput, Within
from sparkjobs.quality.reasons import Reason, entry, given, reasons_of, rejects, told, with_given
from sparkjobs.quality.values import typed
from sparkjobs.sql import DAMAGE, FILE, IN, RAW, column, incoming

_BAD = "_sparkjobs_bad"
_WARNED = "warned_{}"
_AGAIN = "_sparkjobs_again"
"""Whether a row has the key of another one, which is taken."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Records of an input: `seen` with header lines, `bad` with header lines too."""

    seen: int
    bad: int
    high: str | None = None
    """The new high-water mark, where the input is read by column."""
    warned: tuple[tuple[str, int], ...] = ()
    """How many rows break each rule of severity warn."""


@dataclass(frozen=True, slots=True)
class Contracted:
    """An input under its contract."""

    planned: SourceInput
    rows: DataFrame
    """Every record: typed columns, IN, RAW, FILE, COLUMNS, DAMAGE and whether it is bad."""
    valid: DataFrame
    """The typed columns of the good rows: what the job's function gets."""
    headers: int
    bad: Column
    """Whether a record of `rows` is bad."""
    rejecting: tuple[Reason, ...]
    """Why one may be bad, but for the key that another row has."""
    warnings: tuple[str, ...]
    """The rules of severity warn."""
    observation: Observation | None
    metrics: tuple[Column, ...]
    """What is counted: seen, bad, what breaks each warning, and high where the input is read by column."""
    counts: Counts | None = None
    """Known beforehand where the input is cached."""

    def counted(self, found: Mapping[str, Any]) -> Counts:
        """The values of `metrics` by their names."""
        warned = tuple((rule, found[_WARNED.format(place)]) for place, rule in enumerate(self.warnings))
        return Counts(found["seen"], found["bad"], found.get("high"), warned)

    def rejected(self) -> DataFrame:
        """The bad records, with their `reasons`: array<struct<rule, column, value>>."""
        conf, why = self.planned.conf, told(self.rejecting)
        if conf.unique is not None:
            why = F.when(column(_AGAIN), _again(conf.unique)).otherwise(why)
        # an observation is a barrier: without it the optimizer would parse each record anew for each reason
        rows = self.rows.observe(Observation(), F.count(F.lit(1)).alias("seen"))
        return with_given(rows.filter(self.bad), conf).select("*", why.alias("reasons"))

    def count(self) -> Counts:
        """Count in a pass of its own."""
        found = self.rows.agg(*self.metrics).first()
        return self.counted(found.asDict() if found else {})


def apply(
    spark: SparkSession, one: SourceInput, incoming_rows: DataFrame, headers: int, now: datetime
) -> Contracted:
    """Put the rows of an input under its contract. A cached one is read, judged and counted now.

    `now` is what times are compared with.

    Raises:
        ValueError: a rule cannot be asked of its columns.
    """
    conf, part = one.conf, one.part
    kinds = {field.name: field.dataType.simpleString() for field in _struct(incoming_rows)}
    declared = [_typed(name, kinds[name], conf).alias(name) for name in kinds]
    rows = with_given(incoming_rows, conf).select(*declared, "*")
    if isinstance(part, Since | Within):
        rows = rows.filter(takes(part, _kind(rows, part.column)))
    reasons = reasons_of(spark, one, rows.select(*map(column, kinds)).schema, now)
    warnings = tuple(reason for reason in reasons if not reason.rejects)
    rejecting = tuple(reason for reason in reasons if reason.rejects)
    # what was given is made again of IN for the few rows that are rejected
    rows = rows.select(*map(column, kinds), *incoming_rows.columns, rejects(rejecting).alias(_BAD))
    bad = column(_BAD)
    if conf.unique:
        rows, bad = _one_per_key(rows, conf.unique, bad)
    metrics = _metrics(bad, warnings)
    if isinstance(part, Since):
        metrics = (*metrics, highest(part, _kind(rows, part.column), ~bad).alias("high"))
    rows = _slim(rows, {*kinds, _BAD, _AGAIN}, bad).persist() if one.cached else rows
    observation = None if one.cached else Observation()
    judged = rows.observe(observation, *metrics) if observation else rows
    valid = judged.filter(~bad).select(*[column(name) for name in kinds])
    names = tuple(reason.rule for reason in warnings)
    contracted = Contracted(one, rows, valid, headers, bad, rejecting, names, observation, metrics)
    return replace(contracted, counts=contracted.count()) if one.cached else contracted


def _one_per_key(rows: DataFrame, unique: OneRowPerKey, bad: Column) -> tuple[DataFrame, Column]:
    """The same, where a good row is bad too if a later one has its key; ties go by the whole record."""
    keys = [column(name) for name in unique.keys]
    compared = reduce(Column.__and__, [key.isNotNull() for key in keys], ~bad)
    # rows that are not compared would all be one group
    apart = F.when(compared, F.lit(0)).otherwise(F.xxhash64(column(RAW), column(FILE)))
    latest = [column(name).desc_nulls_last() for name in unique.order_by]
    order = Window.partitionBy(*keys, apart).orderBy(*latest, column(RAW).desc(), column(FILE).desc())
    return rows.withColumn(_AGAIN, compared & (F.row_number().over(order) > 1)), bad | column(_AGAIN)


def _again(unique: OneRowPerKey) -> Column:
    """The only reason of a row whose key another one has."""
    rule = f"unique ({', '.join(unique.keys)})"
    return F.array(entry(F.lit(rule), None, F.to_json(F.struct(*map(column, unique.keys)))))


def _metrics(bad: Column, warnings: tuple[Reason, ...]) -> tuple[Column, ...]:
    whole = column(DAMAGE).isNull()
    warned = [
        F.count_if(F.when(whole, one.fails)).alias(_WARNED.format(place))
        for place, one in enumerate(warnings)
    ]
    return (F.count(F.lit(1)).alias("seen"), F.count_if(bad).alias("bad"), *warned)


def _slim(rows: DataFrame, kept: Collection[str], bad: Column) -> DataFrame:
    """`rows` where good ones have but the columns `kept`, so that the cache holds these once."""
    return rows.select(
        *[column(name) if name in kept else F.when(bad, column(name)).alias(name) for name in rows.columns]
    )


def _typed(name: str, kind: str, conf: Source) -> Column:
    if name not in conf.columns:
        return incoming(name)
    return typed(given(name), kind, conf.columns[name])


def _kind(frame: DataFrame, name: str) -> str:
    return frame.schema[name].dataType.simpleString()


def _struct(incoming_rows: DataFrame) -> StructType:
    return cast("StructType", incoming_rows.schema[IN].dataType)
