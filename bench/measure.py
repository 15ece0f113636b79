"""What a command costs, with everything that it starts: a JVM, its Python, their helpers. Linux only."""

import ctypes
import os
import resource
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process and all that descend from it."""

    cpu_s: float
    """In user and in kernel mode, of all cores."""
    wall_s: float


def adopt_orphans() -> None:
    """Become the parent of whatever outlives its parent, so that it is waited for, and its CPU time told."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "orphans cannot be adopted")


def measured(command: list[str], folder: Path, environment: Mapping[str, str], log: Path) -> Cost:
    """Run `command` in `folder` to the end of its last descendant; what it says goes to `log`.

    Raises:
        CalledProcessError: it failed.
    """
    cpu_before, before = _cpu_s(), time.monotonic()
    with log.open("w", encoding="utf-8") as told:
        subprocess.run(command, cwd=folder, env=environment, stdout=told, stderr=told, check=True)
    with suppress(ChildProcessError):
        while True:
            os.wait()
    return Cost(_cpu_s() - cpu_before, time.monotonic() - before)


def _cpu_s() -> float:
    """What children that were waited for have used, with those that they have waited for themselves."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
