"""What a docstring tells beside its sentences: `Grain:`, and of inputs and columns under `In:` and `Out:`."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

_LABEL: Final = re.compile(r"(?:^|(?<=\s))(Grain|In|Out):\s+")
_ENTRY: Final = re.compile(r"([\w*]+): (.+)", re.DOTALL)
_NEXT: Final = re.compile(r";\s+|\.?\n\s*(?=[\w*]+: )|\.\s+(?=[\w*]+: )")


@dataclass(frozen=True, slots=True)
class Told:
    """A docstring in its parts."""

    paragraphs: tuple[str, ...] = ()
    grain: str = ""
    inputs: tuple[tuple[str, str], ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    """Names, in which * stands for any letters, and what is said of them."""

    def of_column(self, name: str) -> str:
        """What is said of the column `name`."""
        return next((text for pattern, text in self.columns if fnmatchcase(name, pattern)), "")

    def of_input(self, name: str) -> str:
        """What is said of the input `name`."""
        return dict(self.inputs).get(name, "")


def parsed(text: str) -> Told:
    """The parts of a docstring, or of the comment at the head of a query."""
    first, *rest = _LABEL.split(text.strip())
    sections = dict(zip(rest[::2], rest[1::2], strict=True))
    inputs, of_inputs = _entries(sections.get("In", ""))
    columns, of_columns = _entries(sections.get("Out", ""))
    paragraphs = (*re.split(r"\n\s*\n", first), *of_inputs, *of_columns)
    return Told(
        tuple(one for one in map(_flat, paragraphs) if one),
        _flat(sections.get("Grain", "")).rstrip(".").removeprefix("(").removesuffix(")"),
        inputs,
        columns,
    )


def comment_of(sql: str) -> str:
    """The comment at the head of a query; empty where there is none."""
    found = re.match(r"\s*((?:--[^\n]*\n\s*?)+)", sql + "\n")
    return "\n".join(line.strip().lstrip("-").strip() for line in found[1].splitlines()) if found else ""


def _entries(section: str) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """`name: text` for each name, and what is said of no single one."""
    named: list[tuple[str, str]] = []
    remarks: list[str] = []
    for part in _NEXT.split(section.strip()):
        if found := _ENTRY.fullmatch(part):
            named.append((found[1], _flat(found[2]).rstrip(".")))
        else:
            remarks.append(_sentence(_flat(part)))
    return tuple(named), tuple(remarks)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "." if text else ""


def _flat(text: str) -> str:
    return " ".join(text.split())
