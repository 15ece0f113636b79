"""The files of a dbt project: those that lie in its folder, links followed, and no more than are bounded."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from sparkjobs.config.locations import within
from sparkjobs.config.node import MAX_BYTES
from sparkjobs.config.sql import text_of
from sparkjobs.dbt_projects.model import Remark, Remarks, Text
from sparkjobs.errors import UsageError

PROJECT: Final = "dbt_project.yml"
_MAX_FILES: Final = 10_000
_MAX_SEED: Final = 50_000_000
_MADE: Final = frozenset({"dbt_modules", "dbt_packages", "logs", "node_modules", "target", "venv"})
"""Folders that dbt and others make."""


def listed(root: Path, remarks: Remarks) -> Mapping[str, Path]:
    """The regular files in `root`, by their paths in it.

    Raises:
        UsageError: there are too many.
    """
    found: dict[str, Path] = {}
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(one for one in folders if _is_own(Path(folder, one), root, remarks))
        for name in sorted(files):
            path = Path(folder, name)
            if not path.is_file():
                continue
            if not within(path, root):
                remarks.append(_left(path, root, "a link that leads out of the project"))
                continue
            found[path.relative_to(root).as_posix()] = path
            if len(found) > _MAX_FILES:
                raise UsageError(f"{root} holds more than {_MAX_FILES:,} files.", "Nothing was written.")
    return found


def _is_own(folder: Path, root: Path, remarks: Remarks) -> bool:
    if folder.name.startswith(".") or (folder.parent == root and folder.name in _MADE):
        return False
    if folder.is_symlink():
        remarks.append(_left(folder, root, "a link to a folder"))
        return False
    return True


def texts(
    files: Mapping[str, Path], folders: tuple[str, ...], ending: str, remarks: Remarks
) -> Iterator[Text]:
    """What the `files` below `folders` say whose names end so; one that cannot be read is told."""
    for path, file in files.items():
        around = next((one for one in folders if one == "." or path.startswith(f"{one}/")), None)
        if around is None or not path.endswith(ending):
            continue
        try:
            yield Text(path, text_of(file), path.removeprefix(f"{around}/"))
        except (OSError, ValueError) as error:
            remarks.append(Remark(f"{path}:1", f"it cannot be read: {error}", "Bring it by hand"))


def seed_of(file: Path) -> str:
    """The text of a seed to the letter.

    Raises:
        ValueError: it is too long, or not UTF-8.
        OSError: it cannot be read.
    """
    try:
        return bytes_of(file, _MAX_SEED).decode()
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8") from error


def bytes_of(file: Path, most: int = MAX_BYTES) -> bytes:
    """What is in a file.

    Raises:
        ValueError: it is too long.
        OSError: it cannot be read.
    """
    with file.open("rb") as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise ValueError(f"it is too long: at most {most:,} bytes are read")
    return data


def _left(path: Path, root: Path, what: str) -> Remark:
    return Remark(
        f"{path.relative_to(root).as_posix()}:1", f"{what} is not followed", "Copy what it leads to"
    )
