"""Files of cases: what they may say, where they are wrong, and how rows differ."""

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from sparkjobs.cases.diff import difference
from sparkjobs.cases.find import Placed, cases_of, files_of
from sparkjobs.cases.table import kinds_of
from sparkjobs.config.node import MistakeError
from sparkjobs.errors import ConfigError
from tests.unit.projects import DAILY, conf_of, project, registry_of, write

WEEKLY = "inputs: {days: {ref: daily}}\nfunction: daily_sum\noutput: {format: parquet, path: '${warehouse}/weekly'}\n"
CODE = """
from sparkjobs import job


@job
def daily(sales, *, least):
    return sales


@job
def daily_sum(days):
    return days
"""
FILE = "tests/jobs/test_daily.yml"
SOUND = """
job: daily
tests:
  - name: small sales stay out
    params: {least: 2}
    given:
      sales:
        - {id: 1, amount: 2.5}
    expect: []
"""


def found(root: Path, text: str, files: dict[str, str] | None = None) -> tuple[Placed, ...]:
    project(root, {"conf/jobs/weekly.yml": WEEKLY, FILE: text, **(files or {})}, CODE)
    conf = conf_of(root)
    return cases_of(files_of(root), conf, registry_of(conf))


def mistakes(root: Path, text: str, files: dict[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as error:
        found(root, text, files)
    return error.value.mistakes


def weekly(days: str, root: Path, files: dict[str, str] | None = None) -> Placed:
    (case,) = found(root, f"job: weekly\ntests:\n- {{name: a, given: {{days: {days}}}, expect: []}}\n", files)
    return case


def kinds(days: str, root: Path, files: dict[str, str] | None = None) -> dict[str, str]:
    return kinds_of(table for _, table in weekly(days, root, files).inputs())


def test_a_case_knows_its_job_and_its_place(tmp_path: Path) -> None:
    (case,) = found(tmp_path, SOUND)

    assert (case.job, case.body.name) == ("daily", "small sales stay out")
    assert str(case.at()) == "tests/jobs/test_daily.yml:4:5"
    assert str(case.at("given", "sales", 0, "amount")) == "tests/jobs/test_daily.yml:8:19"


def test_a_file_without_a_job_holds_no_cases(tmp_path: Path) -> None:
    assert found(tmp_path, "- {any: thing}\n") == ()
    assert found(tmp_path, "jobs: daily\n") == ()


def test_only_files_of_that_name_below_tests_are_looked_at(tmp_path: Path) -> None:
    write(
        tmp_path, dict.fromkeys(("tests/test_a.yml", "tests/a/b/test_c.yml", "tests/d.yml", "test_e.yml"), "")
    )

    assert files_of(tmp_path) == (tmp_path / "tests/a/b/test_c.yml", tmp_path / "tests/test_a.yml")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("job: daily", "job: dayly", "2:1: there is no job 'dayly'; did you mean 'daily'?"),
        ("params:", "parms:", "5:5: 'parms' is not a key of tests; did you mean 'params'?"),
        ("least: 2", "leest: 2", "5:14: daily takes no param 'leest'; did you mean 'least'?"),
        ("given:\n", "given:\n      sale: []\n", "7:7: daily has no input 'sale'; did you mean 'sales'?"),
        ("amount: 2.5", "amuont: 2.5", "8:19: sales has no column 'amuont'; did you mean 'amount'?"),
        ("      sales:\n        - {id: 1, amount: 2.5}", "      {}", "6:5: it lacks the input 'sales'; `sales: []` gives it no row"),
        ("    expect: []", "", "4:5: tests: a test has `given` and `expect`, or `runs`"),
        ("    expect: []", "    expect: []\n    runs: [{}]", "4:5: tests: `given` and `expect` of a test with `runs` stand in its runs"),
        ("expect: []", "expect: [{a: 1}, {b: 1}]", "9:5: expect: every row names the same columns; 'a' stands in some of them"),
        ("expect: []", "expect: 5", "9:5: expect: rows are a list, or the name of a CSV file"),
        ("expect: []", "expect: {}", "9:5: expect: it has either `rows` or `file`"),
        ("expect: []", "expect: {columns: {a: int}, rows: []}", "9:14: 'columns' is not a key of expect; it has file, rows"),
        ("expect: []", "expect: []\n    without_checks: [unique]", "4:5: tests: `without_checks` is for tests with `runs`; a call of the function asks none"),
        ("- {id: 1, amount: 2.5}", "{columns: {id: int}, rows: []}", "8:10: the contract of sales tells the types of 'sales'"),
        ("\n        - {id: 1, amount: 2.5}", " a.csv", "7:14: 'a.csv' cannot be read: [Errno 2] No such file or directory: 'ROOT/tests/jobs/a.csv'"),
        ("\n        - {id: 1, amount: 2.5}", " ../../../a.csv", "7:14: '../../../a.csv' leads out of the project"),
        ("name: small", "name: &a small", "4:11: anchors and aliases are not allowed"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(tmp_path: Path, before: str, after: str, told: str) -> None:
    assert before in SOUND

    (mistake,) = mistakes(tmp_path, SOUND.replace(before, after))

    assert mistake.replace(str(tmp_path), "ROOT") == f"{FILE}:{told}"


@pytest.mark.parametrize(
    ("run", "told"),
    [
        ("{crahs: staged}", "4:11: 'crahs' is not a key of runs; did you mean 'crash'?"),
        ("{crash: staged, fails: x}", "4:10: runs: a run that is killed tells of no error and of no rejected rows"),
        ("{now: noon}", "4:11: now: 'noon' is not a date or time; for example 2013-01-31"),
        ("{given: {sale: []}}", "4:19: daily has no input 'sale'; did you mean 'sales'?"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_run_is_told_with_its_place(tmp_path: Path, run: str, told: str) -> None:
    text = f"job: daily\ntests:\n- name: a\n  runs: [{run}]\n"

    assert mistakes(tmp_path, text) == (f"{FILE}:{told}",)


def test_inputs_that_read_one_and_the_same_are_given_once(tmp_path: Path) -> None:
    text = "job: both\ntests:\n- {name: a, runs: [{given: {old: [], new: []}}]}\n"
    both = "function: daily\ninputs: {old: {ref: daily}, new: {ref: daily}}\noutput: {format: parquet, path: '${warehouse}/b'}\n"

    assert mistakes(tmp_path, text, {"conf/jobs/both.yml": both}) == (
        f"{FILE}:3:38: 'new' reads what 'old' reads; give one of them",
    )


def test_the_first_run_is_given_what_the_job_reads_of_other_jobs(tmp_path: Path) -> None:
    text = "job: weekly\ntests:\n- {name: a, runs: [{}, {given: {days: [{id: 1}]}}]}\n"

    assert mistakes(tmp_path, text) == (
        f"{FILE}:3:20: it lacks the input 'days'; `days: []` gives it no row",
    )


def test_a_check_that_is_left_out_is_one_of_the_job(tmp_path: Path) -> None:
    text = "job: daily\ntests:\n- {name: a, without_checks: [row_cuont], runs: [{}]}\n"
    checks = {"conf/jobs/daily.yml": DAILY + "checks:\n  - row_count: {min: 5}\n"}

    assert mistakes(tmp_path, text, checks) == (
        f"{FILE}:3:30: daily has no check 'row_cuont'; did you mean 'row_count'?",
    )


def test_the_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    second = SOUND.replace("daily", "weakly")

    assert mistakes(tmp_path, SOUND.replace("params", "parms"), {"tests/test_weekly.yml": second}) == (
        "tests/jobs/test_daily.yml:5:5: 'parms' is not a key of tests; did you mean 'params'?",
        "tests/test_weekly.yml:2:1: there is no job 'weakly'; did you mean 'weekly'?",
    )


def test_two_tests_of_a_file_have_two_names(tmp_path: Path) -> None:
    twice = SOUND + SOUND.partition("tests:\n")[2]

    assert mistakes(tmp_path, twice) == (f"{FILE}:3:1: tests: two tests are named 'small sales stay out'",)


def test_the_types_of_a_ref_are_what_its_values_look_like(tmp_path: Path) -> None:
    days = "[{a: 1, b: 1.5, c: true, d: x, e: 2013-01-01}, {a: null, b: 2}]"

    assert kinds(days, tmp_path) == {
        "a": "bigint",
        "b": "double",
        "c": "boolean",
        "d": "string",
        "e": "string",
    }


def test_declared_types_win_and_stand_without_rows_too(tmp_path: Path) -> None:
    assert kinds("{columns: {e: date, f: int}, rows: [{e: 2013-01-01, g: 1}]}", tmp_path) == {
        "e": "date",
        "g": "bigint",
        "f": "int",
    }


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ("[{a: null}]", "3:27: 'a' holds no value; say its type: `{columns: {a: …}, rows: […]}`"),
        ("[{a: 1}, {a: x}]", "3:37: 'a' is bigint and string; say its type: `{columns: {a: …}, rows: […]}`"),
        ("[{a: [1]}]", "3:29: 'a' is a list or mapping; say its type: `{columns: {a: …}, rows: […]}`"),
    ],
)
def test_a_type_that_cannot_be_told_is_asked_for(tmp_path: Path, days: str, told: str) -> None:
    with pytest.raises(MistakeError) as error:
        kinds(days, tmp_path)

    assert str(error.value) == f"{FILE}:{told}"


def test_a_csv_file_holds_what_yaml_would_and_an_empty_cell_is_null(tmp_path: Path) -> None:
    csv = {"tests/jobs/days.csv": 'a,b,c\n1,007,"x, y"\n,8,"two\nlines"\n'}
    case = weekly("days.csv", tmp_path, csv)

    ((_, table),) = case.inputs()

    assert [table.value(row, "a") for row in (0, 1)] == [1, None]
    assert [table.value(row, "b") for row in (0, 1)] == [7, 8]
    assert [table.value(row, "b", "string") for row in (0, 1)] == ["007", "8"]
    assert [table.value(row, "c") for row in (0, 1)] == ["x, y", "two\nlines"]
    assert str(table.place(1, "a")) == "tests/jobs/days.csv:3:1"


def test_a_row_of_a_csv_file_has_a_cell_for_each_name(tmp_path: Path) -> None:
    text = "job: weekly\ntests: [{name: a, given: {days: days.csv}, expect: []}]\n"

    assert mistakes(tmp_path, text, {"tests/jobs/days.csv": "a,b\n1,2\n3\n"}) == (
        "tests/jobs/days.csv:3:1: 1 cells below 2 names",
    )


def test_rows_in_any_order_do_not_differ() -> None:
    assert difference([{"a": 1}, {"a": 2}, {"a": 2}], [{"a": 2}, {"a": 1}, {"a": 2}]) is None


def test_a_row_that_comes_twice_is_expected_twice() -> None:
    assert difference([{"a": 1}], [{"a": 1}, {"a": 1}]) == (
        "rows expected: 1, found: 2; 1 unexpected\n  unexpected  {a: 1}"
    )


def test_a_difference_tells_cells_of_rows_that_are_meant_as_one_and_the_other_rows_whole() -> None:
    expected = [
        {"carrier": "AA", "day": "2013-01-01", "share": Decimal("0.5"), "late": None},
        {"carrier": "UA", "day": "2013-01-02", "share": Decimal("0.1"), "late": True},
    ]
    actual = [
        {"carrier": "AA", "day": "2013-01-01", "share": Decimal("0.25"), "late": None},
        {"carrier": "DL", "day": "2013-01-03", "share": Decimal(1), "late": False},
    ]

    assert difference(expected, actual) == (
        "rows expected: 2, found: 2; 1 differs, 1 missing, 1 unexpected\n"
        "  differs     {carrier: AA, day: 2013-01-01, late: null}  share: 0.25, expected 0.5\n"
        "  missing     {carrier: UA, day: 2013-01-02, share: 0.1, late: true}\n"
        "  unexpected  {carrier: DL, day: 2013-01-03, share: 1, late: false}"
    )


def test_each_row_is_compared_with_the_one_that_is_most_like_it() -> None:
    expected = [{"a": 1, "b": 1, "c": 1, "d": 1}, {"a": 2, "b": 1, "c": 1, "d": 1}]
    actual = [{"a": 2, "b": 1, "c": 1, "d": 9}, {"a": 1, "b": 1, "c": 1, "d": 9}]

    assert difference(expected, actual) == (
        "rows expected: 2, found: 2; 2 differs\n"
        "  differs     {a: 1, b: 1, c: 1}  d: 9, expected 1\n"
        "  differs     {a: 2, b: 1, c: 1}  d: 9, expected 1"
    )


def test_of_many_rows_five_are_shown_and_long_or_odd_values_stay_on_their_line() -> None:
    told = difference([], [{"a": f"{number}\n\x1b{'x' * 100}"} for number in range(1200)])

    assert told is not None
    assert told.splitlines() == [
        "rows expected: 0, found: 1,200; 1200 unexpected",
        *(f"  unexpected  {{a: {number}\\n\\x1b{'x' * 53}…}}" for number in range(5)),
        "              and 1,195 more",
    ]


def sparkjobs(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """`sparkjobs arguments`, where Java cannot be started."""
    command = [sys.executable, "-m", "sparkjobs", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "JAVA_HOME": "/no"}
    )


def test_mistakes_end_the_verb_with_exit_code_2_before_a_jvm_is_started(tmp_path: Path) -> None:
    project(tmp_path, {FILE: SOUND.replace("params", "parms")})

    done = sparkjobs("test", "--project", str(tmp_path))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{FILE}:5:5: 'parms' is not a key of tests; did you mean 'params'?\n")


@pytest.mark.parametrize(
    ("file", "more", "told"),
    [
        ("tests/other.yml", (), "there is no such file with a `job:`."),
        (FILE, ("-k", "large"), "1 others are there."),
    ],
)
def test_where_no_test_is_found_it_says_where_it_looked(
    tmp_path: Path, file: str, more: tuple[str, ...], told: str
) -> None:
    project(tmp_path, {file: SOUND})

    done = sparkjobs("test", "--project", str(tmp_path), *more)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"No test was found in {tmp_path}/tests/**/test_*.yml: {told}\n")
