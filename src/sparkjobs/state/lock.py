"""One writer per table: an OS lock that ends with its process, however that ends."""

import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from sparkjobs.errors import LockHeldError

_POLL_S = 0.05
_held: set[int] = set()
"""The handles under which this process, and not the one it was forked from, holds a lock."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a lock, as the lock's file says."""

    run_id: str
    pid: int
    host: str
    since: float
    """Seconds since 1970 by the owner's clock."""

    def __str__(self) -> str:
        return f"run {self.run_id} (process {self.pid} on {self.host})"


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that is held."""

    taken_from: Owner | None
    """Who held it last and died with it; None where the last owner gave it back."""


@contextmanager
def locked(
    job: str, folder: Path, run_id: str, wait_s: float = 0, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Lock]:
    """Hold the lock of the table whose state lies in `folder`, once it is free.

    Raises:
        LockHeldError: another process or thread holds it, and did so for `wait_s`.
    """
    handle = _acquired(job, folder, wait_s, sleep)
    _held.add(handle)
    try:
        dead = _owner(handle)
        _write(handle, Owner(run_id, os.getpid(), socket.gethostname(), time.time()))
        yield Lock(dead)
    finally:
        if handle in _held:  # a forked process that comes out of the block too has nothing to give back
            _held.remove(handle)
            # Emptied first: whoever comes next must not take an orderly end for a death.
            os.ftruncate(handle, 0)
            # Given back by name: a program that is being started may hold its copy a moment longer.
            fcntl.flock(handle, fcntl.LOCK_UN)
            os.close(handle)


def _acquired(job: str, folder: Path, wait_s: float, sleep: Callable[[float], None]) -> int:
    until = time.monotonic() + wait_s
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        # Opened anew each time: the folder may have been moved away meanwhile, and its lock with it.
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = _owner(handle)
            os.close(handle)
        else:
            return handle
        left_s = until - time.monotonic()
        if left_s <= 0:
            raise LockHeldError(job, str(folder.parent), _told(owner))
        sleep(min(_POLL_S, left_s))


def _write(handle: int, owner: Owner) -> None:
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps(asdict(owner)).encode(), 0)


def _owner(handle: int) -> Owner | None:
    try:
        found = json.loads(os.pread(handle, 4096, 0))
    except ValueError:
        return None
    match found:
        case {"run_id": str(run_id), "pid": int(pid), "host": str(host), "since": int() | float() as since}:
            return Owner(run_id, pid, host, since)
        case _:
            return None


def _told(owner: Owner | None) -> str:
    if owner is None:
        return "another process"
    for_s = max(0, time.time() - owner.since)
    return f"run {owner.run_id} (process {owner.pid} on {owner.host}, for {for_s:.0f} s)"


def _let_go() -> None:
    """In a forked process: close what it would otherwise hold on to after its parent's death."""
    while _held:
        os.close(_held.pop())


os.register_at_fork(after_in_child=_let_go)
