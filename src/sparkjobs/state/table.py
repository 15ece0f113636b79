"""Where a job's table stands: which number is committed, and what readers see."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

from sparkjobs.errors import DamagedStateError, ForeignTableError
from sparkjobs.state import manifest as manifests
from sparkjobs.state.durable import read_json, write_json
from sparkjobs.state.log import Foreign, in_log
from sparkjobs.state.manifest import Manifest

STATE_FOLDER = "_sparkjobs"
UNSEEN_ENDING = "._COPYING_"
"""Spark's readers pass over what has a name with this end, and what begins with a dot, or with _ and has
no = (HadoopFSUtils.shouldFilterOutPathName)."""


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
    foreign: Foreign | None = None
    """What changed rows on top of the job's own last commit: the last RESTORE there, or the last commit."""
    lost: int | None = None
    """The number that was published to a table that is not there any more."""
    reset: bool = False
    """Whether somebody said that the next run makes the table anew."""
    identity: str | None = None
    """Which table it is; one that was made anew under the same path has another."""


def state_folder(table: Path) -> Path:
    """Where `table` keeps its own state; readers of Delta and Parquet pass it over."""
    return table / STATE_FOLDER


def look(job: str, table: Path, table_format: str, *, adopting: bool = False) -> TableState:
    """How `table` stands now; `adopting` takes its rows as they are, whoever wrote them.

    Raises:
        ForeignTableError: the folder holds something that `job` did not write.
    """
    folder = state_folder(table)
    _refuse_foreign(job, table, table_format)
    reset = (read_json(folder / "reset.json") or {}).get("number")
    committed, version, foreign = in_log(job, table) if table_format == "delta" else _parquet(folder)
    if table_format == "parquet" and reset is not None and not committed:
        committed, version = reset, reset
    if not (committed or adopting) and (
        version is not None or (table_format == "parquet" and _occupied(table))
    ):
        raise ForeignTableError(job, str(table), "it holds data, and no record of a commit of this job")
    manifest = manifests.read(folder, committed) if committed else None
    lost = _lost(table, folder, committed)
    is_reset = reset is not None and reset >= committed
    identity = _identity(table, table_format)
    return TableState(folder, committed, version, manifest, foreign, lost, is_reset, identity)


def remember(table: Path, number: int) -> None:
    """Note beside a Delta table what its log says too, so that a table that vanishes is missed."""
    write_json(state_folder(table) / "committed.json", {"commit": {"number": number}})


def set_aside_damaged(folder: Path) -> None:
    """Keep what cannot be read of a table's state under another name, where nobody looks for it."""
    for path in sorted(
        (*folder.glob("*.json"), *folder.glob("manifests/*.json"), *folder.glob("outcomes/*.json"))
    ):
        try:
            read_json(path)
        except DamagedStateError:
            path.replace(path.with_name(f"{path.name}.damaged"))


def holds_files(table: Path) -> bool:
    """Whether a data file lies in `table`."""
    return next(data_files(table), None) is not None


def data_files(table: Path) -> Iterator[Path]:
    """The data files of a Parquet table: those that its readers see."""
    for entry in table.iterdir():
        if is_seen(entry.name):
            for path in entry.rglob("*.parquet") if entry.is_dir() else [entry]:
                seen = all(map(is_seen, path.relative_to(table).parts))
                if seen and path.suffix == ".parquet" and path.is_file():
                    yield path


def is_seen(name: str) -> bool:
    """Whether readers of a Parquet table look at what has this name: `_day=1`, not `_old` nor `.day=1`."""
    hidden = name.startswith(".") or name.endswith(UNSEEN_ENDING)
    return not hidden and (not name.startswith("_") or "=" in name)


def _lost(table: Path, folder: Path, committed: int) -> int | None:
    last = (read_json(folder / "committed.json") or {}).get("commit")
    # the moves of a commit that was interrupted may have left nothing in its place for a moment
    if last is None or (folder / "journal.json").exists():
        return None
    held = last.get("holds_rows", last.get("rows", 0))  # only the rows where an older version wrote it
    return last["number"] if not committed or (held and not holds_files(table)) else None


def table_schema(table: Path, table_format: str) -> dict[str, Any]:
    """Spark's schema JSON of a published table."""
    if table_format == "parquet":
        return committed_schema(table)
    from deltalake import DeltaTable  # noqa: PLC0415 (a project without Delta does not pay for it)

    return dict(json.loads(DeltaTable(table).schema().to_json()))


def committed_schema(table: Path) -> dict[str, Any]:
    """Spark's schema JSON of a Parquet table, as its last commit wrote it."""
    return dict(json.loads(last_commit(table)["schema"]))


def last_commit(table: Path) -> dict[str, Any]:
    """What the last commit of a Parquet table wrote of it.

    Raises:
        DamagedStateError: that is gone, as after a reset that set it aside; the next run writes it.
    """
    path = state_folder(table) / "committed.json"
    content = read_json(path)
    if content is None:
        raise DamagedStateError(str(path), "it is gone")
    return dict(content["commit"])


def table_rows(table: Path, table_format: str, version: int) -> int:
    """Rows of the table at `version`, from its log or its footers; no Spark, no scan."""
    import pyarrow as pa  # noqa: PLC0415 (planning does not pay for it)
    import pyarrow.parquet as pq  # noqa: PLC0415

    if table_format == "delta":
        from deltalake import DeltaTable  # noqa: PLC0415

        adds = pa.table(DeltaTable(table, version=version).get_add_actions())
        return int(sum(adds.column("num_records").to_pylist()))
    return sum(pq.read_metadata(path).num_rows for path in data_files(table))


def claim(job: str, table: Path, table_format: str) -> None:
    """Write down that `table` is `job`'s, before anything else is written there."""
    marker = state_folder(table) / "table.json"
    if not marker.exists():
        write_json(marker, {"job": job, "format": table_format, "id": token_hex(8)})


def _identity(table: Path, table_format: str) -> str | None:
    """Delta's own, for a log can be made anew beside a state that stays; else that of the claim."""
    if table_format == "parquet":
        return (read_json(state_folder(table) / "table.json") or {}).get("id")
    from deltalake import DeltaTable  # noqa: PLC0415 (a project without Delta does not pay for it)

    return str(DeltaTable(table).metadata().id) if DeltaTable.is_deltatable(str(table)) else None


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


def _parquet(folder: Path) -> tuple[int, int | None, None]:
    commit = read_json(folder / "journal.json") or read_json(folder / "committed.json")
    number = commit["commit"]["number"] if commit else 0
    return number, number or None, None
