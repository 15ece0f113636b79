"""SIGKILL at any moment: at random ones, at each step on disk, while a reader looks, while nobody dies."""

import os
import random
import signal
import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.faults.cases import CASES, CODE, FORMATS, deliver
from tests.faults.points import points
from tests.faults.readers import polling
from tests.faults.trial import Trial, Trials
from tests.faults.victims import PATIENCE_S, Process, end, ended, finished, killed_at, start

SEED = int(os.environ.get("SPARKJOBS_FAULTS_SEED", "2013"))
MOMENTS = int(os.environ.get("SPARKJOBS_FAULTS_MOMENTS", "4"))
"""For each mode and format."""
STRIDE = int(os.environ.get("SPARKJOBS_FAULTS_STRIDE", "4"))
"""Every so many of the steps on disk are tried, from another one on for each mode and format."""


def wait_for(process: Process, path: Path, text: str) -> None:
    """Until the one file that `path`, a pattern, names holds `text`."""
    until = time.monotonic() + PATIENCE_S
    while not any(text in one.read_text(encoding="utf-8") for one in path.parent.glob(path.name)):
        assert process.poll() is None, ended(process)
        assert time.monotonic() < until
        time.sleep(0.01)


def kill_at(trial: Trial, delay_s: float, *, from_start: bool, jvm_too: bool) -> Process:
    """Kill a run so long after its start, or after its job's start; it may be over before.

    Where only its Python is killed, its JVM notices that a little later, and may go on until then.
    """
    process = start(trial.root, "run", "--run-id", "victim")
    if not from_start:
        wait_for(process, trial.root / "target/runs/victim/events.json*", "job_started")
    time.sleep(delay_s)
    if jvm_too:
        end(process)
    else:
        process.kill()
        process.wait()
    assert process.returncode in (0, -signal.SIGKILL)
    return process


@pytest.fixture(scope="module")
def usual_s(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[float, float]:
    """How long a run takes until its job starts, and from there on."""
    trial = Trials(spark, tmp_path_factory.mktemp("usual")).new("merge", "delta")
    trial.begin()
    before = time.monotonic()
    process = start(trial.root, "run", "--run-id", "victim")
    wait_for(process, trial.root / "target/runs/victim/events.json*", "job_started")
    started = time.monotonic()
    assert ended(process)[0] == 0
    return started - before, time.monotonic() - started


@pytest.mark.exhaustive
@pytest.mark.parametrize("number", range(MOMENTS))
@pytest.mark.parametrize("mode", CASES)
@pytest.mark.parametrize("table_format", FORMATS)
def test_a_run_killed_at_a_random_moment(
    trials: Trials,
    usual_s: tuple[float, float],
    table_format: str,
    mode: str,
    number: int,
) -> None:
    chance = random.Random(f"{SEED} {table_format} {mode} {number}")  # noqa: S311 (moments, no secrets)
    trial = trials.new(mode, table_format)
    trial.begin()
    from_start = number % 4 == 0  # most of the start is the JVM's, where nothing can be lost yet
    jvm_too = number % 2 == 0
    delay_s = chance.uniform(0, usual_s[0] if from_start else usual_s[1])
    moment = f"{'start' if from_start else 'job'} + {delay_s:.3f} s of {sum(usual_s):.1f}, {'with' if jvm_too else 'without'} its JVM"
    print(f"{mode} {table_format}: {moment}, seed {SEED}")  # noqa: T201 (to be repeated, a failure needs it)

    with polling(trial.table) as polled:
        process = kill_at(trial, delay_s, from_start=from_start, jvm_too=jvm_too)
    if trial.format == "delta":
        trial.only_whole_states(polled)
    if jvm_too:
        trial.look_after_any_moment()
    result = trial.run_again()
    end(process)
    trial.conclude("random moments", (moment,), result)


def steps_of(trial: Trial, stop: int) -> tuple[int, list[str]]:
    """Run until step `stop`; the exit code, and the steps that were made."""
    log = trial.root / f"steps-{stop}.txt"
    by = ("tests.faults.steps", str(stop), str(log), str(trial.table))
    code, told = ended(start(trial.root, "run", by=by))
    assert code in (0, -signal.SIGKILL), told
    return code, log.read_text(encoding="utf-8").splitlines()


@pytest.mark.exhaustive
@pytest.mark.parametrize("mode", CASES)
@pytest.mark.parametrize("table_format", FORMATS)
def test_a_run_killed_before_a_step_on_disk(trials: Trials, table_format: str, mode: str) -> None:
    whole = trials.new(mode, table_format, "whole")
    whole.begin()
    code, steps = steps_of(whole, 0)
    assert code == 0
    assert len(steps) > 10
    first = 1 + random.Random(f"{SEED} {mode} {table_format}").randrange(STRIDE)  # noqa: S311
    for stop in range(first, len(steps) + 1, STRIDE):
        trial = trials.new(mode, table_format, str(stop))
        trial.begin()
        code, made = steps_of(trial, stop)
        assert code == -signal.SIGKILL, f"step {stop} was not reached"
        trial.look_after_any_moment()
        trial.conclude("steps on disk", (f"{stop} {made[-1]}",), trial.run_again())


@pytest.mark.exhaustive
@pytest.mark.parametrize("mode", CASES)
def test_a_reader_of_a_delta_table_never_sees_a_part_of_it(trials: Trials, mode: str) -> None:
    trial = trials.new(mode, "delta")
    trial.begin()
    expected = points(trial.case, "delta")
    last_old = [point for point in expected if expected[point] == "old"][-1]

    with polling(trial.table) as polled:
        killed_at(trial.root, last_old)
        killed_at(trial.root, "close.before")
        trial.run_again()

    trial.only_whole_states(polled)
    assert polled.states == [trial.case.first, trial.case.second]


@pytest.mark.exhaustive
@pytest.mark.parametrize("mode", CASES)
def test_a_reader_sees_each_state_of_clean_runs_whole(trials: Trials, mode: str) -> None:
    trial = trials.new(mode, "delta")
    with polling(trial.table) as polled:
        trial.begin(CODE)
        assert finished(trial.root)[0] == 0
        deliver(trial.root, trial.case, 2)
        assert finished(trial.root)[0] == 0
    assert polled.problems == []
    assert polled.states == [trial.case.first, trial.case.second, trial.case.third]
