"""The rows that an increment takes of a table: counted where they are read, and how far they reach."""

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from sparkjobs import jvm
from sparkjobs.cursor import highest, takes, unordered
from sparkjobs.errors import InputError, NullKeyError
from sparkjobs.plan import Part, Since, Within
from sparkjobs.results import Ledger
from sparkjobs.sql import column


@dataclass(frozen=True, slots=True)
class Counted:
    """A part of a table."""

    rows: DataFrame
    """What the job's function gets; where `observation` is set, reading it counts."""
    uncounted: DataFrame
    observation: Observation | None
    metrics: tuple[Column, ...]
    part: Part | None


def counted(name: str, frame: DataFrame, part: Part | None, *, cached: bool) -> Counted:
    """The rows of `frame` that `part` takes. A cached frame is counted from its cache.

    Raises:
        InputError: the cursor is no column, or of no type that has an order.
    """
    metrics = [F.count(F.lit(1)).alias("seen")]
    if isinstance(part, Since | Within):
        kind = _kind(name, frame, part)
        frame = frame.filter(takes(part, kind))
        metrics.append(F.count_if(column(part.column).isNull()).alias("nulls"))
        if isinstance(part, Since):
            metrics.append(highest(part, kind).alias("high"))
    if cached:
        frame = frame.persist()
        return Counted(frame, frame, None, tuple(metrics), part)
    observation = Observation()
    return Counted(frame.observe(observation, *metrics), frame, observation, tuple(metrics), part)


def tally(
    spark: SparkSession, run_id: str, job: str, name: str, table: Counted, *, read_once: bool
) -> Ledger:
    """The ledger of a part of a table.

    Raises:
        NullKeyError: a row lies in no interval, because its cursor is null.
    """
    found = None
    if table.observation is not None and read_once and not jvm.retried(spark, run_id, job):
        found = jvm.observed(spark, table.observation)
    if found is None or found["seen"] == 0:  # a join with nothing may have read nothing
        row = table.uncounted.agg(*table.metrics).first()
        found = row.asDict() if row else {"seen": 0}
    if isinstance(table.part, Within) and found["nulls"]:
        raise NullKeyError(job, f"{table.part.column} of {name}", found["nulls"])
    high = found.get("high")
    return Ledger(name, found["seen"], found["seen"], 0, None if high is None else str(high))


def _kind(name: str, frame: DataFrame, part: Since | Within) -> str:
    if part.column not in frame.columns:
        raise InputError(name, (f"it has no column {part.column!r}",), "Mend `incremental:` of the job.")
    kind = frame.schema[part.column].dataType.simpleString()
    if why := unordered(part, kind):
        raise InputError(name, (why,), "Mend `incremental:` of the job.")
    return kind
