"""The grammar of selectors, dbt's: text becomes terms. What they name is not looked up here.

`[@][N+][method:]value[+N]`; a comma for and, a space for or.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sparkjobs.errors import SelectorError

_TERM = re.compile(
    r"(?P<around>@)?(?P<up>[0-9]{0,9}\+)?((?P<method>[^:+@]+):)?(?P<value>[^+@][^+]*?)(?P<down>\+[0-9]{0,9})?"
)

EVERY: Final = 10**9
"""Steps: as far as the graph goes."""


@dataclass(frozen=True, slots=True)
class Term:
    """Jobs by one method and value, and how many steps to go from there."""

    method: str
    value: str
    up: int = 0
    down: int = 0
    around: bool = False
    """Whether all that is downstream is taken, with everything that this needs."""

    def __str__(self) -> str:
        return self.value if self.method == "name" else f"{self.method}:{self.value}"


def parsed(texts: Iterable[str]) -> tuple[tuple[Term, ...], ...]:
    """The alternatives in `texts`; the terms of one must hold together.

    Raises:
        SelectorError: one of them is no term.
    """
    return tuple(tuple(map(_term, word.split(","))) for text in texts for word in text.split())


def _term(text: str) -> Term:
    match = _TERM.fullmatch(text)
    if match is None:
        example = "For example: stg_flights+ or tag:daily,+route_delays"
        raise SelectorError(f"{text!r} is not a selector.", example)
    if match["around"] and (match["up"] or match["down"]):
        bare = text.strip("@+0123456789")
        raise SelectorError(f"{text!r} is not a selector.", f"'@{bare}' has all that + would add.")
    up, down = _steps(match["up"]), _steps(match["down"])
    return Term(match["method"] or "name", match["value"], up, down, around=bool(match["around"]))


def _steps(operator: str | None) -> int:
    if operator is None:
        return 0
    number = operator.strip("+")
    return int(number) if number else EVERY
