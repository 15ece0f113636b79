"""The repair is killed too: at each of its points, and in turn, until it is done."""

import signal

import pytest

from tests.faults.points import points
from tests.faults.trial import Trial, Trials
from tests.faults.victims import ended, killed_at, start

JOURNAL = (
    "journal.written",
    "journal.move.0",
    "journal.between",
    "journal.move.1",
    "journal.moved",
    "journal.recorded",
    "journal.closed",
)
PAIRS = [(one, other) for one in JOURNAL[:-1] for other in JOURNAL[JOURNAL.index("journal.move.0") :]]

pytestmark = pytest.mark.exhaustive


def die_if_there(trial: Trial, point: str) -> bool:
    """Let the next run die at `point`; whether it came there. Else it has run through."""
    code, told = ended(start(trial.root, "run", kill_at=point))
    assert code in (0, -signal.SIGKILL), told
    return code != 0


@pytest.mark.parametrize("mode", ["append", "overwrite", "overwrite_partitions", "merge", "scd2"])
@pytest.mark.parametrize("first", JOURNAL[:-1])
def test_a_recovery_that_is_killed_again_and_again(trials: Trials, mode: str, first: str) -> None:
    trial = trials.new(mode, "parquet")
    trial.begin()
    if first not in points(trial.case, "parquet"):
        pytest.skip(f"{mode} does not come by {first}")
    killed_at(trial.root, first)
    died = [point for point in JOURNAL[1:] if die_if_there(trial, point)]
    trial.look_after_any_moment()
    result = trial.run_again()
    assert result.status == "no-op"
    trial.conclude("recovery killed", (first, *died), result)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_a_recovery_killed_once(trials: Trials, one: str, other: str) -> None:
    trial = trials.new("overwrite_partitions", "parquet")
    trial.begin()
    killed_at(trial.root, one)
    died = (one, other) if die_if_there(trial, other) else (one,)
    result = trial.run_again()
    assert result.status == "no-op"
    trial.conclude("recovery killed", died, result)


@pytest.mark.parametrize("mode", ["append", "overwrite", "overwrite_partitions", "merge", "scd2"])
def test_a_delta_run_killed_at_each_of_its_points_in_turn(trials: Trials, mode: str) -> None:
    trial = trials.new(mode, "delta")
    trial.begin()
    where = tuple(point for point, seen in points(trial.case, "delta").items() if seen == "old")
    for point in where:
        killed_at(trial.root, point)
        trial.look("old")
    result = trial.run_again()
    assert result.status == "success"
    trial.conclude("recovery killed", where, result)
