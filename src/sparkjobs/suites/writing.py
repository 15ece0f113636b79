"""Checks as the YAML of a job, with the inputs they need; none is written that did not fit when read back."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sparkjobs.config.checks import check_of
from sparkjobs.config.inline import inline
from sparkjobs.config.mistakes import one_line
from sparkjobs.config.node import MistakeError, Plain, parse, plain
from sparkjobs.plan.checks import PlannedCheck, UnfitCheckError, fitted
from sparkjobs.registry import CheckFunction
from sparkjobs.sql import refused_word
from sparkjobs.suites.model import Asked, Block, NoEqualError, OtherTable, Ours, Table

Functions = Mapping[str, CheckFunction]
Unclear = Mapping[OtherTable, str]
"""Tables that would be one input with others, and how all of these are called."""

_INDENT: Final = "  "
_SHOWN: Final = 200
"""Characters of their arguments, or of a reason, that a comment repeats."""


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
    named = [(block, tuple(_others(block, table))) for block in blocks]
    unclear = _several((one for _, others in named for one in others), lambda one: (one.key, one.name))
    done = [
        _block(block, table, functions, {**unclear, **_several(others, lambda one: one.name)})
        for block, others in named
    ]
    text = "---\n".join(one.text for one in done)
    return Written(
        f"# from {origin}\n{text}", sum(one.imported for one in done), sum(one.asked for one in done)
    )


def _block(block: Block, table: Table, functions: Functions, unclear: Unclear) -> Written:
    """What one table is asked: a part of the conf of its job."""
    filled = _filled(block, table, functions)
    lines: list[str] = []
    inputs: dict[str, None] = {}
    imported = 0
    for entry in block.entries:
        try:
            checks = table.translated(entry, filled)
            others = tuple(one.other for one in checks if one.other)
            for other in others:
                _refuse_unclear(other, block, unclear)
            lines += [f"{_INDENT}- {line}" for line in _lines(checks, entry, functions)]
            inputs |= dict.fromkeys(map(_input, others))
            imported += 1
        except NoEqualError as error:
            lines.append(f"{_INDENT}# no equal: {_told(entry)}: {_bounded(str(error))}")
    needed = ["inputs:", *(f"{_INDENT}{line}" for line in inputs)] if inputs else []
    whole = [f"# {_bounded(block.title)}", *needed, *(["checks:"] if imported else []), *lines]
    return Written("".join(f"{line}\n" for line in whole), imported, len(block.entries))


def _others(block: Block, table: Table) -> Iterator[OtherTable]:
    """The tables that the entries of a block name."""
    for entry in block.entries:
        try:
            yield from (one.other for one in table.translated(entry, frozenset()) if one.other)
        except NoEqualError:
            continue


def _several(others: Iterable[OtherTable], by: Callable[[OtherTable], object]) -> Unclear:
    """Those that would be called as another is, each with how all of them are called there."""
    same: dict[object, dict[OtherTable, None]] = {}
    for one in others:
        same.setdefault(by(one), {})[one] = None
    unclear: dict[OtherTable, str] = {}
    for several in same.values():
        if len(several) > 1:
            unclear |= dict.fromkeys(several, " or ".join(sorted(one.theirs for one in several)))
    return unclear


def _refuse_unclear(other: OtherTable, block: Block, unclear: Unclear) -> None:
    if other == block.itself:
        raise NoEqualError("it is the table itself, and no job reads what it writes")
    if other in unclear:
        raise NoEqualError(f"the input {other.name!r} could be {unclear[other]}")


def _input(other: OtherTable) -> str:
    """The line of `inputs:` for a table that checks alone look at."""
    line = f"{inline(other.name)}: {inline({other.key: other.name, 'for_checks': True})}"
    return f"{line}  # {_bounded(other.remark)}" if other.remark else line


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


def _lines(checks: tuple[Ours, ...], entry: Asked, functions: Functions) -> list[str]:
    """One entry of theirs as entries of `checks:`, each of which fits."""
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
    if "where" in shared and "where" in ours.arguments:
        shared["where"] = f"({shared['where']}) and ({ours.arguments['where']})"
    return ours.kind, {**ours.arguments, **shared}


def _shared(entry: Asked) -> dict[str, Plain]:
    usual = (("severity", "error"),)
    return {key: one for key, one in entry.shared.items() if one is not None and (key, one) not in usual}


def _line(body: tuple[str, dict[str, Plain]]) -> str:
    kind, arguments = body
    match arguments:
        case {"column": str() as column, **rest} if not rest:
            return f"{kind}: {inline((column,))}"
        case {"columns": tuple() as columns, **rest} if not rest:
            return f"{kind}: {inline(columns)}"
    return f"{kind}: {inline(arguments)}"


def _fitted(body: tuple[str, dict[str, Plain]], functions: Functions) -> tuple[PlannedCheck, ...]:
    """The checks that the line of `body` says when it is read.

    Raises:
        NoEqualError: it says something else, or does not fit.
    """
    kind, arguments = body
    text = inline(arguments)
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
    if "--" in condition or "/*" in condition:
        raise NoEqualError("a comment in its condition may hide what comes after it")
    if "{{" in condition or "{%" in condition:
        raise NoEqualError("its condition is a template")
    word = refused_word(condition)
    if word is not None:
        raise NoEqualError(f"a condition looks at its row alone, and may not hold {word!r}")


def _told(entry: Asked) -> str:
    return f"{_bounded(entry.name)} {_bounded(inline({**entry.arguments, **_shared(entry)}))}"


def _bounded(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
