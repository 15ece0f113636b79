"""IMPORT.md: what came along, what needs a hand, and what is said another way, with file and line."""

from collections.abc import Iterator
from typing import Final

from sparkjobs.config.mistakes import one_line
from sparkjobs.dbt_projects.model import Remark
from sparkjobs.dbt_projects.taking import Taken

TOLD: Final = "IMPORT.md"
_LONGEST: Final = 400
_HEAD: Final = """\
# From dbt: {name}

Written by `sparkjobs import dbt`. Places are those of the dbt project.
docs/coming-from.md of sparkjobs tells which word of dbt's is which here.

    sparkjobs validate      # every mistake, with its place
    sparkjobs plan          # what would run, on what, and why
    sparkjobs run           # runs it; once more, and there is nothing to do

"""


def told(taken: Taken, remarks: tuple[Remark, ...]) -> str:
    """The text of the file."""
    return _HEAD.format(name=_cell(taken.project.name)) + "\n".join(_lines(taken, remarks)) + "\n"


def summary(taken: Taken) -> str:
    """How much came along, in one line."""
    counts = [_count(one.taken, one.had, one.kind) for one in taken.parts if one.had]
    return f"{one_line(taken.project.name)}: {', '.join(counts) or 'nothing'}"


def hands(remarks: tuple[Remark, ...]) -> tuple[Remark, ...]:
    """Those that need one."""
    return tuple(one for one in remarks if one.fix)


def _lines(taken: Taken, remarks: tuple[Remark, ...]) -> Iterator[str]:
    yield "| what | dbt has | came along |\n|---|---|---|"
    yield from (f"| {one.kind} | {one.had} | {one.taken} |" for one in taken.parts if one.had)
    need = hands(remarks)
    yield f"\n## Needs a hand: {len(need)}\n"
    if need:
        yield "| place | what | what to do |\n|---|---|---|"
    yield from (f"| {_cell(one.place)} | {_cell(one.what)} | {_cell(one.fix)} |" for one in need)
    other = [one for one in remarks if not one.fix]
    yield f"\n## Said another way here: {len(other)}\n"
    if other:
        yield "| place | what |\n|---|---|"
    yield from (f"| {_cell(one.place)} | {_cell(one.what)} |" for one in other)


def _count(taken: int, had: int, kind: str) -> str:
    noun = kind.removesuffix("s") if had == 1 else kind
    return f"{had} {noun}" if taken == had else f"{taken} of {had} {noun}"


def _cell(text: str) -> str:
    """`text` as it may stand in a table: on one line, bounded, and nothing of it markup but code."""
    line = one_line(text)
    short = line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
    return short.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|").replace("[", "\\[")
