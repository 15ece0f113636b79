"""Outcomes: what a run learned from the data it read, in force once its manifest is committed.

`<table>/_sparkjobs/outcomes/<number>.json` is written just before the commit, beside the manifest that
was written before any data was read.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from sparkjobs.errors import DamagedStateError
from sparkjobs.state.durable import read_json, write_json


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far the published rows reach, as Spark writes values in UTC."""

    mark: str | None = None
    """The high-water mark: the highest cursor of an input that is read by column."""
    newest: str | None = None
    """The highest `sequence_by` of a history."""
    unseen: bool = False
    """Whether the run has kept events that left no row in the table."""


def write_outcome(folder: Path, number: int, outcome: Outcome) -> None:
    """Write down what manifest `number` will have brought about."""
    write_json(_path(folder, number), asdict(outcome))


def read_outcome(folder: Path, number: int) -> Outcome:
    """What the committed manifest `number` has brought about; an empty outcome for 0, before the first.

    Raises:
        DamagedStateError: something else has changed or removed it since.
    """
    if not number:
        return Outcome()
    path = _path(folder, number)
    content = read_json(path)
    if content is None:
        raise DamagedStateError(str(path), "it is gone")
    return Outcome(**content)


def written_at(folder: Path, number: int) -> datetime:
    """When the outcome of manifest `number` was written, which is just before it was committed.

    Raises:
        DamagedStateError: something else has removed it since.
    """
    path = _path(folder, number)
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError as error:
        raise DamagedStateError(str(path), "it is gone") from error


def _path(folder: Path, number: int) -> Path:
    return folder / "outcomes" / f"{number}.json"
