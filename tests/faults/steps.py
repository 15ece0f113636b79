"""A run that dies at its nth step on disk: just before it opens a file to write, renames or removes one.

`python -m tests.faults.steps STOP LOG FOLDER run …` counts the steps below FOLDER, writes each to LOG
and dies before step STOP; 0 is never. No hook in the code is needed, so none can be forgotten.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from sparkjobs.cli import main

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def _path(event: str, given: tuple[Any, ...]) -> str | None:
    """What the step is about to change; None when it changes nothing."""
    match event:
        case "open":
            path, mode, flags = given
            writes = bool(flags & _WRITES) or any(letter in (mode or "") for letter in "wax+")
            return _placed(path, -1) if writes else None
        case "os.rename":
            return _placed(given[1], given[3])
        case "os.mkdir":
            return _placed(given[0], given[2])
        case "os.remove" | "os.rmdir":
            return _placed(given[0], given[1])
        case _:
            return None


def _placed(path: object, folder: int) -> str | None:
    """The whole path of what is named by itself or below an open folder."""
    if not isinstance(path, str | bytes | os.PathLike):
        return None
    place = Path(f"/proc/self/fd/{folder}").readlink() if folder >= 0 else Path.cwd()
    return str(place / os.fsdecode(path))


def arm(stop: int, log: Path, folder: Path) -> None:
    """Count from now on."""
    counted, below = 0, f"{folder}/"
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def step(event: str, given: tuple[Any, ...]) -> None:
        nonlocal counted
        path = _path(event, given)
        if path and path.startswith(below):
            counted += 1
            os.write(handle, f"{event} {path.removeprefix(below)}\n".encode())
            if counted == stop:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(step)


if __name__ == "__main__":
    arm(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
    del sys.argv[1:4]
    main()
