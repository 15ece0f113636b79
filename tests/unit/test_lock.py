"""One writer per table, and no lock outlives its process."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from sparkjobs.errors import LockHeldError
from sparkjobs.state.lock import Lock, locked

DEADLINE_S = 30
OWNER = """
import sys
from pathlib import Path
from sparkjobs.state.lock import locked
with locked("daily", Path(sys.argv[1]), "run-1"):
    print("held", flush=True)
    for line in sys.stdin:
        print("went on", flush=True)
"""
COUNTER = """
import sys
from pathlib import Path
from sparkjobs.state.lock import locked
folder = Path(sys.argv[1])
sys.stdin.readline()
for turn in range(25):
    with locked("daily", folder, sys.argv[2], wait_s=60):
        count = int((folder / "count").read_text())
        (folder / "count").write_text(str(count + 1))
"""
FORKER = """
import os, signal, sys, time
from pathlib import Path
from sparkjobs.state.lock import locked
with locked("daily", Path(sys.argv[1]), "run-1"):
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        time.sleep(60)
        os._exit(0)
    sys.stdin.read()
"""


def _process(code: str, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


@contextmanager
def _owner(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that holds the lock until its input ends or it is killed."""
    with _process(OWNER, folder) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "held\n"
        yield owner


def _refused(folder: Path, wait_s: float = 0) -> LockHeldError:
    with pytest.raises(LockHeldError) as caught, locked("daily", folder, "run-2", wait_s):
        pytest.fail("two processes hold one lock")
    return caught.value


def test_a_second_process_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    with _owner(tmp_path / "_sparkjobs") as owner:
        error = _refused(tmp_path / "_sparkjobs")

    assert error.exit_code == 10
    assert error.retryable
    assert error.path == str(tmp_path)
    assert re.fullmatch(rf"run run-1 \(process {owner.pid} on [^ ]+, for [0-9] s\)", error.owner)


def test_it_is_told_for_how_long(tmp_path: Path) -> None:
    with _owner(tmp_path):
        owner = json.loads((tmp_path / "lock").read_text())
        (tmp_path / "lock").write_text(json.dumps({**owner, "since": owner["since"] - 3600}))

        assert re.search(r", for 360[0-9] s\)$", _refused(tmp_path).owner)


def test_an_owner_whose_clock_is_ahead_holds_it_for_no_time(tmp_path: Path) -> None:
    with _owner(tmp_path):
        owner = json.loads((tmp_path / "lock").read_text())
        (tmp_path / "lock").write_text(json.dumps({**owner, "since": owner["since"] + 3600}))

        assert _refused(tmp_path).owner.endswith(", for 0 s)")


def test_a_killed_owner_is_told_to_whoever_takes_its_lock_over(tmp_path: Path) -> None:
    before = time.time()
    with _owner(tmp_path) as owner:
        owner.kill()
        owner.wait()

        with locked("daily", tmp_path, "run-2") as lock:
            assert '"run_id": "run-2"' in (tmp_path / "lock").read_text()

    assert lock.taken_from is not None
    assert (lock.taken_from.run_id, lock.taken_from.pid) == ("run-1", owner.pid)
    assert before <= lock.taken_from.since <= time.time()
    assert str(lock.taken_from) == f"run run-1 (process {owner.pid} on {lock.taken_from.host})"


def test_a_killed_owner_is_told_once(tmp_path: Path) -> None:
    with _owner(tmp_path) as owner:
        owner.kill()
    with locked("daily", tmp_path, "run-2"):
        pass

    with locked("daily", tmp_path, "run-3") as lock:
        assert lock == Lock(taken_from=None)


def test_the_lock_is_free_again_after_its_block_and_after_an_error(tmp_path: Path) -> None:
    with locked("daily", tmp_path, "run-1"):
        pass
    with pytest.raises(ZeroDivisionError), locked("daily", tmp_path, "run-2") as lock:
        raise ZeroDivisionError
    assert lock.taken_from is None
    with locked("daily", tmp_path, "run-3") as lock:
        assert lock.taken_from is None
    assert (tmp_path / "lock").read_text() == ""


def test_the_same_process_cannot_hold_it_twice(tmp_path: Path) -> None:
    with locked("daily", tmp_path, "a"):
        _refused(tmp_path)


def test_two_tables_have_two_locks(tmp_path: Path) -> None:
    with locked("daily", tmp_path / "a", "run"), locked("weekly", tmp_path / "b", "run"):
        assert (tmp_path / "a/lock").exists()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", "null", "\x00" * 9, '{"run_id": 1, "pid": "x", "host": null, "since": "y"}'],
)
def test_a_lock_file_full_of_rubbish_still_locks_and_names_nobody(tmp_path: Path, text: str) -> None:
    with _owner(tmp_path) as owner:
        (tmp_path / "lock").write_text(text)

        assert _refused(tmp_path).owner == "another process"

        owner.kill()
        owner.wait()
        with locked("daily", tmp_path, "run-2") as lock:
            assert lock.taken_from is None


def test_who_waits_gets_the_lock_as_soon_as_it_is_free(tmp_path: Path) -> None:
    with _owner(tmp_path) as owner, _process(COUNTER, tmp_path, "waiter") as waiter:
        (tmp_path / "count").write_text("0")
        _go(waiter)
        time.sleep(0.5)
        assert (tmp_path / "count").read_text() == "0"

        owner.communicate("", timeout=DEADLINE_S)
        waiter.communicate("", timeout=DEADLINE_S)

    assert (tmp_path / "count").read_text() == "25"


def test_who_waits_in_vain_is_told_after_that_time(tmp_path: Path) -> None:
    with _owner(tmp_path):
        started = time.monotonic()
        _refused(tmp_path, wait_s=0.3)
        waited_s = time.monotonic() - started

    assert 0.3 <= waited_s < DEADLINE_S


def test_a_paused_owner_keeps_the_lock_and_goes_on(tmp_path: Path) -> None:
    with _owner(tmp_path) as owner:
        assert owner.stdout is not None
        owner.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, owner.pid, os.WSTOPPED | os.WNOWAIT)

        assert f"(process {owner.pid} on " in _refused(tmp_path, wait_s=0.5).owner

        owner.send_signal(signal.SIGCONT)
        _go(owner)
        assert owner.stdout.readline() == "went on\n"
        _refused(tmp_path)
        owner.communicate("", timeout=DEADLINE_S)
        assert owner.returncode == 0
        with locked("daily", tmp_path, "run-2") as lock:
            assert lock.taken_from is None


def test_eight_processes_that_count_under_the_lock_lose_nothing(tmp_path: Path) -> None:
    (tmp_path / "count").write_text("0")
    counters = [_process(COUNTER, tmp_path, f"run-{number}") for number in range(8)]
    for counter in counters:
        _go(counter)
    for counter in counters:
        counter.communicate(timeout=4 * DEADLINE_S)

    assert [counter.returncode for counter in counters] == [0] * 8
    assert (tmp_path / "count").read_text() == "200"
    assert (tmp_path / "lock").read_text() == ""


def test_a_program_that_the_owner_has_started_does_not_keep_the_lock(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "input()"]
    with ExitStack() as started:
        for run in range(20):
            with locked("daily", tmp_path, f"run-{run}"):
                program = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, close_fds=False)
            started.callback(program.communicate, "\n")
            assert program.poll() is None


def test_a_process_forked_from_the_owner_does_not_keep_the_lock_after_its_death(tmp_path: Path) -> None:
    with _process(FORKER, tmp_path) as owner:
        assert owner.stdout is not None
        child = int(owner.stdout.readline())
        try:
            _refused(tmp_path)
            owner.kill()
            owner.wait()

            with locked("daily", tmp_path, "run-2") as lock:
                assert lock.taken_from is not None
            os.kill(child, 0)
        finally:
            os.kill(child, signal.SIGKILL)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_process_forked_from_the_owner_gives_nothing_back_when_it_leaves_the_block(tmp_path: Path) -> None:
    held = locked("daily", tmp_path, "run-1")
    with held:
        written = (tmp_path / "lock").read_text()
        child = os.fork()
        if child == 0:
            try:
                held.__exit__(None, None, None)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        assert (tmp_path / "lock").read_text() == written
        _refused(tmp_path)


def test_a_folder_that_was_moved_away_takes_its_lock_with_it(tmp_path: Path) -> None:
    with _owner(tmp_path / "table"):
        (tmp_path / "table").rename(tmp_path / "gone")

        with locked("daily", tmp_path / "table", "run-2") as lock:
            assert lock.taken_from is None
        _refused(tmp_path / "gone")
