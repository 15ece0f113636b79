"""One writer per table, and no lock outlives its process."""

import subprocess
import sys
from pathlib import Path

import pytest

from sparkjobs.errors import LockHeldError
from sparkjobs.state import locked

OWNER = """
import sys
from pathlib import Path
from sparkjobs.state import locked
with locked("daily", Path(sys.argv[1]), "run-1"):
    print("held", flush=True)
    sys.stdin.read()
"""


def _owner(folder: Path) -> "subprocess.Popen[str]":
    """A process that holds the lock until its input ends or it is killed."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "held\n"
    return owner


def test_a_second_process_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    with (
        _owner(tmp_path / "_sparkjobs") as owner,
        pytest.raises(LockHeldError) as caught,
        locked("daily", tmp_path / "_sparkjobs", "run-2"),
    ):
        pytest.fail("two processes hold one lock")

    assert caught.value.exit_code == 10
    assert caught.value.retryable
    assert caught.value.path == str(tmp_path)
    assert caught.value.owner.startswith(f"run run-1 (process {owner.pid} on ")


def test_the_lock_ends_with_a_killed_process(tmp_path: Path) -> None:
    with _owner(tmp_path) as owner:
        owner.kill()
        owner.wait()

        with locked("daily", tmp_path, "run-2"):
            assert '"run_id": "run-2"' in (tmp_path / "lock").read_text()


def test_the_lock_is_free_again_after_its_block_and_after_an_error(tmp_path: Path) -> None:
    with locked("daily", tmp_path, "run-1"):
        pass
    with pytest.raises(ZeroDivisionError), locked("daily", tmp_path, "run-2"):
        raise ZeroDivisionError
    with locked("daily", tmp_path, "run-3"):
        pass


def test_the_same_process_cannot_hold_it_twice(tmp_path: Path) -> None:
    with locked("daily", tmp_path, "a"), pytest.raises(LockHeldError), locked("daily", tmp_path, "b"):
        pytest.fail("held twice")


def test_two_tables_have_two_locks(tmp_path: Path) -> None:
    with locked("daily", tmp_path / "a", "run"), locked("weekly", tmp_path / "b", "run"):
        assert (tmp_path / "a/lock").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", "\x00" * 9])
def test_a_lock_file_full_of_rubbish_still_locks(tmp_path: Path, text: str) -> None:
    with _owner(tmp_path):
        (tmp_path / "lock").write_text(text)

        with pytest.raises(LockHeldError) as caught, locked("daily", tmp_path, "run-2"):
            pytest.fail("two processes hold one lock")

    assert caught.value.owner == "another process"
