"""What a column could be declared as, by the texts of a sample of its values."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from sparkjobs.config.node import Plain

_WHOLE: Final = re.compile(r"0|-?[1-9][0-9]*")
_POINT: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.([0-9]+))?")
_FLOAT: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[-+][0-9]{2}:[0-9]{2})?"
)
_DIGITS: Final = (18, 38)
"""The precisions of a decimal: what it needs, and room for more."""
_MAX_SCALE: Final = 6
_FEW: Final = 10
"""Distinct texts that could be all there ever are."""
_OFTEN: Final = 5
"""How often each of them is to be there on the average."""

Texts = Sequence[str | None]


def declared(values: Texts) -> Plain:
    """The declaration of a column with `values`, None for null: its type, and what holds for all of them."""
    return with_checks(type_of([one for one in values if one is not None]), values)


def with_checks(kind: str, values: Texts) -> Plain:
    """The same, where the type is known."""
    there = [one for one in values if one is not None]
    found: dict[str, Plain] = {"type": kind}
    if values and len(there) == len(values):
        found["not_null"] = True
    distinct = sorted(set(there))
    few = 1 < len(distinct) <= _FEW and len(there) >= _OFTEN * len(distinct)
    if kind == "string" and few and not any("${" in one for one in distinct):
        found["accepted_values"] = tuple(distinct)
    return found if len(found) > 1 else kind


def type_of(texts: Sequence[str]) -> str:
    """The narrowest type in which none of `texts` would be changed; of none, and of doubtful ones, string."""
    if not texts:
        return "string"
    if all(one.lower() in ("true", "false") for one in texts):
        return "boolean"
    if all(map(_WHOLE.fullmatch, texts)):
        return _whole(texts)
    if all(map(_FLOAT.fullmatch, texts)):
        return _fixed(texts) or "double"
    if all(_DATE.fullmatch(one) and _is(date, one) for one in texts):
        return "date"
    if all(_TIME.fullmatch(one) and _is(datetime, one) for one in texts):
        return "timestamp"
    return "string"


def _whole(texts: Sequence[str]) -> str:
    for kind, bits in (("int", 31), ("bigint", 63)):
        if all(len(one) <= _DIGITS[1] and -(1 << bits) <= int(one) < 1 << bits for one in texts):
            return kind
    return f"decimal({_DIGITS[1]},0)" if max(map(len, texts)) <= _DIGITS[1] else "string"


def _fixed(texts: Sequence[str]) -> str | None:
    """The decimal type of texts that have all the same digits after the point, or none, as money has."""
    points = [_POINT.fullmatch(one) for one in texts]
    if not all(points):
        return None
    scales = {len(one[1]) for one in points if one and one[1]}
    scale = scales.pop()
    digits = max(len(one.partition(".")[0].lstrip("-")) for one in texts) + scale
    if scales or scale > _MAX_SCALE:
        return None
    precision = next((most for most in _DIGITS if digits <= most), None)
    return f"decimal({precision},{scale})" if precision else None


def _is(kind: type[date], text: str) -> bool:
    try:
        kind.fromisoformat(text)
    except ValueError:
        return False
    return True
