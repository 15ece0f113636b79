"""The quarantine of a table: which rejected rows wait there, and which were replayed or discarded.

`<table>/_sparkjobs/quarantine/<number>/<input>/*.json.gz` is in force while manifest `number` is. A later
manifest that replays it says so, and with its commit the rows are no longer there; what fails again lies
under the later number. Rows that were discarded stay on disk, with a note. A row whose file a later manifest
has read again, or rejected again, waits no more: what became of it there counts.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from sparkjobs.state.durable import read_json, write_json
from sparkjobs.state.manifest import committed_chain

_NOTE = "discarded.json"


@dataclass(frozen=True, slots=True)
class Kept:
    """The rows of one input that one run has rejected."""

    input: str
    number: int
    run_id: str
    folder: Path
    last_read: Mapping[str, int]
    """The files of the input, as manifests name them, with the last manifest that has read each whole."""

    def rows(self) -> Iterator[dict[str, Any]]:
        """The records that wait, as they were written."""
        for line in lines(self.folder):
            row = json.loads(line)
            if not self.is_read_again(row["file"]):
                yield row

    def is_read_again(self, file: str) -> bool:
        """Whether a later manifest has read `file`, a URI, again."""
        parts = unquote(urlparse(file).path).split("/")
        names = ("/".join(parts[place:]) for place in range(len(parts)))
        # manifests name files from the project on: of a/x.csv and x.csv, the longer is its own
        name = next((name for name in names if name in self.last_read), "")
        return self.last_read.get(name, 0) > self.number


def waiting(folder: Path, committed: int, whole: frozenset[str]) -> tuple[Kept, ...]:
    """What waits in the quarantine of the table with state `folder`, oldest first.

    Inputs that each run reads `whole` have only the rows that the last one has rejected.

    Raises:
        LostManifestError: the manifests do not go back to the first.
    """
    gone: set[tuple[str, int]] = set()
    last_read: defaultdict[str, dict[str, int]] = defaultdict(dict)
    found: list[Kept] = []
    # who adopts a table reads nothing
    chain = (one for one in committed_chain(folder, committed) if one.mode != "adopt")
    for age, manifest in enumerate(chain):
        for name, rows in _of(folder, manifest.number):
            if (name, manifest.number) not in gone and not (age and name in whole):
                found.append(Kept(name, manifest.number, manifest.run_id, rows, last_read[name]))
        for entry in manifest.inputs:
            part = entry.get("part")
            gone |= {(entry["name"], number) for number in (part or {}).get("replayed", ())}
            for path, *_ in entry.get("files", ()) if part is None else ():  # of a part, rows are left out
                last_read[entry["name"]].setdefault(path, manifest.number)
    return tuple(reversed(found))


def unsettled(kept: tuple[Kept, ...]) -> Iterator[tuple[Kept, dict[str, Any]]]:
    """Each row that waits, once: a record that was rejected by several runs is that of the last."""
    last: dict[tuple[str, str, str], int] = {}
    for one in kept:
        last |= {(one.input, row["file"], row["raw"]): one.number for row in one.rows()}
    for one in kept:
        for row in one.rows():
            if last[one.input, row["file"], row["raw"]] == one.number:
                yield one, row


def discard(folder: Path, number: int, run_id: str) -> None:
    """Say that nobody wants the rows that manifest `number` has rejected."""
    write_json(folder / "quarantine" / str(number) / _NOTE, {"run_id": run_id})


def lines(folder: Path) -> Iterator[str]:
    """The lines of a quarantine folder."""
    for path in sorted(folder.glob("*.json.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
            yield from file


def _of(folder: Path, number: int) -> Iterator[tuple[str, Path]]:
    """The inputs of which a manifest has rejected rows that nobody has discarded, and where these lie."""
    kept = folder / "quarantine" / str(number)
    if kept.is_dir() and read_json(kept / _NOTE) is None:
        for inner in sorted((path for path in kept.iterdir() if path.is_dir()), reverse=True):
            yield inner.name, inner
