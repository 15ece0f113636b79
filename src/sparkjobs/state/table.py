"""Where a job's table stands: which number is committed, and what readers see."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparkjobs.errors import ForeignTableError
from sparkjobs.state import manifest as manifests
from sparkjobs.state.durable import read_json, write_json
from sparkjobs.state.manifest import Manifest

STATE_FOLDER = "_sparkjobs"
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
        "OPTIMIZE",
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
_RECENT = 8


@dataclass(frozen=True, slots=True)
class TableState:
    """What a table says of itself, without its lock."""

    folder: Path
    committed: int
    """The number of the last published manifest; 0 for none."""
    version: int | None
    """Delta's version, or the committed number of a Parquet table; None while nothing is there."""
    manifest: Manifest | None
    """The manifest in force."""
    foreign: tuple[int, str] | None = None
    """Version and operation of a Delta commit on top of the job's own that changed rows."""


def state_folder(table: Path) -> Path:
    """Where `table` keeps its own state; readers of Delta and Parquet pass it over."""
    return table / STATE_FOLDER


def app_id(job: str) -> str:
    """The name under which a Delta commit carries the manifest number."""
    return f"sparkjobs/{job}"


def look(job: str, table: Path, table_format: str) -> TableState:
    """How `table` stands now.

    Raises:
        ForeignTableError: the folder holds something that `job` did not write.
    """
    folder = state_folder(table)
    _refuse_foreign(job, table, table_format)
    committed, version, foreign = _delta(job, table) if table_format == "delta" else _parquet(folder)
    if not committed and (version is not None or (table_format == "parquet" and _occupied(table))):
        raise ForeignTableError(job, str(table), "it holds data, and no record of a commit of this job")
    manifest = manifests.read(folder, committed) if committed else None
    return TableState(folder, committed, version, manifest, foreign)


def committed_schema(table: Path) -> dict[str, Any]:
    """Spark's schema JSON of a Parquet table, as its last commit wrote it."""
    commit = read_json(state_folder(table) / "committed.json") or {}
    return dict(json.loads(commit["commit"]["schema"]))


def table_rows(table: Path, table_format: str, version: int) -> int:
    """Rows of the table at `version`, from its log or its footers; no Spark, no scan."""
    import pyarrow as pa  # noqa: PLC0415 (planning does not pay for it)
    import pyarrow.parquet as pq  # noqa: PLC0415

    if table_format == "delta":
        from deltalake import DeltaTable  # noqa: PLC0415

        adds = pa.table(DeltaTable(table, version=version).get_add_actions())
        return int(sum(adds.column("num_records").to_pylist()))
    files = (path for path in table.rglob("*.parquet") if STATE_FOLDER not in path.parts)
    return sum(pq.read_metadata(path).num_rows for path in files)


def claim(job: str, table: Path, table_format: str) -> None:
    """Write down that `table` is `job`'s, before anything else is written there."""
    marker = state_folder(table) / "table.json"
    if not marker.exists():
        write_json(marker, {"job": job, "format": table_format})


def _refuse_foreign(job: str, table: Path, table_format: str) -> None:
    owner = read_json(state_folder(table) / "table.json")
    if owner is None:
        if (table.exists() and not table.is_dir()) or _occupied(table):
            raise ForeignTableError(job, str(table), "it was not made by sparkjobs")
    elif owner["job"] != job:
        raise ForeignTableError(job, str(table), f"it belongs to job {owner['job']!r}")
    elif owner["format"] != table_format:
        raise ForeignTableError(
            job, str(table), f"it is a {owner['format']} table, its conf says {table_format}"
        )


def _occupied(table: Path) -> bool:
    """Whether `table` holds more than the lock of a run that was killed before it could claim it."""
    return table.exists() and any(entry.name != STATE_FOLDER for entry in table.iterdir())


def _delta(job: str, table: Path) -> tuple[int, int | None, tuple[int, str] | None]:
    from deltalake import DeltaTable  # noqa: PLC0415 (a project without Delta does not pay for it)

    # A first commit that was killed leaves a log without an entry.
    if not DeltaTable.is_deltatable(str(table)):
        return 0, None, None
    handle = DeltaTable(table)
    committed = handle.transaction_version(app_id(job)) or 0
    # The whole history is read only where nothing recent has changed rows.
    commits = (commit for limit in (_RECENT, None) for commit in handle.history(limit))
    newest = next((commit for commit in commits if commit.get("operation") not in _KEEPS_ROWS), None)
    if newest is None or _is_of(newest, job, committed):
        return committed, handle.version(), None
    return committed, handle.version(), (newest["version"], str(newest.get("operation", "commit")))


def _is_of(commit: Mapping[str, Any], job: str, number: int) -> bool:
    try:
        note = json.loads(commit.get("userMetadata") or "null")
    except ValueError:
        return False
    return isinstance(note, dict) and (note.get("job"), note.get("manifest")) == (job, number)


def _parquet(folder: Path) -> tuple[int, int | None, None]:
    commit = read_json(folder / "journal.json") or read_json(folder / "committed.json")
    number = commit["commit"]["number"] if commit else 0
    return number, number or None, None
