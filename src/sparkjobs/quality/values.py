"""Text and other raw values become typed ones, or null where they do not mean one.

Spark's `try_cast` is lenient: it rounds decimals, cuts times off dates and puts `12:30` on today's
date. Here a value has its declared type only if nothing of it is changed.
"""

import re
from math import inf

from pyspark.sql import Column
from pyspark.sql import functions as F

from sparkjobs.config import Column as Declared

_DECIMAL = re.compile(r"decimal\((\d+),\s?(\d+)\)")
_DATE = r"^\s*\d{4,}-\d{2}-\d{2}\s*$"
_TIMESTAMP = r"^\s*\d{4,}-\d{2}-\d{2}"
_NUMBER = r"(?i)^\s*[-+]?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[-+]?[0-9]+)?|inf(inity)?|nan)\s*$"
_PLACES = r"\.([^eE\x00-\x20]*)"
_EXPONENT = r"[eE]([-+]?\d{1,3})\s*$"
_INFINITE = r"(?i)inf"
_BOOLEAN = r"(?i)^\s*(true|false)\s*$"
_TEMPORAL = ("date", "timestamp", "timestamp_ntz")


def typed(raw: Column, raw_type: str, declared: Declared) -> Column:
    """`raw` of Spark type `raw_type` as the declared type; null where it does not fit exactly."""
    target = declared.type.replace(" ", "")
    if raw_type == target:
        return raw
    if raw_type == "string":
        return _parsed(raw, target, declared.format)
    value = raw.try_cast(target)
    return F.when(value.try_cast(raw_type).eqNullSafe(raw), value)


def _parsed(text: Column, target: str, pattern: str | None) -> Column:
    if pattern:
        found = F.try_to_timestamp(text, F.lit(pattern))
        return found if target == "timestamp" else found.cast(target)
    if target == "date":
        return F.when(text.rlike(_DATE), text.try_cast(target))
    if target in _TEMPORAL:
        return F.when(text.rlike(_TIMESTAMP), text.try_cast(target))
    if target == "boolean":
        return F.when(text.rlike(_BOOLEAN), text.try_cast(target))
    if target in ("float", "double"):
        value = text.try_cast(target)
        overflown = (F.abs(value) == F.lit(inf)) & ~text.rlike(_INFINITE)
        return F.when(text.rlike(_NUMBER) & ~overflown, value)
    if decimal := _DECIMAL.fullmatch(target):
        return _decimal(text, int(decimal[1]), int(decimal[2]))
    return text.try_cast(target)


def _decimal(text: Column, digits: int, scale: int) -> Column:
    """A number of at most `scale` places behind its point: Spark would round others.

    Places are counted as they are written, but for zeros at the end, less the exponent; that has three digits
    at most, for Spark fails at some billions. Most texts are so short that there is nothing to count.
    """
    point = F.instr(text, ".")
    exponent = (F.instr(text, "e") > 0) | (F.instr(text, "E") > 0)
    short = ~exponent & ((point == 0) | (F.octet_length(text) - point <= scale))
    places = F.length(F.rtrim(F.regexp_extract(text, _PLACES, 1), F.lit("0")))
    shift = F.when(exponent, F.regexp_extract(text, _EXPONENT, 1).try_cast("int")).otherwise(0)
    return F.when(short | (places - shift <= scale), text.try_cast(f"decimal({digits},{scale})"))
