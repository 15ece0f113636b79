"""Where SQL files and what tells of them lie: below the folders of the packages that hold jobs."""

from collections.abc import Iterable, Iterator
from pathlib import Path


def files_below(root: Path, packages: Iterable[str], ending: str) -> tuple[Path, ...]:
    """The files below `packages`, which are folders of the project in `root`, that end so."""
    return tuple(sorted({file for folder in _folders(root, packages) for file in folder.rglob(f"*{ending}")}))


def _folders(root: Path, packages: Iterable[str]) -> Iterator[Path]:
    for package in packages:
        parts = package.split(".")
        if all(map(str.isidentifier, parts)):
            yield root.joinpath(*parts)
