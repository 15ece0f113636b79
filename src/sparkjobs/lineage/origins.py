"""Origins while they are looked for: columns of inputs, and whether values are handed on."""

from collections.abc import Iterable, Mapping
from typing import Literal

Origins = Mapping[tuple[str, str], Literal["same", "made"]]
"""By the name of an input and its column."""


def together(parts: Iterable[Origins]) -> Origins:
    """All of `parts`; a column of which one of them makes something counts as made."""
    found: dict[tuple[str, str], Literal["same", "made"]] = {}
    for part in parts:
        for column, how in part.items():
            if found.get(column) != "made":
                found[column] = how
    return found


def made(origins: Origins) -> Origins:
    """`origins` after something was made of them."""
    return dict.fromkeys(origins, "made")
