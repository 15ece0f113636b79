"""The Parquet commit: which moves each mode makes. The journal makes them."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sparkjobs.errors import PublishError
from sparkjobs.faults import reach
from sparkjobs.publish.attempt import Attempt, complete, fence
from sparkjobs.publish.partitions import folders
from sparkjobs.results import Staged
from sparkjobs.state import state_folder
from sparkjobs.state.durable import read_json
from sparkjobs.state.journal import Move, publish
from sparkjobs.state.table import is_seen


def commit_parquet(attempt: Attempt, staged: Staged, mode: str, emptied: Iterable[Path] = ()) -> int:
    """Commit `staged`, and that the partitions `emptied` are no more; the manifest's number.

    Raises:
        StateMovedError: somebody has committed this manifest, or a later one.
        PublishError: a staged file is gone, or its columns are not the table's and `mode` keeps the table.
    """
    last = read_json(state_folder(attempt.table) / "committed.json") or {}
    newest = read_json(state_folder(attempt.table) / "journal.json") or last
    fence(attempt, newest["commit"]["number"] if newest else 0)
    complete(attempt, staged)
    if last and mode != "overwrite":
        _same_columns(attempt, staged, last["commit"])
    commit = {
        "number": attempt.number,
        "attempt": attempt.name,
        "run_id": attempt.run_id,
        "rows": staged.rows,
        "schema": staged.schema,
        "partition_by": list(staged.partition_by),
        "compacted": last["commit"].get("compacted") if last else None,
    }
    reach("commit.before")
    empty = (place for values, place in folders(attempt.table, staged) if values in staged.emptied)
    leave = (Move(str(place), None) for place in sorted({*emptied, *empty}))
    publish(attempt.table, [*leave, *_moves(attempt, staged, mode)], commit)
    reach("commit.after")
    return attempt.number


def _moves(attempt: Attempt, staged: Staged, mode: str) -> Iterator[Move]:
    source = attempt.data.relative_to(attempt.table)
    files = [Path(file.path) for file in staged.files]
    match mode:
        case "append":
            places = set(files)
        case "overwrite_partitions":
            places = {file.parent for file in files}
        case _:
            places = {Path(file.parts[0]) for file in files}
            live = (entry.name for entry in attempt.table.iterdir() if is_seen(entry.name))
            yield from (Move(name, None) for name in sorted(live) if Path(name) not in places)
    yield from (Move(str(place), str(source / place)) for place in sorted(places))


def _same_columns(attempt: Attempt, staged: Staged, last: dict[str, Any]) -> None:
    before, now = (json.loads(schema)["fields"] for schema in (last["schema"], staged.schema))
    # columns that come new stand at the end: the flow has asked the conf whether they may
    if now[: len(before)] != before or last["partition_by"] != list(staged.partition_by):
        raise PublishError(
            attempt.job,
            "its result does not have the table's columns and partitions.",
            f"`sparkjobs run {attempt.job} --full-refresh` replaces the table.",
        )
