"""The named points of a run, as the source has them, and what readers may see after a death at each."""

import re
from collections.abc import Mapping
from typing import Final, Literal

from tests.faults.cases import CASES, FORMATS, Case
from tests.projects import REPOSITORY

Seen = Literal["old", "part", "new"]

NOT_OF_A_RUN: Final[Mapping[str, str]] = {
    "adopt.before": "of `state adopt`: test_upkeep.py",
    "adopt.after": "of `state adopt`: test_upkeep.py",
    "restore.before": "of `restore`: test_upkeep.py",
    "restore.after": "of `restore`: test_upkeep.py",
    "optimize.before": "of a compaction: test_optimize.py",
    "optimize.staged": "of a compaction: test_optimize.py",
    "optimize.after": "of a compaction: test_optimize.py",
}
"""Points that no run of a case reaches, and where they are tested."""


def named_in_source() -> list[str]:
    """The point of every call of `reach`; `*` where it puts in a number."""
    return [
        re.sub(r"\{[^}]*\}", "*", name)
        for text in _sources()
        for name in re.findall(r"""\breach\(\s*f?["']([^"']+)["']""", text)
    ]


def calls_in_source() -> int:
    """How often the source calls `reach`, whatever it names."""
    return sum(len(re.findall(r"(?<!def )\breach\(", text)) for text in _sources())


def _sources() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / "src").rglob("*.py"))]


def generic(point: str) -> str:
    """`point` as `in_source` writes it."""
    return re.sub(r"\.[0-9]+$", ".*", point)


def points(case: Case, table_format: str) -> dict[str, Seen]:
    """What the second run of `case` comes by, in order, and what readers see when it dies there."""
    changed: dict[str, Seen] = {}
    if case.compares:
        changed = {"changes.before": "old", "changes.written": "old"}
    return {
        "begin.before": "old",
        "manifest.written": "old",
        "transform.before": "old",
        "staged": "old",
        "counted": "old",
        **changed,
        "judged": "old",
        "quarantine.before": "old",
        "quarantine.after": "old",
        **({"unseen.before": "old", "unseen.after": "old"} if case.compares else {}),
        "outcome.written": "old",
        **(_delta(case) if table_format == "delta" else _parquet(case)),
        "close.before": "new",
        "close.after": "new",
    }


def _delta(case: Case) -> dict[str, Seen]:
    name = "merge" if case.compares else "commit"
    return {f"{name}.before": "old", f"{name}.after": "new"}


def _parquet(case: Case) -> dict[str, Seen]:
    rewrite: dict[str, Seen] = {"rewrite.staged": "old"} if case.compares else {}
    # where nothing has to make way, as when files are appended, there is no moment between
    between: dict[str, Seen] = {} if case.mode == "append" else {"journal.between": "part"}
    moves: dict[str, Seen] = {f"journal.move.{index}": "part" for index in range(case.moves)}
    return {
        **rewrite,
        "commit.before": "old",
        "journal.written": "part",
        **moves,
        **between,
        "journal.moved": "new",
        "journal.recorded": "new",
        "journal.closed": "new",
        "commit.after": "new",
    }


def combinations() -> list[tuple[str, str, str]]:
    """Every mode, format and point."""
    return [
        (case.mode, table_format, point)
        for case in CASES.values()
        for table_format in FORMATS
        for point in points(case, table_format)
    ]
