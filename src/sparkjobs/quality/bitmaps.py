"""Proof that keys of whole numbers are unique: a bit per possible key, as many bits set as there are keys.

Where the footers' bounds leave few possible keys, this is a third of the cost of grouping the keys: bitmaps
are shuffled instead of rows. It proves, and never disproves: how many rows share a key, it cannot tell.
"""

from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from sparkjobs.results import Staged
from sparkjobs.sql import column

_SPARSE: Final = 64
"""Possible keys per row from which grouping is cheaper."""
_MOST: Final = 2**30
"""Possible keys, of which one bit each is held in memory: 128 MiB."""


def all_differ(rows: DataFrame, staged: Staged, columns: tuple[str, ...]) -> int | None:
    """How many of the staged `rows` have a value in each of `columns`, if no two agree in them; else None.

    None too where that cannot be told in this way.
    """
    key = _numbered(staged, columns)
    if key is None:
        return None
    bits = F.bitmap_construct_agg(F.bitmap_bit_position(F.col("key"))).alias("bits")
    buckets = (
        rows.select(key.alias("key"))
        .filter(F.col("key").isNotNull())
        .groupBy(F.bitmap_bucket_number(F.col("key")))
        .agg(bits, F.count(F.lit(1)).alias("rows"))
    )
    found = buckets.agg(F.sum(F.bitmap_count("bits")).alias("keys"), F.sum("rows").alias("rows")).first()
    keys, count = (found["keys"] or 0, found["rows"] or 0) if found else (0, 0)
    return count if keys == count else None


def _numbered(staged: Staged, columns: tuple[str, ...]) -> Column | None:
    """Each possible key as a number from one on; None where there are too many, or bounds are not known."""
    facts = dict(staged.columns)
    number, possible = F.lit(1).cast("bigint"), 1
    for name in columns:
        one = facts.get(name)
        if one is None or type(one.low) is not int or type(one.high) is not int:
            return None
        number = number + (column(name).cast("bigint") - one.low) * possible
        possible *= one.high - one.low + 1
        if possible > min(_SPARSE * staged.rows, _MOST):
            return None
    return number
