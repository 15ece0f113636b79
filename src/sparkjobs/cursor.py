"""Cursors: the column by which an increment is found, as conditions and as a high-water mark.

Marks are texts as Spark casts them in UTC, so any ordered type has one: 0, the epoch and the hour that
a clock was set back are values like all others. A null is no value: it is taken in every run.
"""

from datetime import datetime, timedelta
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from sparkjobs.config.incremental import span_of
from sparkjobs.plan import Since, Within
from sparkjobs.sql import column

_TIMES = frozenset({"date", "timestamp", "timestamp_ntz"})
_ORDERED = _TIMES | {"tinyint", "smallint", "int", "bigint", "string"}


def unordered(part: Since | Within, kind: str) -> str | None:
    """Why a column of `kind` cannot be the cursor of `part`; None when it can."""
    if kind in _TIMES or (isinstance(part, Since) and (kind in _ORDERED or kind.startswith("decimal"))):
        return None
    return f"its column {part.column!r} is {kind}, by which rows cannot be put in order"


def takes(part: Since | Within, kind: str) -> Column:
    """Whether `part` takes a row, whose cursor is of type `kind`."""
    value = column(part.column)
    if isinstance(part, Within):
        spans = [(_at(one.start, kind), _at(one.end, kind)) for one in part.intervals]
        inside = [(value >= start) & (value < end) for start, end in spans]
        return reduce(Column.__or__, inside, value.isNull())
    if part.mark is None:
        return F.lit(True)  # noqa: FBT003 (a SQL literal)
    return value.isNull() | (value >= _low(part, kind, part.mark))


def highest(part: Since, kind: str, good: Column | None = None) -> Column:
    """An aggregate over `good` rows: the new mark."""
    value = column(part.column)
    found = F.max(value if good is None else F.when(good, value))
    if kind in _TIMES:
        found = F.when(found.isNotNull(), F.least(found, _at(part.until, kind)))
    if part.mark is not None:
        found = F.greatest(found, F.lit(part.mark).cast(kind))
    return found.cast("string")


def _low(part: Since, kind: str, mark: str) -> Column:
    low = F.lit(mark).cast(kind)
    back = span_of(part.lookback) if part.lookback else 0
    if isinstance(back, timedelta):
        seconds = int(back.total_seconds())
        return (low.cast("timestamp_ntz") - F.expr(f"INTERVAL {seconds} SECOND")).cast(kind)
    return low - F.lit(back).cast(kind) if back else low


def _at(instant: datetime, kind: str) -> Column:
    return F.lit(f"{instant:%Y-%m-%d %H:%M:%S}").cast(kind)
