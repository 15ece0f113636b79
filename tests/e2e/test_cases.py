"""Cases by the command line and by pytest, each a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.projects import elsewhere, lay_out, process, write_project

CODE = """
@job
def daily(sales: DataFrame) -> DataFrame:
    return sales.groupBy("day").agg(F.sum("amount").alias("total"))
"""
CONF = {
    "conf/sources.yml": "sales: {format: csv, path: '${landing}/*.csv', columns: {day: date, amount: bigint}}\n",
    "conf/jobs/daily.yml": "inputs: {sales: {source: sales}}\noutput: {format: delta, path: '${warehouse}/daily'}\n",
    "tests/conftest.py": 'pytest_plugins = ["sparkjobs.testing"]\n',
}
CASES = """\
job: daily
tests:
  - name: the sales of a day are added up
    given: {sales: [{day: 2026-01-01, amount: 1}, {day: 2026-01-01, amount: 2}]}
    expect: [{day: 2026-01-01, total: 3}]
  - name: a refund counts
    given: {sales: [{day: 2026-01-01, amount: 1}, {day: 2026-01-01, amount: -1}]}
    expect: [{day: 2026-01-01, total: 2}]
"""
DIFFERENCE = [
    "tests/jobs/test_daily.yml:6:5: rows expected: 1, found: 1; 1 differs",
    "  differs     {day: 2026-01-01}  total: 0, expected 2",
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_project(tmp_path, CODE, {**CONF, "tests/jobs/test_daily.yml": CASES})
    return tmp_path


def pytest_of(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments]
    return subprocess.run(command, cwd=root, env=elsewhere(), capture_output=True, text=True, check=False)


def test_the_verb_tells_each_test_in_a_line_and_a_failure_with_its_place(root: Path) -> None:
    running = process(root, "test")
    out, _ = running.communicate()

    lines = out.splitlines()
    assert running.returncode == 1
    assert [line.rpartition("  ")[0] for line in lines[:2]] == [
        "pass  daily: the sales of a day are added up",
        "FAIL  daily: a refund counts",
    ]
    assert lines[2:] == [*(f"      {line}" for line in DIFFERENCE), "1 passed, 1 failed"]


def test_the_verb_runs_what_is_asked_for_and_a_mistake_in_a_value_has_exit_code_2(root: Path) -> None:
    lay_out(root, {"tests/jobs/test_daily.yml": CASES.replace("amount: -1", "amount: a lot")})

    running = process(root, "test", "daily", "-k", "REFUND")
    out, _ = running.communicate()

    assert running.returncode == 2
    assert out.splitlines()[1:] == [
        "      tests/jobs/test_daily.yml:7:69: amount: 'a lot' is not a value of type bigint",
        "0 passed, 1 failed",
    ]


def test_pytest_takes_them_for_its_own_and_shows_the_difference_alone(root: Path) -> None:
    done = pytest_of(root)

    lines = done.stdout.splitlines()
    assert done.returncode == 1
    start = lines.index(DIFFERENCE[0])
    assert lines[start : start + 2] == DIFFERENCE
    assert "FAILED tests/jobs/test_daily.yml::a refund counts" in done.stdout
    assert "1 failed, 1 passed" in done.stdout
    assert "Traceback" not in done.stdout
    assert ".py:" not in done.stdout


def test_pytest_tells_a_mistake_where_it_collects(root: Path) -> None:
    lay_out(root, {"tests/jobs/test_daily.yml": CASES.replace("given", "gven")})

    done = pytest_of(root, "--collect-only")

    assert done.returncode == 2
    assert "tests/jobs/test_daily.yml:4:5: 'gven' is not a key of tests; did you mean 'given'?" in done.stdout
    assert ".py:" not in done.stdout
