"""The rows that an increment takes of a table: counted where they are read, and how far they reach."""

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from sparkjobs.cursor import highest, takes, unordered
from sparkjobs.errors import InputError, NullKeyError
from sparkjobs.jvm import metered
from sparkjobs.plan import Part, Since, Within
from sparkjobs.quality.counting import Counting, counted_by, observed
from sparkjobs.results import Ledger
from sparkjobs.sql import column


@dataclass(frozen=True, slots=True)
class Counted:
    """A part of a table."""

    rows: DataFrame
    """What the job's function gets; where `counting` is set, reading it counts."""
    uncounted: DataFrame
    counting: Counting | None
    extras: tuple[Column, ...]
    """What is asked beside how many rows there are."""
    part: Part | None


def counted(name: str, frame: DataFrame, part: Part | None, *, cached: bool) -> Counted:
    """The rows of `frame` that `part` takes. A cached frame is counted from its cache.

    Raises:
        InputError: the cursor is no column, or of no type that has an order.
    """
    extras: tuple[Column, ...] = ()
    if isinstance(part, Since | Within):
        kind = _kind(name, frame, part)
        frame = frame.filter(takes(part, kind))
        extras = (F.count_if(column(part.column).isNull()).alias("nulls"),)
        if isinstance(part, Since):
            extras = (*extras, highest(part, kind).alias("high"))
    if cached:
        frame = frame.persist()
        return Counted(frame, frame, None, extras, part)
    rows, seen = metered(frame)
    rows, observation = observed(rows, extras)
    return Counted(rows, frame, Counting({"seen": seen}, observation), extras, part)


def tally(
    spark: SparkSession, run_id: str, job: str, name: str, table: Counted, *, read_whole: bool
) -> Ledger:
    """The ledger of a part of a table.

    Raises:
        NullKeyError: a row lies in no interval, because its cursor is null.
    """
    found = None
    if table.counting is not None and read_whole:
        found = counted_by(table.counting, spark, run_id, job)
    if found is None:
        row = table.uncounted.agg(F.count(F.lit(1)).alias("seen"), *table.extras).first()
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
