"""When a table was last published, and how new its rows are: by its own state, log and footers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import unquote

from sparkjobs.errors import LostManifestError, LostTableError
from sparkjobs.state.durable import read_json
from sparkjobs.state.log import committed_at
from sparkjobs.state.manifest import committed_chain
from sparkjobs.state.outcome import written_at
from sparkjobs.state.table import data_files, look, table_schema

_TIMES = ("date", "timestamp", "timestamp_ntz")


class UntoldError(Exception):
    """A column that cannot tell how new rows are; its text says why."""


@dataclass(frozen=True, slots=True)
class Newest:
    """The greatest value of a column, as far as statistics tell it."""

    value: datetime | None
    """None where there is no value, or none is told."""
    untold: int
    """How many files do not tell theirs; rows of them may be newer."""


def published_at(job: str, table: Path, table_format: str) -> datetime | None:
    """When `job` last published rows to `table`; None where it never did. To adopt rows is not to publish.

    Raises:
        StateError: the table, or what it says of itself, is not there or not the job's.
    """
    state = look(job, table, table_format)
    if state.lost is not None:
        raise LostTableError(job, str(table), state.lost)
    if not state.committed or (state.reset and not _was_committed(state.folder, table_format)):
        return None
    if state.manifest is None:
        raise LostManifestError(job, str(table), state.committed)
    chain = committed_chain(state.folder, state.committed)
    last = next((one.number for one in chain if one.mode != "adopt"), None)
    if last is None:
        return None
    found = committed_at(job, table, last) if table_format == "delta" else None
    # Delta forgets old entries of its log. What a run has learned is written just before each commit
    return found or written_at(state.folder, last)


def newest(table: Path, table_format: str, column: str) -> Newest:
    """The greatest date or time in `column` of all rows; a date is its first instant, in UTC.

    Raises:
        UntoldError: there is no such column, or it is of another type.
    """
    kinds = {field["name"]: field["type"] for field in table_schema(table, table_format)["fields"]}
    if column not in kinds:
        raise UntoldError(f"there is no column {column!r}")
    if kinds[column] not in _TIMES:
        raise UntoldError(f"{column!r} is {kinds[column]}, which is no date or time")
    facts = list(_by_log(table, column) if table_format == "delta" else _by_footers(table, column))
    values = [_instant(high) for _, high in facts if isinstance(high, date)]
    return Newest(max(values, default=None), sum(filled and high is None for filled, high in facts))


def _was_committed(folder: Path, table_format: str) -> bool:
    """Whether a table whose state was reset had any; a Parquet table then takes the number of the reset."""
    journal, commit = read_json(folder / "journal.json"), read_json(folder / "committed.json")
    return table_format == "delta" or bool(journal or commit)


def _by_log(table: Path, column: str) -> Iterator[tuple[bool, object]]:
    """Of each file, whether it may hold a value and the greatest one, by Delta's statistics."""
    import pyarrow as pa  # noqa: PLC0415 (planning does not pay for it)
    from deltalake import DeltaTable  # noqa: PLC0415

    for file in pa.table(DeltaTable(table).get_add_actions()).to_pylist():
        places = file.get("partition") or {}
        if column in places:
            yield places[column] is not None, places[column]
            continue
        rows, nulls = file["num_records"], (file.get("null_count") or {}).get(column)
        yield rows is None or rows != nulls, (file.get("max") or {}).get(column)


def _by_footers(table: Path, column: str) -> Iterator[tuple[bool, object]]:
    """The same of a Parquet table, by footers and the names of folders."""
    from sparkjobs.state.footers import facts_of  # noqa: PLC0415 (planning does not pay for pyarrow)

    for path in data_files(table):
        places = dict(part.split("=", 1) for part in path.relative_to(table).parts[:-1])
        if column in places:
            held = places[column] != "__HIVE_DEFAULT_PARTITION__"
            yield held, date.fromisoformat(unquote(places[column])) if held else None
            continue
        facts = facts_of(path)
        told = facts.columns.get(column)
        yield facts.rows > 0 and (told is None or told.nulls < told.rows), told.high if told else None


def _instant(value: date) -> datetime:
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
