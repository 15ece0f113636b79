"""Dying while files are put together: every row stays, once, and the next compaction finishes or begins anew."""

import pytest

from tests.faults.cases import FORMATS
from tests.faults.points import NOT_OF_A_RUN, Seen
from tests.faults.trial import Trial, Trials
from tests.faults.victims import finished, killed_at

POINTS: dict[str, dict[str, Seen]] = {
    "delta": {"optimize.before": "new", "optimize.after": "new"},
    "parquet": {
        "optimize.before": "new",
        "optimize.staged": "new",
        "journal.written": "part",
        "journal.move.0": "part",
        "journal.between": "part",
        "journal.move.1": "part",
        "journal.move.2": "part",
        "journal.moved": "new",
        "journal.recorded": "new",
        "journal.closed": "new",
        "optimize.after": "new",
    },
}
"""What a compaction of the second input's table comes by: of partition 2, two files go and one comes."""
ALWAYS = {("delta", "optimize.after"), ("parquet", "journal.move.2")}


def chosen(*, of_a_run: bool) -> list[object]:
    """Format, point and what readers see then; a run comes by the journal's points when it commits, too."""
    return [
        pytest.param(
            table_format, point, seen, marks=() if (table_format, point) in ALWAYS else pytest.mark.exhaustive
        )
        for table_format in FORMATS
        for point, seen in POINTS[table_format].items()
        if not (of_a_run and point.startswith("journal."))
    ]


def files(trial: Trial) -> int:
    """How many data files lie in the partition that is to be put together."""
    return len([path for path in trial.table.glob("part=2/*.parquet") if path.stat().st_size])


def test_all_points_of_a_compaction_are_here() -> None:
    here = {point for point, where in NOT_OF_A_RUN.items() if "test_optimize.py" in where}
    assert here == {point for of in POINTS.values() for point in of if not point.startswith("journal.")}


@pytest.mark.parametrize(("table_format", "point", "seen"), chosen(of_a_run=True))
def test_a_run_that_is_killed_while_it_puts_files_together_has_published(
    trials: Trials, table_format: str, point: str, seen: Seen
) -> None:
    trial = trials.new("append", table_format)
    trial.begin()
    conf = trials.root / "conf/jobs/events.yml"
    conf.write_text(conf.read_text().replace("  mode:", "  optimize: {after: 2}\n  mode:"))

    killed_at(trials.root, point)

    trial.look(seen)
    result = trial.run_again()
    assert result.status == "no-op"
    trial.conclude("compactions", (point,), result)


@pytest.mark.parametrize(("table_format", "point", "seen"), chosen(of_a_run=False))
def test_a_compaction_that_is_killed_can_be_given_again(
    trials: Trials, table_format: str, point: str, seen: Seen
) -> None:
    trial = trials.new("append", table_format)
    trial.begin()
    assert trial.run_again().status == "success"

    killed_at(trials.root, point, "optimize")

    trial.look(seen)
    code, told = finished(trials.root, "optimize")
    assert code == 0, told
    trial.look("new")
    if table_format == "parquet":
        assert files(trial) == 1
    trial.conclude("compactions", (point,), trial.run_again())
