"""SIGKILL of a real process at named points: readers keep the old rows, one more run publishes the new ones."""

import pytest

from tests.faults import points
from tests.faults.cases import CASES
from tests.faults.readers import polling
from tests.faults.trial import Trial, Trials
from tests.faults.victims import killed_at

IN_TURN = [
    ("append", "delta", ("begin.before", "transform.before", "commit.before", "commit.after")),
    ("append", "parquet", ("manifest.written", "counted", "journal.move.1", "journal.recorded")),
    ("overwrite", "delta", ("judged", "close.after")),
    ("overwrite", "parquet", ("staged", "journal.between", "journal.moved")),
    (
        "overwrite_partitions",
        "delta",
        ("quarantine.before", "quarantine.after", "outcome.written", "close.before"),
    ),
    ("overwrite_partitions", "parquet", ("journal.written", "journal.move.0", "journal.closed")),
    ("merge", "delta", ("merge.before", "merge.after")),
    ("merge", "parquet", ("changes.before", "unseen.before", "rewrite.staged", "journal.move.2")),
    ("scd2", "parquet", ("changes.written", "unseen.after", "commit.after")),
]
"""Each mode and both formats die several times in turn, and together at every point of the source.

A run that only finishes a journal starts no JVM, so the points of a recovery cost little.
"""


def die(trial: Trial, what: str, where: tuple[str, ...]) -> None:
    """Die at each of the points, one run after the other; then run through. A reader looks meanwhile."""
    expected = points.points(trial.case, trial.format)
    with polling(trial.table) as polled:
        for point in where:
            killed_at(trial.root, point)
            trial.look(expected[point])
        result = trial.run_again()
    if trial.format == "delta":
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
    in_turn = {points.generic(point) for _, _, where in IN_TURN for point in where}
    assert in_turn == tried
    assert {mode for mode, _, _ in IN_TURN} == CASES.keys()
    assert len({point for _, _, point in points.combinations()}) >= 25


def test_no_call_of_reach_is_overlooked() -> None:
    assert points.calls_in_source() == len(points.named_in_source())
