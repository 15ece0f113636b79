"""The contract: rows become typed, good ones go on, bad ones are known by their reasons.

Counts come from one observation above the scan, or from the cache where the input is cached; an
observation that a retried stage has doubled, or that never ran, is counted again.
"""

from dataclasses import dataclass
from typing import cast

from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from sparkjobs.config import Source
from sparkjobs.cursor import highest, takes
from sparkjobs.plan import Part, Since, Within
from sparkjobs.quality.reasons import Reason, masks, raw_text, reasons_of
from sparkjobs.quality.values import typed
from sparkjobs.sql import DAMAGE, FILE, IN, RAW, column, incoming

_MASK = "_sparkjobs_mask_{}"


@dataclass(frozen=True, slots=True)
class Counts:
    """Records of an input: `seen` with header lines, `bad` with header lines too."""

    seen: int
    bad: int
    high: str | None = None
    """The new high-water mark, where the input is read by column."""


@dataclass(frozen=True, slots=True)
class Contracted:
    """An input under its contract."""

    source: str
    conf: Source
    rows: DataFrame
    """Every record: typed columns, IN, RAW, FILE, DAMAGE and the masks."""
    valid: DataFrame
    """The typed columns of the good rows: what the job's function gets."""
    headers: int
    reasons: tuple[Reason, ...]
    mask_columns: tuple[str, ...]
    observation: Observation | None
    counts: Counts | None
    """Known beforehand where the input is cached."""
    metrics: tuple[Column, ...]
    """What is counted: seen, bad, and high where the input is read by column."""


def apply(
    spark: SparkSession,
    source: str,
    conf: Source,
    incoming_rows: DataFrame,
    headers: int,
    part: Part | None = None,
    *,
    cached: bool,
) -> Contracted:
    """Put the rows of `source` under its contract. `cached` reads, judges and counts them now.

    Raises:
        ValueError: a rule is not a condition on one row.
    """
    kinds = {field.name: field.dataType.simpleString() for field in _struct(incoming_rows)}
    declared = [_typed(name, kinds[name], conf).alias(name) for name in kinds]
    reasons = reasons_of(spark, conf)
    mask_columns = tuple(_MASK.format(place) for place, _ in enumerate(masks(reasons)))
    travelling = [column(name) for name in (IN, RAW, FILE, DAMAGE)]
    rows = incoming_rows.select(*declared, *travelling)
    if isinstance(part, Since | Within):
        rows = rows.filter(takes(part, kinds_of(rows)[part.column]))
    rows = rows.select(
        "*", *[mask.alias(name) for mask, name in zip(masks(reasons), mask_columns, strict=True)]
    )
    bad = is_bad(mask_columns)
    observation, counts, judged = None, None, rows
    metrics = _metrics(rows, bad, part)
    if cached:
        rows = judged = _slim(rows, bad).persist()
        counts = count(rows, metrics)
    else:
        observation = Observation()
        judged = rows.observe(observation, *metrics)
    valid = judged.filter(~bad).select(*[column(name) for name in kinds])
    return Contracted(source, conf, rows, valid, headers, reasons, mask_columns, observation, counts, metrics)


def _metrics(rows: DataFrame, bad: Column, part: Part | None) -> tuple[Column, ...]:
    counts = (F.count(F.lit(1)).alias("seen"), F.count_if(bad).alias("bad"))
    if not isinstance(part, Since):
        return counts
    return (*counts, highest(part, kinds_of(rows)[part.column], ~bad).alias("high"))


def _slim(rows: DataFrame, bad: Column) -> DataFrame:
    """`rows` without what only a bad row needs, so that the cache holds the good ones once."""
    spare = (IN, RAW, FILE, DAMAGE)
    return rows.select(
        *[F.when(bad, column(name)).alias(name) if name in spare else column(name) for name in rows.columns]
    )


def is_bad(mask_columns: tuple[str, ...]) -> Column:
    """Whether any bit is set."""
    bad = column(mask_columns[0]) != 0
    for name in mask_columns[1:]:
        bad = bad | (column(name) != 0)
    return bad


def _typed(name: str, kind: str, conf: Source) -> Column:
    if name not in conf.columns:
        return incoming(name)
    return typed(raw_text(name, conf), kind, conf.columns[name])


def count(rows: DataFrame, metrics: tuple[Column, ...]) -> Counts:
    """Count in a pass of its own."""
    return Counts(*(rows.agg(*metrics).first() or (0, 0)))


def kinds_of(frame: DataFrame) -> dict[str, str]:
    """The type of each column."""
    return {field.name: field.dataType.simpleString() for field in frame.schema}


def _struct(incoming_rows: DataFrame) -> StructType:
    return cast("StructType", incoming_rows.schema[IN].dataType)
