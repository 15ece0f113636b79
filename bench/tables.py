"""Tables in Markdown."""

from collections.abc import Iterable


def markdown(head: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    """A table of `lines` under `head`."""
    told = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    return f"| {' | '.join(head)} |\n{'|---' * len(head)}|\n{told}"
