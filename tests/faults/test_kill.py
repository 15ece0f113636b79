"""SIGKILL of a real process at named points: readers keep the old rows, one more run publishes the new ones."""

import pytest

from tests.faults import points
from tests.faults.readers import polling
from tests.faults.trial import Trial, Trials
from tests.faults.victims import killed_at

IN_TURN = [
    ("append", "delta", ("begin.before", "commit.before", "commit.after")),
    ("append", "parquet", ("manifest.written", "journal.move.1", "journal.recorded")),
    ("merge", "delta", ("merge.before", "merge.after")),
    ("scd2", "parquet", ("rewrite.staged", "journal.move.2", "journal.recorded")),
]
"""What dies in every run of the tests: before and after each kind of commit, and in its midst."""


def die(trial: Trial, what: str, where: tuple[str, ...]) -> None:
    """Die at each of the points, one run after the other; then run through. A reader looks meanwhile."""
    expected = points.points(trial.case, trial.format)
    with polling(trial.table) as polled:
        for point in where:
            killed_at(trial.root, point)
            trial.look(expected[point])
        result = trial.run_again()
    if trial.format == "delta":
        assert len(polled.looks) > 5
        trial.only_whole_states(polled)
    assert result.status == ("success" if expected[where[-1]] == "old" else "no-op")
    trial.conclude(what, where, result)


@pytest.mark.parametrize(("mode", "table_format", "where"), IN_TURN)
def test_runs_killed_in_turn(
    trials: Trials,
    mode: str,
    table_format: str,
    where: tuple[str, ...],
) -> None:
    trial = trials.new(mode, table_format)
    trial.begin()
    die(trial, "points in turn", where)


@pytest.mark.exhaustive
@pytest.mark.parametrize(("mode", "table_format", "point"), points.combinations())
def test_a_run_killed_at(
    trials: Trials,
    mode: str,
    table_format: str,
    point: str,
) -> None:
    trial = trials.new(mode, table_format)
    trial.begin()
    die(trial, "points", (point,))


def test_every_point_of_the_source_is_tried_or_excused() -> None:
    tried = {points.generic(point) for _, _, point in points.combinations()}
    assert set(points.named_in_source()) == tried | points.NOT_OF_A_RUN.keys()
    assert not tried & points.NOT_OF_A_RUN.keys()
    assert len({point for _, _, point in points.combinations()}) >= 25


def test_no_call_of_reach_is_overlooked() -> None:
    assert points.calls_in_source() == len(points.named_in_source())
