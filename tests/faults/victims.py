"""Processes that are meant to die: as cheap as they can be, and exactly where they are told to."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import sparkjobs
from sparkjobs.faults import VARIABLE
from tests.projects import REPOSITORY, elsewhere

PATIENCE_S = 300
Process = subprocess.Popen[str]


def start(root: Path, *arguments: str, kill_at: str | None = None, by: Sequence[str] = ()) -> Process:
    """`sparkjobs` on the project in `root`; `by` is the module, with arguments, that starts it otherwise.

    It leads a group of its own, so that what it leaves behind can be ended with it.
    """
    source = Path(sparkjobs.__file__).parents[1]
    environment = {
        **elsewhere(),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYTHONPATH": os.pathsep.join(map(str, (source, REPOSITORY) if by else (source,))),
    }
    if kill_at:
        environment[VARIABLE] = kill_at
    command = [sys.executable, "-m", *(by or ("sparkjobs",)), *arguments, "--project", str(root)]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, env=environment, stdout=pipe, stderr=pipe, text=True, cwd=root, start_new_session=True
    )


def ended(process: Process) -> tuple[int, str]:
    """The exit code of `process`, and what it had to say."""
    try:
        out, errors = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        end(process)
        raise
    return process.returncode, f"{out}\n{errors}"


def end(process: Process) -> None:
    """Make sure that nothing of `process` is left."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=PATIENCE_S)


def killed_at(root: Path, point: str, *arguments: str) -> None:
    """Run until `point`, where the process dies.

    Raises:
        AssertionError: it never came there.
    """
    process = start(root, *(arguments or ("run",)), kill_at=point)
    try:
        code = process.wait(PATIENCE_S)
    finally:
        # its JVM too, which would notice its death a little later
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        told = "\n".join(process.communicate(timeout=PATIENCE_S))
    assert code == -signal.SIGKILL, f"{point} was not reached: exit code {code}\n{told}"


def finished(root: Path, *arguments: str) -> tuple[int, str]:
    """A whole run in a process of its own: its exit code, and what it had to say."""
    return ended(start(root, *(arguments or ("run",))))
