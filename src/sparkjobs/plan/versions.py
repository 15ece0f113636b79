"""What a Delta table got between two of its versions, from its log alone. No Spark, no data.

The format of the log: https://github.com/delta-io/delta/blob/master/PROTOCOL.md
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparkjobs.state.log import COMPACTION

Values = tuple[tuple[str, str | None], ...]
"""The partition of a file: each partition column with its value as text."""


@dataclass(frozen=True, slots=True)
class AddedFile:
    """A data file that a commit has added."""

    path: str
    """As the log writes it: relative to the table, percent-encoded."""
    rows: int | None
    partition: Values


@dataclass(frozen=True, slots=True)
class Changes:
    """What the commits of versions `after < v <= to` did to the rows of a table."""

    added: tuple[AddedFile, ...]
    """The files whose rows are new."""
    rewritten: str | None
    """What else happened to rows than that files were added; None for nothing."""
    touched: frozenset[Values]
    """The partitions in which a row came or went."""
    untold: str | None = None
    """Why the log does not tell what happened; None when it does."""


def changes(table: Path, after: int, to: int) -> Changes:
    """What happened to `table` between two versions."""
    if to < after:
        return Changes((), None, frozenset(), f"the table went back from version {after} to {to}")
    added: dict[str, AddedFile] = {}
    touched: set[Values] = set()
    rewritten: str | None = None
    for version in range(after + 1, to + 1):
        actions = _actions(table, version)
        if actions is None:
            return Changes((), None, frozenset(), f"the log of version {version} is gone")
        for kind, action in actions:
            if kind not in ("add", "remove") or not action.get("dataChange", True):
                continue
            partition = tuple(sorted((action.get("partitionValues") or {}).items()))
            touched.add(partition)
            path = action["path"]
            if kind == "add" and action.get("deletionVector") is None:
                added[path] = AddedFile(path, _rows(action), partition)
            elif kind == "remove" and added.pop(path, None) is not None:
                continue
            else:
                rewritten = rewritten or f"version {version} removed or changed some of them"
    return Changes(tuple(added.values()), rewritten, frozenset(touched))


def only_compacted(table: Path, after: int, to: int) -> bool:
    """Whether nothing happened to `table` between two versions but that its files were put together."""
    logged = (_actions(table, version) for version in range(after + 1, to + 1))
    return after < to and all(
        any(kind == "commitInfo" and action.get("operation") == COMPACTION for kind, action in actions or ())
        for actions in logged
    )


def _actions(table: Path, version: int) -> list[tuple[str, dict[str, Any]]] | None:
    try:
        text = (table / "_delta_log" / f"{version:020}.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return [item for line in text.splitlines() if line.strip() for item in json.loads(line).items()]


def _rows(action: dict[str, Any]) -> int | None:
    rows = json.loads(action.get("stats") or "{}").get("numRecords")
    return None if rows is None else int(rows)


def by_columns(touched: frozenset[Values], columns: tuple[str, ...]) -> frozenset[Values] | None:
    """The touched partitions told by `columns` alone; None where the table is not partitioned by them."""
    if any(not set(columns) <= {name for name, _ in values} for values in touched):
        return None
    return frozenset(tuple((name, dict(values)[name]) for name in columns) for values in touched)
