"""Small files that are either whole and on disk, or not there."""

import json
import os
from pathlib import Path
from typing import Any

from sparkjobs.errors import DamagedStateError


def write_json(path: Path, content: object) -> None:
    """`path` becomes `content` in one step that survives a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync(path.parent)


def read_json(path: Path) -> Any | None:  # noqa: ANN401 (whatever was written)
    """What `write_json` wrote to `path`; None when there is no such file.

    Raises:
        DamagedStateError: something else has changed it since.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:
        raise DamagedStateError(str(path), str(error)) from error


def sync(path: Path) -> None:
    """Make durable what another process, or a rename, did to the file or folder `path`."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
