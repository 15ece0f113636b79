"""The quarantine of a table: which rejected rows wait there, and which were replayed or discarded.

`<table>/_sparkjobs/quarantine/<number>/<input>/*.json.gz` is in force while manifest `number` is. A later
manifest that replays it says so, and with its commit the rows are no longer there; what fails again lies
under the later number. Rows that were discarded stay on disk, with a note. A row whose file a later manifest
has read again, or rejected again, waits no more: what became of it there counts.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

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
    read_again: frozenset[str] = frozenset()
    """Files that later manifests have read again, as these name them."""

    def rows(self) -> Iterator[dict[str, Any]]:
        """The records that wait, as they were written."""
        for line in lines(self.folder):
            row = json.loads(line)
            if not self.is_read_again(row["file"]):
                yield row

    def is_read_again(self, file: str) -> bool:
        """Whether a later manifest has read `file`, a URI, again."""
        path = unquote(urlparse(file).path)
        return any(path == name or path.endswith(f"/{name}") for name in self.read_again)


def waiting(folder: Path, committed: int, whole: frozenset[str]) -> tuple[Kept, ...]:
    """What waits in the quarantine of the table with state `folder`, oldest first.

    Inputs that each run reads `whole` have only the rows that the last one has rejected.

    Raises:
        LostManifestError: the manifests do not go back to the first.
    """
    gone: set[tuple[str, int]] = set()
    files: dict[str, frozenset[str]] = {}
    found: list[Kept] = []
    read = frozenset[str]()
    for manifest in committed_chain(folder, committed):
        found += [
            one
            for one in _of(folder, manifest, files)
            if one.input not in read and (one.input, one.number) not in gone
        ]
        for entry in manifest.inputs if manifest.mode != "adopt" else ():
            name, part = entry["name"], entry.get("part")
            gone |= {(name, number) for number in (part or {}).get("replayed", ())}
            if part is None:  # else it names files of which it has read some rows
                files[name] = files.get(name, frozenset()) | {path for path, *_ in entry.get("files", ())}
        read = read if manifest.mode == "adopt" else whole
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


def _of(folder: Path, manifest: Manifest, files: dict[str, frozenset[str]]) -> Iterator[Kept]:
    kept = folder / "quarantine" / str(manifest.number)
    if kept.is_dir() and read_json(kept / _NOTE) is None:
        for inner in sorted((path for path in kept.iterdir() if path.is_dir()), reverse=True):
            again = files.get(inner.name, frozenset())
            yield Kept(inner.name, manifest.number, manifest.run_id, inner, again)
