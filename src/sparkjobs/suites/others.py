"""The other table of a check of theirs, as the input that it would be of the job."""

import re
from typing import Final

from sparkjobs.config.node import Plain
from sparkjobs.suites.model import NoEqualError, OtherTable, Ours

_INPUT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_BRACES: Final = re.compile(r"\{\{(.*)\}\}", re.DOTALL)
_REF: Final = re.compile(r"""ref\s*\(\s*(['"])([^'"]*)\1\s*\)""")
_SOURCE: Final = re.compile(r"""source\s*\(\s*(['"])([^'"]*)\1\s*,\s*(['"])([^'"]*)\3\s*\)""")
_SHOWN: Final = 60


def of_model(name: str) -> OtherTable:
    """A model of dbt's: here the job of its name."""
    return OtherTable(name, "ref", f"ref('{name}')")


def called(text: Plain) -> OtherTable:
    """The table that a call of dbt's stands for, with or without the braces of a template."""
    call = _text(text).strip()
    if braces := _BRACES.fullmatch(call):
        call = braces[1].strip()
    if found := _REF.fullmatch(call):
        return of_model(_input(found[2]))
    if found := _SOURCE.fullmatch(call):
        return OtherTable(_input(found[4]), "source", f"source('{found[2]}', '{found[4]}')")
    raise NoEqualError(f"{call[:_SHOWN]!r} is not ref('x') or source('x', 'y')")


def in_catalog(text: Plain) -> OtherTable:
    """A table by its name in a catalog, which does not tell whether a job writes it."""
    name = _text(text)
    return _unsure(_input(name.rpartition(".")[2]), name)


def frame(text: Plain) -> OtherTable:
    """A frame that their program hands over under a name."""
    return _unsure(_input(_text(text)), f"the DataFrame {text}")


def foreign_key(
    columns: tuple[str, ...], other: OtherTable, key: tuple[str, ...], *, absent: bool = False
) -> Ours:
    """A key that is looked for, column by column, in another table."""
    if len(columns) != len(key):
        raise NoEqualError(f"{len(columns)} columns cannot be looked for in {len(key)}")
    arguments: dict[str, Plain] = {"columns": columns, "input": other.name, "key": key}
    return Ours("foreign_key", arguments | ({"absent": True} if absent else {}), other)


def equal_row_count(other: OtherTable) -> Ours:
    """As many rows as another table has."""
    return Ours("equal_row_count", {"input": other.name}, other)


def _unsure(name: str, theirs: str) -> OtherTable:
    return OtherTable(name, "ref", theirs, f"{theirs}: `source: {name}` if no job writes it")


def _text(value: Plain) -> str:
    if not isinstance(value, str):
        raise NoEqualError("no table is named")
    return value


def _input(name: str) -> str:
    if not _INPUT.fullmatch(name):
        raise NoEqualError(f"{name[:_SHOWN]!r} cannot be the name of an input")
    return name
