"""What two sets of rows do not have in common, as people read it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

Row = Mapping[str, object]

_SHOWN = 5
_COMPARED = 50
"""Rows of each kind among which those are looked for that are meant to be one."""
_CELL, _LINE = 60, 300


def difference(expected: Sequence[Row], actual: Sequence[Row]) -> str | None:
    """How `actual` differs from `expected`, rows in any order; None where it does not.

    All rows have the same columns.
    """
    missing, unexpected = list(expected), []
    for row in actual:
        if row in missing:
            missing.remove(row)
        else:
            unexpected.append(row)
    if not (missing or unexpected):
        return None
    pairs = _pairs(missing, unexpected)
    paired = [id(row) for pair in pairs for row in pair]
    lacks = [row for row in missing if id(row) not in paired]
    more = [row for row in unexpected if id(row) not in paired]
    sections = (
        ("differs", [_cells(*pair) for pair in pairs]),
        ("missing", [shown(row) for row in lacks]),
        ("unexpected", [shown(row) for row in more]),
    )
    counts = ", ".join(f"{len(told)} {what}" for what, told in sections if told)
    lines = [f"rows expected: {len(expected):,}, found: {len(actual):,}; {counts}"]
    for what, told in sections:
        lines += [f"  {what:<11} {line}" for line in told[:_SHOWN]]
        lines += [f"  {'':<11} and {len(told) - _SHOWN:,} more"] if len(told) > _SHOWN else []
    return "\n".join(lines)


def shown(row: Row) -> str:
    """A row in YAML's own words, bounded."""
    return _bounded("{" + ", ".join(f"{name}: {_cell(value)}" for name, value in row.items()) + "}", _LINE)


def _pairs(missing: Sequence[Row], unexpected: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Rows that are likely to be meant as one, for at least half of their cells are equal; likest first."""
    candidates = sorted(
        (
            (-sum(wanted[name] == found[name] for name in wanted), at, other)
            for at, wanted in enumerate(missing[:_COMPARED])
            for other, found in enumerate(unexpected[:_COMPARED])
        ),
    )
    pairs: list[tuple[Row, Row]] = []
    left, right = set(), set()
    for score, at, other in candidates:
        if -score * 2 >= len(missing[at]) and at not in left and other not in right:
            left.add(at)
            right.add(other)
            pairs.append((missing[at], unexpected[other]))
    return pairs


def _cells(wanted: Row, found: Row) -> str:
    same = {name: value for name, value in wanted.items() if found[name] == value}
    cells = [
        f"{name}: {_cell(found[name])}, expected {_cell(value)}"
        for name, value in wanted.items()
        if name not in same
    ]
    return _bounded(f"{shown(same)}  {'; '.join(cells)}", 2 * _LINE)


def _cell(value: object) -> str:
    match value:
        case None:
            text = "null"
        case bool():
            text = str(value).lower()
        case Mapping():
            text = shown(value)
        case list():
            text = f"[{', '.join(map(_cell, value))}]"
        case int() | Decimal():
            text = str(value)
        case _:
            text = str(value).replace(".000000Z", "Z")
    return _bounded("".join(one if one.isprintable() else repr(one)[1:-1] for one in text), _CELL)


def _bounded(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
