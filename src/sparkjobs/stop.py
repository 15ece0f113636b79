"""SIGTERM: a run that is told to stop ends by an exception, and not in the midst of a commit."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stopped(BaseException):
    """The process was told to end. No `Exception`, so that no broad `except` keeps it."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Inside, SIGTERM raises `Stopped`. Only in the main thread; in any other this does nothing.

    Raises:
        Stopped: SIGTERM came.
    """

    def stop() -> None:
        raise Stopped

    with on_sigterm(stop):
        yield


@contextmanager
def held_back() -> Iterator[None]:
    """Inside, SIGTERM waits; after the block it does what it would have done, even if the block failed.

    For what should not be torn. Only in the main thread; no other is interrupted by a signal.

    Raises:
        Stopped: SIGTERM came meanwhile, and `stoppable` is around.
    """
    came = False

    def remember() -> None:
        nonlocal came
        came = True

    try:
        with on_sigterm(remember):
            yield
    finally:
        # Sent again rather than raised: around may be another block like this one, or none at all.
        if came:
            signal.raise_signal(signal.SIGTERM)


@contextmanager
def on_sigterm(act: Callable[[], None]) -> Iterator[None]:
    """Inside, SIGTERM only calls `act`. In a thread that is not the main one this does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: act())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Halt:
    """What tells the jobs of a run to stop, in whatever threads they run; each does at its next step."""

    def __init__(self) -> None:
        self._told = threading.Event()
        self._lock = threading.Lock()
        self._held: set[str] = set()

    @property
    def told(self) -> bool:
        """Whether the run was told to stop."""
        return self._told.is_set()

    def tell(self) -> frozenset[str]:
        """Tell them. The jobs that are held back are given, for nothing of theirs may be cut short."""
        with self._lock:
            self._told.set()
            return frozenset(self._held)

    def check(self) -> None:
        """Go on, if that is allowed.

        Raises:
            Stopped: it is not.
        """
        if self.told:
            raise Stopped

    def wait(self, wait_s: float) -> None:
        """Sleep so long, or until the run is told to stop.

        Raises:
            Stopped: it was.
        """
        self._told.wait(wait_s)
        self.check()

    @contextmanager
    def held_back(self, job: str) -> Iterator[None]:
        """`held_back`, for a part of `job` that may run in another thread.

        Raises:
            Stopped: the run was told to stop before.
        """
        with self._lock:
            self.check()
            self._held.add(job)
        try:
            with held_back():
                yield
        finally:
            self._held.discard(job)
