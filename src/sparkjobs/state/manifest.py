"""Manifests: what a run meant to read and with which code, written before any data is computed.

`<table>/_sparkjobs/manifests/<number>.json` is never edited. The commit carries the number, so the
highest committed number says which manifest is in force.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sparkjobs.errors import LostManifestError
from sparkjobs.state.durable import read_json, sync, write_json


@dataclass(frozen=True, slots=True)
class Manifest:
    """The inputs and fingerprints of one intended commit."""

    job: str
    number: int
    base: int
    """The number that was committed when this one was written; 0 for none."""
    run_id: str
    code: str
    conf: str
    inputs: tuple[dict[str, Any], ...]
    mode: str = ""
    """How the commit changes the table; "" where an older version wrote the manifest."""

    def same_work(self, other: "Manifest") -> bool:
        """Whether both mean the same inputs, code and conf on the same base."""
        return replace(self, number=0, run_id="") == replace(other, number=0, run_id="")


def begin(folder: Path, wanted: Manifest, above: int | None = None) -> Manifest:
    """Write `wanted` down under the next free number, or take up the same work left unfinished.

    `above` is the committed number, where that is not `wanted.base`.
    """
    committed = wanted.base if above is None else above
    last = read(folder, latest_number(folder))
    if last and last.number > committed and last.same_work(wanted):
        sync(folder / "manifests")  # whoever wrote it may have died before its name was on disk
        return last
    manifest = replace(wanted, number=max(committed, last.number if last else 0) + 1)
    write_json(_path(folder, manifest.number), asdict(manifest))
    return manifest


def latest_number(folder: Path) -> int:
    """The highest number that a manifest has, committed or not; 0 for none."""
    numbers = [int(path.stem) for path in (folder / "manifests").glob("*.json") if path.stem.isdigit()]
    return max(numbers, default=0)


def read(folder: Path, number: int) -> Manifest | None:
    """Manifest `number`; None when it is not there."""
    content = read_json(_path(folder, number))
    return None if content is None else Manifest(**{**content, "inputs": tuple(content["inputs"])})


def committed_chain(folder: Path, number: int) -> Iterator[Manifest]:
    """The committed manifests from `number` back to the first, or to the last that replaced the table.

    Raises:
        LostManifestError: one is gone that another goes on from.
    """
    manifest = read(folder, number)
    while manifest:
        yield manifest
        base = 0 if manifest.mode == "overwrite" else manifest.base
        below = read(folder, base)
        if base and below is None:
            raise LostManifestError(manifest.job, str(folder.parent), base)
        manifest = below


def _path(folder: Path, number: int) -> Path:
    return folder / "manifests" / f"{number}.json"
