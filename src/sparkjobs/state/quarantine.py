"""The quarantine of a table: which rejected rows wait there, and which were replayed or discarded.

`<table>/_sparkjobs/quarantine/<number>/<input>/*.json.gz` is in force while manifest `number` is. A later
manifest that replays it says so, and with its commit the rows are no longer there; what fails again lies
under the later number. Rows that were discarded stay on disk, with a note.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparkjobs.state.durable import read_json, write_json
from sparkjobs.state.manifest import Manifest, committed_chain

_NOTE = "discarded.json"


@dataclass(frozen=True, slots=True)
class Kept:
    """The rows of one input that one run has rejected."""

    input: str
    number: int
    run_id: str
    folder: Path

    def rows(self) -> Iterator[dict[str, Any]]:
        """The records, as they were written."""
        for line in lines(self.folder):
            yield json.loads(line)


def waiting(folder: Path, committed: int, whole: frozenset[str]) -> tuple[Kept, ...]:
    """What waits in the quarantine of the table with state `folder`, oldest first.

    Inputs that each run reads `whole` have only the rows that the last one has rejected.

    Raises:
        LostManifestError: the manifests do not go back to the first.
    """
    replayed: set[tuple[str, int]] = set()
    found: list[Kept] = []
    read = frozenset[str]()
    for manifest in committed_chain(folder, committed):
        out = replayed | {(name, manifest.number) for name in read}
        found += [one for one in _of(folder, manifest) if (one.input, one.number) not in out]
        read = read if manifest.mode == "adopt" else whole
        for entry in manifest.inputs:
            numbers = (entry.get("part") or {}).get("replayed", ())
            replayed |= {(entry["name"], number) for number in numbers}
    return tuple(reversed(found))


def discard(folder: Path, number: int, run_id: str) -> None:
    """Say that nobody wants the rows that manifest `number` has rejected."""
    write_json(folder / "quarantine" / str(number) / _NOTE, {"run_id": run_id})


def lines(folder: Path) -> Iterator[str]:
    """The lines of a quarantine folder."""
    for path in sorted(folder.glob("*.json.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
            yield from file


def _of(folder: Path, manifest: Manifest) -> Iterator[Kept]:
    kept = folder / "quarantine" / str(manifest.number)
    if kept.is_dir() and read_json(kept / _NOTE) is None:
        for inner in sorted((path for path in kept.iterdir() if path.is_dir()), reverse=True):
            yield Kept(inner.name, manifest.number, manifest.run_id, inner)
