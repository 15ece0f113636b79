"""What a pass over rows tells of each column beyond the footers: estimates, from sketches that can be merged.

The sketches are those of Apache DataSketches that Spark makes: HyperLogLog for distinct values, KLL for
quantiles, frequent items for the most common values.
"""

from base64 import b64encode
from math import isfinite
from typing import Any, Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import AtomicType, BinaryType, NumericType, StructField, VariantType

from sparkjobs.results import Estimates
from sparkjobs.sql import column

RANKS: Final = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
"""The quantiles that are told: the least, the greatest, and those between."""
_MOST: Final = 20
"""Common values that are told."""
_TRACKED: Final = 16_384
"""Values that the sketch of common ones follows; up to three quarters as many are counted exactly."""
_COUNTED: Final = 11_000
"""Estimated values up to which common ones are told: of more, their counts could be guesses. An estimate
that is off by seven hundredths is still within what is counted exactly."""
_MAX_TEXT: Final = 64
"""Longer values are left out; a record is no place for them."""


def estimated(rows: DataFrame) -> dict[str, Estimates]:
    """Distinct values, quantiles and common values of each column of single values, in one Spark job."""
    fields = [field for field in rows.schema if _single(field)]
    if not fields:
        return {}
    sketches = rows.agg(*[one for place, field in enumerate(fields) for one in _sketches(place, field)])
    told = sketches.select(
        *[one for place, field in enumerate(fields) for one in _told(place, field)]
    ).first()
    found = told.asDict() if told else {}
    return {field.name: _estimates(found, place) for place, field in enumerate(fields)}


def _single(field: StructField) -> bool:
    kind = field.dataType
    return isinstance(kind, AtomicType) and not isinstance(kind, BinaryType | VariantType)


def _sketches(place: int, field: StructField) -> list[Column]:
    value = column(field.name)
    text = value.cast("string")
    common = F.call_function("approx_top_k_accumulate", text, F.lit(_TRACKED))
    marked = F.concat(F.lit("="), text)  # an empty text is a value, which the sketch would leave out
    made = [F.hll_sketch_agg(marked).alias(f"distinct_{place}"), common.alias(f"common_{place}")]
    if isinstance(field.dataType, NumericType):
        made.append(F.kll_sketch_agg_double(value.cast("double")).alias(f"quantiles_{place}"))
    return made


def _told(place: int, field: StructField) -> list[Column]:
    distinct, common = F.col(f"distinct_{place}"), F.col(f"common_{place}")
    estimate = F.call_function("approx_top_k_estimate", common, F.lit(_MOST))
    told = [
        F.hll_sketch_estimate(distinct).alias(f"count_{place}"),
        distinct,
        estimate.alias(f"most_{place}"),
    ]
    if isinstance(field.dataType, NumericType):
        sketch = F.col(f"quantiles_{place}")
        ranks = F.array(*map(F.lit, RANKS))
        # an empty sketch has no quantiles: to ask for them is an error
        known = F.when(F.kll_sketch_get_n_double(sketch) > 0, F.kll_sketch_get_quantile_double(sketch, ranks))
        told += [sketch, known.alias(f"at_{place}")]
    return told


def _estimates(found: dict[str, Any], place: int) -> Estimates:
    exact = found[f"count_{place}"] <= _COUNTED
    most = tuple((one["item"], one["count"]) for one in found[f"most_{place}"] if exact)
    sketches = {name: found.get(f"{name}_{place}") for name in ("distinct", "quantiles")}
    return Estimates(
        distinct=found[f"count_{place}"],
        quantiles=tuple(one if isfinite(one) else None for one in found.get(f"at_{place}") or ()),
        common=tuple((item, count) for item, count in most if item is None or len(item) <= _MAX_TEXT),
        sketches=tuple((name, b64encode(one).decode()) for name, one in sketches.items() if one is not None),
    )
