"""The contract: rows become typed, good ones go on, bad ones are known by their reasons.

Counts come from one observation above the scan, or from the cache where the input is cached; an
observation that a retried stage has doubled, or that never ran, is counted again.
"""

from collections.abc import Mapping
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
from sparkjobs.quality.reasons import Reason, entry, masks, raw_text, reasons_of, told
from sparkjobs.quality.values import typed
from sparkjobs.sql import COLUMNS, DAMAGE, FILE, IN, RAW, column, incoming

_MASK = "_sparkjobs_mask_{}"
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
    """Every record: typed columns, IN, RAW, FILE, COLUMNS, DAMAGE and what tells whether it is bad."""
    valid: DataFrame
    """The typed columns of the good rows: what the job's function gets."""
    headers: int
    bad: Column
    """Whether a record of `rows` is bad."""
    reasons: Column
    """Why: array<struct<rule, column, value>>."""
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
    rows = incoming_rows.select(*declared, *[column(name) for name in (IN, RAW, FILE, COLUMNS, DAMAGE)])
    if isinstance(part, Since | Within):
        rows = rows.filter(takes(part, _kind(rows, part.column)))
    reasons = reasons_of(spark, one, rows.select(*map(column, kinds)).schema, now)
    warnings = tuple(reason for reason in reasons if not reason.rejects)
    rows, bad, why = _judged(rows, tuple(reason for reason in reasons if reason.rejects))
    if conf.unique:
        rows, bad, why = _one_per_key(rows, conf.unique, bad, why)
    metrics = _metrics(bad, warnings)
    if isinstance(part, Since):
        metrics = (*metrics, highest(part, _kind(rows, part.column), ~bad).alias("high"))
    rows = _slim(rows, bad).persist() if one.cached else rows
    observation = None if one.cached else Observation()
    judged = rows.observe(observation, *metrics) if observation else rows
    valid = judged.filter(~bad).select(*[column(name) for name in kinds])
    names = tuple(reason.rule for reason in warnings)
    contracted = Contracted(one, rows, valid, headers, bad, why, names, observation, metrics)
    return replace(contracted, counts=contracted.count()) if one.cached else contracted


def _judged(rows: DataFrame, reasons: tuple[Reason, ...]) -> tuple[DataFrame, Column, Column]:
    """`rows` with their masks, whether one is bad, and why."""
    found = masks(reasons)
    names = tuple(_MASK.format(place) for place, _ in enumerate(found))
    rows = rows.select("*", *[mask.alias(name) for mask, name in zip(found, names, strict=True)])
    return rows, reduce(Column.__or__, [column(name) != 0 for name in names]), told(reasons, names)


def _one_per_key(
    rows: DataFrame, unique: OneRowPerKey, bad: Column, why: Column
) -> tuple[DataFrame, Column, Column]:
    """The same, where a good row is bad too if a later one has its key; ties go by the whole record."""
    keys = [column(name) for name in unique.keys]
    compared = reduce(Column.__and__, [key.isNotNull() for key in keys], ~bad)
    # rows that are not compared would all be one group
    apart = F.when(compared, F.lit(0)).otherwise(F.xxhash64(column(RAW), column(FILE)))
    latest = [column(name).desc_nulls_last() for name in unique.order_by]
    order = Window.partitionBy(*keys, apart).orderBy(*latest, column(RAW).desc(), column(FILE).desc())
    rows = rows.withColumn(_AGAIN, compared & (F.row_number().over(order) > 1))
    rule = f"unique ({', '.join(unique.keys)})"
    again = F.array(entry(F.lit(rule), None, F.to_json(F.struct(*keys))))
    return rows, bad | column(_AGAIN), F.when(column(_AGAIN), again).otherwise(why)


def _metrics(bad: Column, warnings: tuple[Reason, ...]) -> tuple[Column, ...]:
    whole = column(DAMAGE).isNull()
    warned = [
        F.count_if(whole & one.fails).alias(_WARNED.format(place)) for place, one in enumerate(warnings)
    ]
    return (F.count(F.lit(1)).alias("seen"), F.count_if(bad).alias("bad"), *warned)


def _slim(rows: DataFrame, bad: Column) -> DataFrame:
    """`rows` without what only a bad row needs, so that the cache holds the good ones once."""
    spare = (IN, RAW, FILE, COLUMNS, DAMAGE)
    return rows.select(
        *[F.when(bad, column(name)).alias(name) if name in spare else column(name) for name in rows.columns]
    )


def _typed(name: str, kind: str, conf: Source) -> Column:
    if name not in conf.columns:
        return incoming(name)
    return typed(raw_text(name, conf), kind, conf.columns[name])


def _kind(frame: DataFrame, name: str) -> str:
    return frame.schema[name].dataType.simpleString()


def _struct(incoming_rows: DataFrame) -> StructType:
    return cast("StructType", incoming_rows.schema[IN].dataType)
