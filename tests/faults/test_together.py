"""Several runs at once on one table: one publishes, the others wait or give way; nothing is lost or doubled."""

import time
from itertools import product

import pytest

from tests.faults.cases import FORMATS
from tests.faults.trial import Trials
from tests.faults.victims import PATIENCE_S, ended, start


@pytest.mark.parametrize(
    ("mode", "table_format", "count", "wait_s"),
    [
        pytest.param(*chosen, marks=() if chosen == ("append", "delta", 2, "0") else pytest.mark.exhaustive)
        for chosen in product(("append", "merge"), FORMATS, (2, 4, 8), ("0", "300"))
    ],
)
def test_runs_that_start_at_once(
    trials: Trials, mode: str, table_format: str, count: int, wait_s: str
) -> None:
    trial = trials.new(mode, table_format)
    trial.begin(conf="  spark.driver.memory: 512m\n")
    go = trials.root / "go"

    ready = [trials.root / f"ready-{number}" for number in range(count)]
    by = [("tests.faults.together", str(one), str(go)) for one in ready]
    processes = [start(trials.root, "run", "--lock-timeout", wait_s, by=one) for one in by]
    until = time.monotonic() + PATIENCE_S
    while not all(one.exists() for one in ready):
        assert time.monotonic() < until
        time.sleep(0.05)
    go.touch()
    results = [ended(process) for process in processes]

    told = "\n".join(f"exit code {code}: {text}" for code, text in results)
    assert [code for code, _ in results].count(0) >= 1, told
    trial.look("new")
    where = (f"{count} at once, --lock-timeout {wait_s}",)
    trial.conclude("started at once", where, trial.run_again())
    assert {code for code, _ in results} <= ({0} if wait_s != "0" else {0, 10}), told
