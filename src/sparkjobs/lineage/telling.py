"""Lineage as people read it in a terminal."""

from collections.abc import Iterable, Iterator, Sequence

from sparkjobs.lineage.follow import Place, Reached, Way
from sparkjobs.lineage.model import Lineage, Origin, Table

_SIGNS = {"up": "is made of", "down": "leads to"}


def tables_told(lineage: Lineage) -> str:
    """A line per table: what it is, and what it reads."""
    names = [plain(table.node.name) for table in lineage.tables]
    reads = [", ".join(plain(one.name) for one in table.reads) for table in lineage.tables]
    kinds = [table.node.kind for table in lineage.tables]
    arrows = [f"← {one}" if one else "" for one in reads]
    return _aligned(zip(names, kinds, arrows, strict=True))


def columns_told(lineage: Lineage) -> str:
    """A part per table: its columns, `=` what they hand on, `←` what they are made of; then of its rows."""
    return "\n".join(_part(table) for table in lineage.tables)


def reached_told(start: Place, way: Way, found: Sequence[Reached]) -> str:
    """What following the column `start` has led to, with the number of steps to it."""
    if not found:
        return f"{_placed(start)} {_SIGNS[way]} nothing that is known\n"
    rows = [(str(one.steps), _placed(one.place), one.how if one.place.column else "rows") for one in found]
    return f"{_placed(start)} {_SIGNS[way]}\n" + _aligned((f"  {a}", b, c) for a, b, c in rows)


def plain(text: str) -> str:
    """`text` without what would move a terminal's cursor or colour it."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _part(table: Table) -> str:
    head = f"{plain(table.node.name)}  {table.node.kind}\n"
    if table.unknown:
        head += f"  not known: {plain(table.unknown)}\n"
    lines = [(f"  {plain(one.name)}", one.type, _made(one.origins)) for one in table.columns]
    if table.rows:
        lines.append(("  (rows)", "", _made(table.rows)))
    return head + _aligned(lines)


def _made(origins: Iterable[Origin]) -> str:
    same = [_of(one) for one in origins if one.how == "same"]
    made = [_of(one) for one in origins if one.how == "made"]
    parts = [f"{sign} {', '.join(of)}" for sign, of in (("=", same), ("←", made)) if of]
    return "  ".join(parts)


def _of(origin: Origin) -> str:
    return _placed(Place(origin.node, origin.column))


def _placed(place: Place) -> str:
    return (
        f"{plain(place.node.name)}.{plain(place.column)}"
        if place.column
        else f"{plain(place.node.name)} (rows)"
    )


def _aligned(lines: Iterable[tuple[str, ...]]) -> str:
    """Cells below each other; none is cut."""
    cells = list(lines)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "".join(f"{'  '.join(_padded(line, widths)).rstrip()}\n" for line in cells)


def _padded(line: tuple[str, ...], widths: list[int]) -> Iterator[str]:
    return (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
