"""A Parquet commit that is killed at any moment is finished by whoever comes next."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from sparkjobs.faults import VARIABLE
from sparkjobs.state import look
from sparkjobs.state.durable import read_json
from sparkjobs.state.journal import Move, interrupted, publish, recover
from tests.unit.projects import plan_of, publish_as_a_run_would, published, write

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

BEFORE = {"p=1/old": "1", "p=2/old": "2", "p=4/q=1/old": "4", "loose": "5"}
STAGED = {
    "_sparkjobs/staging/7-ab/data/p=1/new.parquet": "one",
    "_sparkjobs/staging/7-ab/data/p=3/new.parquet": "three",
    "_sparkjobs/staging/7-ab/data/p=4/q=2/new.parquet": "four",
}
MOVES = (
    Move("loose", None),
    Move("p=2", None),
    Move("p=1", "_sparkjobs/staging/7-ab/data/p=1"),
    Move("p=3", "_sparkjobs/staging/7-ab/data/p=3"),
    Move("p=4/q=2", "_sparkjobs/staging/7-ab/data/p=4/q=2"),
)
AFTER = {
    "p=1/new.parquet": "one",
    "p=3/new.parquet": "three",
    "p=4/q=1/old": "4",
    "p=4/q=2/new.parquet": "four",
}
COMMIT = {"number": 7}
POINTS = (
    "journal.written",
    *(f"journal.move.{index}" for index in range(len(MOVES))),
    "journal.between",
    "journal.moved",
    "journal.recorded",
    "journal.closed",
)


def _killed(point: str, act: Callable[[Path], object], table: Path) -> bool:
    """Whether a process that does `act` dies at `point`, as from SIGKILL."""
    child = os.fork()
    if child == 0:
        try:
            os.environ[VARIABLE] = point
            act(table)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


def _publish(table: Path) -> None:
    publish(table, MOVES, COMMIT)


def _table(root: Path) -> Path:
    return write(root, {**BEFORE, **STAGED})


def _data(table: Path) -> dict[str, str]:
    """The files that a reader of the table can see."""
    files = {str(path.relative_to(table)): path for path in table.rglob("*") if path.is_file()}
    return {name: path.read_text() for name, path in files.items() if not name.startswith("_sparkjobs")}


def _assert_committed_once(table: Path) -> None:
    assert _data(table) == AFTER
    assert read_json(table / "_sparkjobs/committed.json") == {"commit": {**COMMIT, "holds_rows": True}}
    assert [path.name for path in (table / "_sparkjobs").iterdir()] == ["committed.json"]


def test_a_commit_makes_every_move_and_leaves_nothing_behind(tmp_path: Path) -> None:
    _publish(_table(tmp_path))

    _assert_committed_once(tmp_path)
    assert not interrupted(tmp_path)
    assert not recover(tmp_path)


def test_before_the_journal_nothing_has_moved(tmp_path: Path) -> None:
    assert not recover(_table(tmp_path))

    assert _data(tmp_path) == BEFORE


@pytest.mark.parametrize("point", POINTS[:-1])
def test_a_commit_killed_at_any_point_is_finished_by_the_next(tmp_path: Path, point: str) -> None:
    _table(tmp_path)

    assert _killed(point, _publish, tmp_path)

    assert interrupted(tmp_path)
    assert recover(tmp_path)
    _assert_committed_once(tmp_path)
    assert not recover(tmp_path)


@pytest.mark.parametrize("again", POINTS[1:-1])
@pytest.mark.parametrize("point", POINTS[:-1])
def test_a_recovery_that_is_killed_itself_is_finished_by_the_next(
    tmp_path: Path, point: str, again: str
) -> None:
    _table(tmp_path)
    assert _killed(point, _publish, tmp_path)

    died = _killed(again, recover, tmp_path)

    # Only the swap of an old partition for a new one has a moment in between, and it happens once.
    assert died or again == "journal.between"
    recover(tmp_path)
    _assert_committed_once(tmp_path)


def test_a_journal_that_is_killed_at_each_move_in_turn_is_finished(tmp_path: Path) -> None:
    _table(tmp_path)
    assert _killed("journal.written", _publish, tmp_path)

    for point in POINTS[1:-1]:
        if point != "journal.between":
            assert _killed(point, recover, tmp_path)

    assert recover(tmp_path)
    _assert_committed_once(tmp_path)


def test_what_was_committed_stays_whatever_a_killed_clean_up_left(tmp_path: Path) -> None:
    _table(tmp_path)
    assert _killed("journal.closed", _publish, tmp_path)
    assert _data(tmp_path) == AFTER
    assert not interrupted(tmp_path)
    second = {f"_sparkjobs/staging/8-cd/data/{name}/newer": "x" for name in ("p=1", "p=3")}
    write(tmp_path, second)

    moves = [
        Move("p=4", None),
        Move("p=3", "_sparkjobs/staging/8-cd/data/p=3"),
        Move("p=1", "_sparkjobs/staging/8-cd/data/p=1"),
    ]
    publish(tmp_path, moves, {"number": 8})

    assert _data(tmp_path) == {"p=1/newer": "x", "p=3/newer": "x"}
    assert [path.name for path in (tmp_path / "_sparkjobs").iterdir()] == ["committed.json"]


def test_an_append_moves_files_beside_the_old_ones(tmp_path: Path) -> None:
    write(
        tmp_path,
        {**BEFORE, "_sparkjobs/staging/8-cd/data/p=1/f": "f", "_sparkjobs/staging/8-cd/data/p=9/g": "g"},
    )

    moves = [Move(name, f"_sparkjobs/staging/8-cd/data/{name}") for name in ("p=1/f", "p=9/g")]
    publish(tmp_path, moves, {"number": 8})

    assert _data(tmp_path) == {**BEFORE, "p=1/f": "f", "p=9/g": "g"}


def test_a_first_commit_makes_its_folders(tmp_path: Path) -> None:
    write(tmp_path / "t", {"_sparkjobs/staging/1-ab/data/p=1/q=2/f": "f"})

    publish(tmp_path / "t", [Move("p=1/q=2/f", "_sparkjobs/staging/1-ab/data/p=1/q=2/f")], {"number": 1})

    assert _data(tmp_path / "t") == {"p=1/q=2/f": "f"}


@pytest.mark.parametrize("point", ["journal.move.1", "journal.between"])
def test_a_table_whose_rows_are_on_the_move_is_not_lost(tmp_path: Path, point: str) -> None:
    published(tmp_path)
    table = tmp_path / "warehouse/daily"
    write(tmp_path, {"landing/sales/b.csv": "id,amount\n"})
    publish_as_a_run_would(plan_of(tmp_path).jobs[0])
    publish(table, [], {"number": 1, "rows": 1})
    (table / "part-2.parquet").rename(table / "_sparkjobs/part-2.parquet")
    old, new = "part-1.parquet", "part-2.parquet"
    swap = (Move(old, None), Move(new, f"_sparkjobs/{new}"))
    moves = swap if point == "journal.move.1" else (Move(old, f"_sparkjobs/{new}"),)

    assert _killed(point, lambda where: publish(where, moves, {"number": 2, "rows": 1}), table)

    assert _data(table) == {}
    (before,) = plan_of(tmp_path).jobs
    assert (before.committed, before.reasons) == (2, ())
    assert recover(table)
    assert list(_data(table).values()) == ["x"]
    assert look("daily", table, "parquet").lost is None
    write(tmp_path, {"landing/sales/c.csv": "id,amount\n"})
    assert plan_of(tmp_path).jobs[0].reasons == ("sales has other files (1 new)",)
