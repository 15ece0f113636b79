"""Dying while a person mends a table: `state adopt` and `restore` can simply be given again."""

import pytest
from deltalake import DeltaTable

from tests.faults.cases import APPEND, deliver
from tests.faults.points import NOT_OF_A_RUN
from tests.faults.trial import Trials
from tests.faults.victims import finished, killed_at
from tests.projects import run


def test_all_points_that_are_not_of_a_run_are_here() -> None:
    here = {point for point, where in NOT_OF_A_RUN.items() if "test_upkeep.py" in where}
    assert here == {"adopt.before", "adopt.after", "restore.before", "restore.after"}


@pytest.mark.parametrize(
    ("table_format", "point"),
    [
        ("delta", "adopt.after"),
        ("parquet", "adopt.before"),
        pytest.param("delta", "adopt.before", marks=pytest.mark.exhaustive),
        pytest.param("parquet", "adopt.after", marks=pytest.mark.exhaustive),
    ],
)
def test_an_adoption_that_is_killed_can_be_given_again(trials: Trials, table_format: str, point: str) -> None:
    trial = trials.new("append", table_format)
    trial.begin()

    killed_at(trials.root, point, "state", "adopt", "events")

    trial.look("old")
    code, told = finished(trials.root, "state", "adopt", "events")
    assert code == 0, told
    trial.look("old")
    assert trial.run_again().status == "success"
    trial.look("new")


@pytest.mark.exhaustive
@pytest.mark.parametrize("point", ["restore.before", "restore.after"])
def test_a_restore_that_is_killed_can_be_given_again(trials: Trials, point: str) -> None:
    trial = trials.new("append", "delta")
    trial.begin()
    assert trial.run_again().status == "success"
    assert DeltaTable(trial.table).version() == 1

    killed_at(trials.root, point, "restore", "events", "--to-version", "0")

    trial.look("new" if point == "restore.before" else "old")
    code, told = finished(trials.root, "restore", "events", "--to-version", "0")
    assert code == 0, told
    trial.look("old")
    assert trial.run_again().status == "success"
    trial.look("new")
    deliver(trials.root, APPEND, 2)
    assert run(trials.spark, trials.root)["events"].status == "success"
    assert trial.rows() == list(APPEND.third)
