"""SIGTERM ends a run by an exception, held back while a commit is under way."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sparkjobs.state import locked
from sparkjobs.stop import Halt, Stopped, held_back, stoppable

DEADLINE_S = 30


@pytest.fixture(autouse=True)
def handler() -> Iterator[object]:
    """What SIGTERM did before a test; the same must hold after it."""
    before = signal.getsignal(signal.SIGTERM)
    yield before
    assert signal.getsignal(signal.SIGTERM) is before


def _terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_sigterm_raises_where_the_run_is() -> None:
    with stoppable(), pytest.raises(Stopped):
        _terminate()


def test_it_is_no_exception_that_a_broad_except_would_keep() -> None:
    assert not issubclass(Stopped, Exception)


def test_a_blocking_call_is_left() -> None:
    started = time.monotonic()
    timer = threading.Timer(0.1, _terminate)
    timer.start()

    with pytest.raises(Stopped), stoppable():
        time.sleep(DEADLINE_S)

    timer.join()
    assert time.monotonic() - started < DEADLINE_S / 2


def test_without_a_signal_nothing_happens() -> None:
    with stoppable(), held_back():
        done = True

    assert done


def test_the_handler_is_restored_after_an_error(handler: object) -> None:
    with pytest.raises(ZeroDivisionError), stoppable(), held_back():
        raise ZeroDivisionError

    assert signal.getsignal(signal.SIGTERM) is handler


def test_what_is_held_back_is_raised_when_the_block_ends() -> None:
    seen = []

    def work() -> None:
        with held_back():
            _terminate()
            seen.append("inside")
        seen.append("after")

    with stoppable(), pytest.raises(Stopped):
        work()

    assert seen == ["inside"]


def test_nested_blocks_hold_back_until_the_outermost_ends() -> None:
    seen = []

    def work() -> None:
        with held_back():
            with held_back():
                _terminate()
                seen.append("inner")
            seen.append("outer")
        seen.append("after")

    with stoppable(), pytest.raises(Stopped):
        work()

    assert seen == ["inner", "outer"]


def test_a_signal_between_two_blocks_is_raised_at_once() -> None:
    with stoppable():
        with held_back():
            pass
        with pytest.raises(Stopped):
            _terminate()
        with held_back():
            done = True

    assert done


def test_several_signals_inside_one_block_stop_once() -> None:
    def work() -> None:
        with held_back():
            _terminate()
            _terminate()

    with stoppable():
        with pytest.raises(Stopped):
            work()
        done = True

    assert done


def test_a_block_that_fails_after_a_signal_stops_and_names_the_failure() -> None:
    def work() -> None:
        with held_back():
            _terminate()
            raise ZeroDivisionError

    with stoppable(), pytest.raises(Stopped) as caught:
        work()

    assert isinstance(caught.value.__context__, ZeroDivisionError)


def test_a_run_can_be_stopped_again_after_it_was_stopped() -> None:
    for _ in range(3):
        with pytest.raises(Stopped), stoppable():
            _terminate()


def test_another_thread_is_left_alone() -> None:
    def work() -> None:
        with stoppable(), held_back():
            done.append("worked")

    done: list[str] = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert done == ["worked"]


def test_a_halt_stops_at_the_next_step_and_not_before_it_is_told() -> None:
    halt = Halt()
    halt.check()
    halt.wait(0)
    assert not halt.told

    halt.tell()

    assert halt.told
    with pytest.raises(Stopped):
        halt.check()


def test_a_halt_ends_a_wait() -> None:
    halt = Halt()
    timer = threading.Timer(0.1, halt.tell)
    started = time.monotonic()
    timer.start()

    with pytest.raises(Stopped):
        halt.wait(DEADLINE_S)

    timer.join()
    assert time.monotonic() - started < DEADLINE_S / 2


def test_a_halt_spares_what_is_held_back_and_lets_nothing_else_begin_to_be() -> None:
    halt = Halt()
    seen = []

    with halt.held_back("one"):
        with halt.held_back("two"):
            pass
        assert halt.tell() == {"one"}
        seen.append("one goes on")
        with pytest.raises(Stopped), halt.held_back("two"):
            seen.append("two began")

    assert seen == ["one goes on"]
    assert halt.tell() == frozenset()


def test_a_halts_block_holds_the_signal_back_too() -> None:
    seen = []

    def work() -> None:
        with Halt().held_back("one"):
            _terminate()
            seen.append("inside")
        seen.append("after")

    with stoppable(), pytest.raises(Stopped):
        work()

    assert seen == ["inside"]


RUN = """
import sys, time
from pathlib import Path
from sparkjobs.state import locked
from sparkjobs.stop import Stopped, held_back, stoppable
table = Path(sys.argv[1])
def commit():
    print("committing", flush=True)
    time.sleep(0.5)
    (table / "half").write_text("1")
    time.sleep(0.5)
    (table / "whole").write_text("2")
try:
    with stoppable(), locked("daily", table, "run-1"):
        {body}
        print("after", flush=True)
        time.sleep(60)
except Stopped:
    sys.exit(143)
"""
BODIES = {
    "held back": "with held_back(): commit()",
    "bare": "commit()",
    "no handler around": "__import__('signal').signal(15, __import__('signal').SIG_DFL)\n"
    "        with held_back(): commit()",
}


@pytest.mark.parametrize(
    ("body", "left", "code"),
    [
        ("held back", {"half", "whole", "lock"}, 143),
        ("bare", {"lock"}, 143),
        ("no handler around", {"half", "whole", "lock"}, -signal.SIGTERM),
    ],
)
def test_a_process_that_is_told_to_stop_while_it_commits(
    tmp_path: Path, body: str, left: set[str], code: int
) -> None:
    script = RUN.format(body=BODIES[body])
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "committing\n"
        run.terminate()
        out, _ = run.communicate(timeout=DEADLINE_S)

    assert (run.returncode, out) == (code, "")
    assert {path.name for path in tmp_path.iterdir()} == left
    with locked("daily", tmp_path, "run-2") as lock:
        orderly = lock.taken_from is None
    assert orderly == (code > 0)
