"""Checks as the YAML that is pasted under `checks:`; none is written that was not read back and fitted."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sparkjobs.config.checks import check_of
from sparkjobs.config.mistakes import one_line
from sparkjobs.config.node import MistakeError, Plain, parse, plain, scalar
from sparkjobs.plan.checks import PlannedCheck, UnfitCheckError, fitted
from sparkjobs.registry import CheckFunction
from sparkjobs.sql import refused_word
from sparkjobs.suites.model import Asked, Block, NoEqualError, Ours, Table

Functions = Mapping[str, CheckFunction]

_INDENT: Final = "  "
_SHOWN: Final = 200
"""Characters of their arguments, or of a reason, that a comment repeats."""
_BYTE: Final = 0x100
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Written:
    """The YAML of a file's checks, and how much of the file it says."""

    text: str
    imported: int
    asked: int

    @property
    def summary(self) -> str:
        """The same in one line."""
        left = self.asked - self.imported
        rest = f"; {left} {'has' if left == 1 else 'have'} no equal" if left else ""
        return f"{self.imported} of {self.asked} checks imported{rest}"


def written(origin: str, blocks: Iterable[Block], table: Table, functions: Functions) -> Written:
    """What `blocks` ask, as checks of `functions`; the rest as comments at the place where it stood."""
    lines, imported, asked = [f"# from {origin}"], 0, 0
    for block in blocks:
        lines.append(f"# {_bounded(block.title)}")
        filled = _filled(block, table, functions)
        for entry in block.entries:
            asked += 1
            try:
                lines += [f"- {one}" for one in _entry(entry, table, filled, functions)]
                imported += 1
            except NoEqualError as error:
                lines.append(f"# no equal: {_told(entry)}: {_bounded(str(error))}")
    return Written("".join(f"{_INDENT}{line}\n" for line in lines), imported, asked)


def flow(value: Plain) -> str:
    """`value` in YAML's flow style, on one line."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return value if _WORD.fullmatch(value) and scalar(value) == value else _in_quotes(value)
        case tuple():
            return f"[{', '.join(map(flow, value))}]"
        case dict():
            return f"{{{', '.join(f'{flow(key)}: {flow(one)}' for key, one in value.items())}}}"
    return repr(value)


def _filled(block: Block, table: Table, functions: Functions) -> frozenset[str]:
    """The columns that a block itself says are never null, wherever and whatever else is wrong."""
    return frozenset(_never_null(block, table, functions))


def _never_null(block: Block, table: Table, functions: Functions) -> Iterator[str]:
    for entry in block.entries:
        try:
            checks = table.translated(entry, frozenset())
            for check in (one for ours in checks for one in _fitted(_body(ours, entry), functions)):
                conf = check.conf
                if (conf.kind, conf.severity, conf.where, conf.mostly) == ("not_null", "error", None, 1):
                    yield from check.columns
        except NoEqualError:
            continue


def _entry(entry: Asked, table: Table, filled: frozenset[str], functions: Functions) -> list[str]:
    """One entry of theirs as entries of `checks:`, each of which fits."""
    checks = table.translated(entry, filled)
    numbers = (f"_{number}" if len(checks) > 1 else "" for number in range(1, len(checks) + 1))
    bodies = [_body(ours, entry, number) for ours, number in zip(checks, numbers, strict=True)]
    for body in bodies:
        _fitted(body, functions)
    return [_line(body) for body in bodies]


def _body(ours: Ours, entry: Asked, number: str = "") -> tuple[str, dict[str, Plain]]:
    """A kind of check and what conf says of it."""
    shared = _shared(entry)
    if "name" in shared:
        shared["name"] = f"{shared['name']}{number}"
    return ours.kind, {**ours.arguments, **shared}


def _shared(entry: Asked) -> dict[str, Plain]:
    usual = (("severity", "error"),)
    return {key: one for key, one in entry.shared.items() if one is not None and (key, one) not in usual}


def _line(body: tuple[str, dict[str, Plain]]) -> str:
    kind, arguments = body
    match arguments:
        case {"column": str() as column, **rest} if not rest:
            return f"{kind}: {flow((column,))}"
        case {"columns": tuple() as columns, **rest} if not rest:
            return f"{kind}: {flow(columns)}"
    return f"{kind}: {flow(arguments)}"


def _fitted(body: tuple[str, dict[str, Plain]], functions: Functions) -> tuple[PlannedCheck, ...]:
    """The checks that the line of `body` says when it is read.

    Raises:
        NoEqualError: it says something else, or does not fit.
    """
    kind, arguments = body
    text = flow(arguments)
    if "${" in text:
        raise NoEqualError("${ begins a reference in conf")
    try:
        read = plain(parse("a check", f"{kind}: {text}\n".encode()))
    except MistakeError as error:
        raise NoEqualError("conf cannot hold one of its texts") from error
    if repr(read) != repr({kind: arguments}):
        raise NoEqualError("conf cannot hold one of its values to the digit")
    try:
        checks = fitted(check_of(plain(parse("a check", _line(body).encode()))), functions)
    except (UnfitCheckError, ValueError) as error:
        raise NoEqualError(str(error)) from error
    for _, condition in (one for check in checks for one in check.conditions):
        _refuse_more_than_sql(condition)
    return checks


def _refuse_more_than_sql(condition: str) -> None:
    if "{{" in condition or "{%" in condition:
        raise NoEqualError("its condition is a template")
    word = refused_word(condition)
    if word is not None:
        raise NoEqualError(f"a condition looks at its row alone, and may not hold {word!r}")


def _in_quotes(text: str) -> str:
    if text.isprintable() and ("\\" in text or '"' in text):
        return "'" + text.replace("'", "''") + "'"
    letters = (letter if letter.isprintable() else _escaped(letter) for letter in text.replace("\\", "\\\\"))
    return '"' + "".join(letters).replace('"', '\\"') + '"'


def _escaped(letter: str) -> str:
    code = ord(letter)
    return "\\n" if letter == "\n" else f"\\x{code:02x}" if code < _BYTE else f"\\U{code:08x}"


def _told(entry: Asked) -> str:
    return f"{_bounded(entry.name)} {_bounded(flow({**entry.arguments, **_shared(entry)}))}"


def _bounded(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
