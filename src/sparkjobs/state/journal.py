"""The journal of a Parquet commit: directory moves that a crash can interrupt and anyone can finish.

`_sparkjobs/journal.json` is the commit point: before it is there nothing has moved, once it is there
the moves are made, by this run or by the next. Readers meanwhile may miss a partition for a moment.
"""

import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sparkjobs.errors import DamagedStateError
from sparkjobs.faults import reach
from sparkjobs.state.durable import read_json, sync, write_json
from sparkjobs.state.table import holds_files, state_folder


@dataclass(frozen=True, slots=True)
class Move:
    """Whatever is at `target` goes; `staged`, if there is one, comes in its place."""

    target: str
    staged: str | None


def publish(table: Path, moves: Iterable[Move], commit: dict[str, Any]) -> None:
    """Make `moves` and record `commit`, both or neither."""
    # A crash while the last commit's trash was deleted has left names that these moves would meet.
    shutil.rmtree(state_folder(table) / "trash", ignore_errors=True)
    sync(state_folder(table))  # or a power cut may bring the old trash back beside the new journal
    write_json(_journal(table), {"commit": commit, "moves": [asdict(move) for move in moves]})
    reach("journal.written")
    recover(table)


def interrupted(table: Path) -> bool:
    """Whether a commit to `table` was begun and not finished."""
    return _journal(table).exists()


def recover(table: Path) -> bool:
    """Finish what an interrupted commit began; whether there was one. Only under the table's lock."""
    content = read_json(_journal(table))
    if content is None:
        return False
    state = state_folder(table)
    sync(state)  # whoever wrote the journal may have died before its name was on disk
    trash = state / "trash"
    touched = {table}
    for index, fields in enumerate(content["moves"]):
        reach(f"journal.move.{index}")
        folder = _make(table, Move(**fields), trash / str(index))
        touched |= {one for one in (folder, *folder.parents) if one.is_relative_to(table)}
    for folder in touched:
        sync(folder)
    reach("journal.moved")
    commit = {**content["commit"], "holds_rows": holds_files(table)}
    write_json(state / "committed.json", {"commit": commit})
    reach("journal.recorded")
    _journal(table).unlink()
    sync(state)
    reach("journal.closed")
    shutil.rmtree(trash, ignore_errors=True)
    shutil.rmtree(state / "staging", ignore_errors=True)
    return True


def _make(table: Path, move: Move, trash: Path) -> Path:
    """Make one move, unless it was made before; the folder whose names it changed."""
    target = table / move.target
    staged = None if move.staged is None else table / move.staged
    if staged is not None and not staged.exists() and not target.exists():
        raise DamagedStateError(str(_journal(table)), f"{staged} is neither there nor moved to {target}")
    if target.exists() and (staged is None or staged.exists()):
        trash.parent.mkdir(exist_ok=True)
        target.rename(trash)
        reach("journal.between")
    if staged is not None and staged.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        staged.rename(target)
    return target.parent


def _journal(table: Path) -> Path:
    return state_folder(table) / "journal.json"
