"""Where a job's table stands: which number is committed, and what readers see."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparkjobs.errors import ForeignTableError
from sparkjobs.state import manifest as manifests
from sparkjobs.state.durable import read_json, write_json
from sparkjobs.state.manifest import Manifest

STATE_FOLDER = "_sparkjobs"


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
    committed, version = _delta(job, table) if table_format == "delta" else _parquet(folder)
    if not committed and (version is not None or (table_format == "parquet" and _occupied(table))):
        raise ForeignTableError(job, str(table), "it holds data, and no record of a commit of this job")
    return TableState(folder, committed, version, manifests.read(folder, committed) if committed else None)


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


def _delta(job: str, table: Path) -> tuple[int, int | None]:
    if not (table / "_delta_log").is_dir():
        return 0, None
    from deltalake import DeltaTable  # noqa: PLC0415 (a project without Delta does not pay for it)

    handle = DeltaTable(table)
    return handle.transaction_version(app_id(job)) or 0, handle.version()


def _parquet(folder: Path) -> tuple[int, int | None]:
    commit = read_json(folder / "journal.json") or read_json(folder / "committed.json")
    number = commit["commit"]["number"] if commit else 0
    return number, number or None
