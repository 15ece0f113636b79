"""SIGTERM: a run that is told to stop ends by an exception, and not in the midst of a commit."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Stopped(BaseException):
    """The process was told to end. No `Exception`, so that no broad `except` keeps it."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Inside, SIGTERM raises `Stopped`. Only in the main thread; in any other this does nothing.

    Raises:
        Stopped: SIGTERM came.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Stopped

    with _handled_by(stop):
        yield


@contextmanager
def held_back() -> Iterator[None]:
    """Inside, SIGTERM waits; after the block it does what it would have done, even if the block failed.

    For what should not be torn. Only in the main thread; no other is interrupted by a signal.

    Raises:
        Stopped: SIGTERM came meanwhile, and `stoppable` is around.
    """
    came = False

    def remember(_number: int, _frame: FrameType | None) -> None:
        nonlocal came
        came = True

    try:
        with _handled_by(remember):
            yield
    finally:
        # Sent again rather than raised: around may be another block like this one, or none at all.
        if came:
            signal.raise_signal(signal.SIGTERM)


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
