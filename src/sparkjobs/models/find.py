"""Where SQL files lie: below the folders of the packages that hold jobs."""

from collections.abc import Iterable, Iterator
from pathlib import Path


def sql_files(root: Path, packages: Iterable[str]) -> tuple[Path, ...]:
    """The SQL files below `packages`, which are folders of the project in `root`."""
    return tuple(sorted({file for folder in _folders(root, packages) for file in folder.rglob("*.sql")}))


def _folders(root: Path, packages: Iterable[str]) -> Iterator[Path]:
    for package in packages:
        parts = package.split(".")
        if all(map(str.isidentifier, parts)):
            yield root.joinpath(*parts)
