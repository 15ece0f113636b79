"""What the log of a Delta table tells: which of its commits are a job's, and which are somebody else's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

COMPACTION = "OPTIMIZE"
_KEEPS_ROWS = frozenset(
    {
        "ADD COLUMN",
        "ADD COLUMNS",
        "ADD CONSTRAINT",
        "ADD FEATURE",
        "CHANGE COLUMN",
        "CLUSTER BY",
        "COMPUTE STATS",
        "DROP CONSTRAINT",
        "DROP FEATURE",
        COMPACTION,
        "REORG",
        "SET TBLPROPERTIES",
        "UNSET TBLPROPERTIES",
        "UPDATE FIELD METADATA",
        "UPDATE TABLE METADATA",
        "UPGRADE PROTOCOL",
        "VACUUM END",
        "VACUUM START",
    }
)
"""Delta operations after which a table has the rows it had."""
_RESTORE = "RESTORE"
_RECENT = 8
"""How many commits are read before the whole history is."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A commit to a Delta table that changed rows and is not its job's."""

    version: int
    operation: str
    restored_to: int | None
    """The version that a RESTORE went back to; None where it tells none, or was none."""


def app_id(job: str) -> str:
    """The name under which a Delta commit carries the manifest number."""
    return f"sparkjobs/{job}"


def in_log(job: str, table: Path) -> tuple[int, int | None, Foreign | None]:
    """The number that `job` has committed last, the table's version, and what has changed rows since."""
    from deltalake import DeltaTable  # noqa: PLC0415 (a project without Delta does not pay for it)

    # A first commit that was killed leaves a log without an entry.
    if not DeltaTable.is_deltatable(str(table)):
        return 0, None, None
    handle = DeltaTable(table)
    committed = handle.transaction_version(app_id(job)) or 0
    # The whole history is read only where nothing recent has changed rows.
    commits = (commit for limit in (_RECENT, None) for commit in handle.history(limit))
    changing = (commit for commit in commits if commit.get("operation") not in _KEEPS_ROWS)
    above = list(takewhile(lambda commit: not _is_of(commit, job, committed), changing))
    # a restore has undone what the job did, even where somebody has gone on from there
    restores = (commit for commit in above if commit.get("operation") == _RESTORE)
    told = next(restores, next(iter(above), None))
    return committed, handle.version(), _foreign(told) if told else None


def manifest_at(job: str, table: Path, version: int) -> int:
    """The number whose rows stand at `version` of a Delta table; 0 where its history does not tell.

    A RESTORE has the rows of the version that it names, whatever lies between the two.
    """
    from deltalake import DeltaTable  # noqa: PLC0415 (a project without Delta does not pay for it)

    at: int | None = version
    for commit in DeltaTable(table).history():
        if at is not None and commit["version"] <= at:
            note = _note(commit)
            if note.get("job") == job:
                return int(note["manifest"])
            if commit.get("operation") == _RESTORE:
                at = _restored_to(commit)
    return 0


def committed_at(job: str, table: Path, number: int) -> datetime | None:
    """When manifest `number` of `job` was committed; None where the log has forgotten it."""
    from deltalake import DeltaTable  # noqa: PLC0415 (a project without Delta does not pay for it)

    handle = DeltaTable(table)
    for commit in (one for limit in (_RECENT, None) for one in handle.history(limit)):
        if _is_of(commit, job, number) and "timestamp" in commit:
            return datetime.fromtimestamp(commit["timestamp"] / 1000, UTC)
    return None


def compacted_within(table: Path, commits: int) -> bool:
    """Whether a Delta table was compacted by one of its last so many commits, or has not had so many."""
    from deltalake import DeltaTable  # noqa: PLC0415 (a project without Delta does not pay for it)

    handle = DeltaTable(table)
    recent = handle.history(commits)
    return handle.version() + 1 < commits or any(one.get("operation") == COMPACTION for one in recent)


def _foreign(commit: Mapping[str, Any]) -> Foreign:
    operation = str(commit.get("operation", "commit"))
    return Foreign(commit["version"], operation, _restored_to(commit) if operation == _RESTORE else None)


def _restored_to(restore: Mapping[str, Any]) -> int | None:
    """The version that a RESTORE went back to; None where it was told by time."""
    version = (restore.get("operationParameters") or {}).get("version")
    return None if version is None else int(version)


def _is_of(commit: Mapping[str, Any], job: str, number: int) -> bool:
    note = _note(commit)
    return (note.get("job"), note.get("manifest")) == (job, number)


def _note(commit: Mapping[str, Any]) -> dict[str, Any]:
    """What the job that made a Delta commit wrote beside it; empty where it is nobody's of ours."""
    try:
        note = json.loads(commit.get("userMetadata") or "null")
    except ValueError:
        return {}
    return note if isinstance(note, dict) else {}
