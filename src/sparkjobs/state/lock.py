"""One writer per table: an OS lock that ends with its process."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sparkjobs.errors import LockHeldError


@contextmanager
def locked(job: str, folder: Path, run_id: str) -> Iterator[None]:
    """Hold the lock of the table whose state lies in `folder`.

    Raises:
        LockHeldError: another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockHeldError(job, str(folder.parent), _owner(handle)) from None
        owner = {"host": socket.gethostname(), "pid": os.getpid(), "run_id": run_id}
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(owner).encode(), 0)
        yield
    finally:
        os.close(handle)


def _owner(handle: int) -> str:
    try:
        owner = json.loads(os.pread(handle, 4096, 0))
    except ValueError:
        owner = None
    match owner:
        case {"run_id": run_id, "pid": pid, "host": host}:
            return f"run {run_id} (process {pid} on {host})"
        case _:
            return "another process"
