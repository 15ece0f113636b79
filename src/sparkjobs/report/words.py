"""How the page tells figures and values."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

_KILO: Final = 1000
_LEAST: Final = 0.01
"""The smallest percentage that is told in digits."""


def sample(recorded: Iterable[str]) -> tuple[list[str], list[list[str | None]]]:
    """The columns and rows of a sample, each value as it was recorded; what is no JSON object as it is."""
    rows = [_row(text) for text in recorded]
    names = list(dict.fromkeys(name for row in rows for name in row))
    return names, [[row.get(name) for name in names] for row in rows]


def _row(text: str) -> dict[str, str | None]:
    try:
        digits = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
        plain = json.loads(text)
    except ValueError:  # a secret was struck out of it
        return {"row": text}
    if not isinstance(digits, dict):
        return {"row": text}
    return {
        name: value
        if value is None or isinstance(value, str)
        else json.dumps(plain[name], ensure_ascii=False)
        for name, value in digits.items()
    }


def number(count: int | None) -> str:
    """A count; nothing where there is none."""
    return "" if count is None else f"{count:,}"


def bound(value: int | str | None) -> str:
    """The least or greatest value of a column."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int():
            return f"{value:,}"
    return value


def kind(told: str) -> str:
    """A type, of a nested one only what it is."""
    return str(json.loads(told)["type"]) if told.startswith("{") else told


def size(count: int) -> str:
    """Bytes, in the unit that tells them in three digits."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < _KILO:
            return f"{value:,.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"
        value /= _KILO
    return f"{value:,.1f} TB"


def span(seconds: float) -> str:
    """How long something took."""
    return str(timedelta(seconds=round(seconds))) if seconds >= 60 else f"{seconds:.1f} s"  # noqa: PLR2004


def share(part: int, whole: int) -> str:
    """A percentage that is 0 or 100 only where it is exactly so."""
    if part in (0, whole):
        return "0 %" if part == 0 else "100 %"
    share = 100 * part / whole
    if share < _LEAST:
        return f"< {_LEAST} %"
    return f"> {100 - _LEAST} %" if share > 100 - _LEAST else f"{share:.2f} %"
