"""Cases that hold and cases that do not: calls of a function, and runs over tables of their own."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent, indent

import pytest
from pyspark.sql import SparkSession

from sparkjobs.cases import Verdict, cases_of, files_of, judged
from sparkjobs.config import load
from sparkjobs.registry import collect
from tests.projects import write_project

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOURCES = """
sales:
  format: csv
  path: ${landing}/sales/*.csv
  columns:
    id: {type: int, not_null: true}
    amount: decimal(10,2)
    sold_on: date
    at: timestamp
    weight: double
  rules: [{name: positive, expr: amount > 0}]
shipped:
  format: csv
  path: ${landing}/shipped.csv
  columns: {id: int, at: {type: timestamp, not_null: true}}
readings:
  format: parquet
  path: ${landing}/readings
  columns: {id: int, celsius: {type: double, between: [-90, 60]}}
"""
CODE = """
@job
def copied(sales: DataFrame) -> DataFrame:
    return sales.select("id", "amount", "sold_on", "at", "weight")

@job
def kept(sales: DataFrame) -> DataFrame:
    return sales.select("id", "amount", "sold_on")

@job
def history(sales: DataFrame) -> DataFrame:
    return sales.select("id", "amount", "sold_on")

@job
def totals(copied: DataFrame, readings: DataFrame, *, least: int) -> DataFrame:
    sums = copied.groupBy("id").agg(F.sum("amount").alias("total"))
    return sums.join(readings, on="id", how="left").filter(F.col("total") >= least)

@job
def added(copied: DataFrame) -> DataFrame:
    return copied.select("id", (F.col("id") * 2).alias("double"))

@job
def daily(sales: DataFrame) -> DataFrame:
    return sales.select("at", "id")

@job
def nested(things: DataFrame) -> DataFrame:
    return things.select("*", F.size("tags").alias("tag_count"))

@job
def broken(sales: DataFrame) -> DataFrame:
    return sales.select(F.col("id") / 0)

@job
def raising(sales: DataFrame) -> DataFrame:
    raise KeyError("sales")
"""
FROM_SALES = "inputs: {{sales: {{source: sales}}}}\noutput: {{format: {}, path: '${{warehouse}}/{}', {}}}\n{}"
BY_FILES = "incremental: {by: files}\n"
JOBS = {
    "copied": FROM_SALES.format("delta", "copied", "mode: append", BY_FILES),
    "kept": FROM_SALES.format("delta", "kept", "mode: merge, keys: [id], order_by: [sold_on]", BY_FILES),
    "history": FROM_SALES.format(
        "parquet", "history", "mode: scd2, keys: [id], sequence_by: sold_on", BY_FILES
    ),
    "totals": """
        inputs: {copied: {ref: copied}, readings: {source: readings}}
        params: {least: 100}
        output: {format: parquet, path: "${warehouse}/totals"}
        checks: [unique: [id], row_count: {min: 1000}]
    """,
    "added": """
        inputs: {copied: {ref: copied}}
        output: {format: delta, path: "${warehouse}/added", mode: append}
        incremental: {by: version}
    """,
    "daily": """
        inputs: {sales: {source: shipped}}
        output: {format: delta, path: "${warehouse}/daily", mode: merge, keys: [id], order_by: [at]}
        incremental: {by: interval, column: at, every: day, start: 2026-01-01}
    """,
    "latest": "function: daily\ninputs: {sales: {source: shipped}}\noutput: {format: parquet, path: '${warehouse}/latest'}\n",
    "nested": "inputs: {things: {ref: copied}}\noutput: {format: delta, path: '${warehouse}/nested'}\n",
    "broken": FROM_SALES.format("delta", "broken", "mode: overwrite", ""),
    "raising": FROM_SALES.format("delta", "raising", "mode: overwrite", ""),
}


def verdict(spark: SparkSession, root: Path, text: str, files: Mapping[str, str] | None = None) -> Verdict:
    """What becomes of the one case in `text`."""
    conf = {f"conf/jobs/{name}.yml": body for name, body in JOBS.items()}
    write_project(
        root, CODE, {"conf/sources.yml": SOURCES, **conf, "tests/test_it.yml": text, **(files or {})}
    )
    loaded = load(root, None, (), {})
    registry = collect(loaded.project.jobs, root)
    (case,) = cases_of(files_of(root), loaded, registry)
    return judged(spark, loaded, registry, case, NOW)


def call(job: str, given: str, expect: str) -> str:
    return f"job: {job}\ntests:\n- name: it\n  given: {given}\n  expect: {expect}\n"


def runs(job: str, text: str, more: str = "") -> str:
    return f"job: {job}\ntests:\n- name: it\n{more}  runs:\n" + indent(dedent(text), "  ")


def test_a_call_that_returns_what_is_expected_passes(spark: SparkSession, tmp_path: Path) -> None:
    rows = "[{id: 1, amount: 1.10, sold_on: 2026-01-31, at: 2026-01-31 10:00:00, weight: 0.1}, {id: 2, weight: NaN}]"
    expected = "[{weight: NaN, id: 2, amount: null, sold_on: null, at: null}, {weight: 0.1, id: 1, amount: '1.1', sold_on: 2026-01-31, at: '2026-01-31T11:00:00+01:00'}]"

    found = verdict(spark, tmp_path, call("copied", f"{{sales: {rows}}}", expected))

    assert (found.problem, found.mistaken) == (None, False)
    assert found.seconds > 0


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ("[{amount: 1.11, id: 1}]", "1 differs\n  differs     {id: 1}  amount: 1.10, expected 1.11"),
        ("[{sold_on: 2026-02-01, id: 1}]", "1 differs\n  differs     {id: 1}  sold_on: 2026-01-31, expected 2026-02-01"),
        ("[{at: 2026-01-31 10:00:00.000001, id: 1}]", "1 differs\n  differs     {id: 1}  at: 2026-01-31T10:00:00Z, expected 2026-01-31T10:00:00.000001Z"),
        ("[{weight: null, id: 1}]", "1 differs\n  differs     {id: 1}  weight: NaN, expected null"),
        ("[{weight: 0, id: 1}]", "1 differs\n  differs     {id: 1}  weight: NaN, expected 0.0"),
    ],
)  # fmt: skip
def test_a_call_that_returns_another_value_fails(
    spark: SparkSession, tmp_path: Path, expected: str, told: str
) -> None:
    rows = "[{id: 1, amount: 1.10, sold_on: 2026-01-31, at: 2026-01-31 10:00:00, weight: NaN}]"

    found = verdict(spark, tmp_path, call("copied", f"{{sales: {rows}}}", expected))

    assert found.problem == f"tests/test_it.yml:3:3: rows expected: 1, found: 1; {told}"


def test_missing_and_unexpected_rows_are_told(spark: SparkSession, tmp_path: Path) -> None:
    found = verdict(spark, tmp_path, call("copied", "{sales: [{id: 1}]}", "[{id: 2}]"))

    assert found.problem == (
        "tests/test_it.yml:3:3: rows expected: 1, found: 1; 1 missing, 1 unexpected\n"
        "  missing     {id: 2}\n  unexpected  {id: 1}"
    )


def test_where_no_row_is_expected_any_row_is_told_whole(spark: SparkSession, tmp_path: Path) -> None:
    found = verdict(spark, tmp_path, call("copied", "{sales: [{id: 1}]}", "[]"))

    assert found.problem == (
        "tests/test_it.yml:3:3: rows expected: 0, found: 1; 1 unexpected\n"
        "  unexpected  {id: 1, amount: null, sold_on: null, at: null, weight: null}"
    )


def test_a_column_that_the_result_lacks_fails_with_the_nearest(spark: SparkSession, tmp_path: Path) -> None:
    found = verdict(spark, tmp_path, call("copied", "{sales: []}", "[{amuont: 1}]"))

    assert found.problem == (
        "tests/test_it.yml:3:3: the result has no column 'amuont'; did you mean 'amount'?"
    )


def test_lists_and_mappings_are_values(spark: SparkSession, tmp_path: Path) -> None:
    things = "{columns: {tags: array<string>, box: 'struct<day: date, size: decimal(5,1)>'}, rows: [{id: 1, tags: [a, b], box: {day: 2026-01-01, size: 1.5}}, {id: 2, tags: []}]}"
    right = "[{id: 1, tags: [a, b], box: {day: 2026-01-01, size: 1.5}, tag_count: 2}, {id: 2, tags: [], box: null, tag_count: 0}]"
    wrong = "[{id: 1, tags: [b, a], tag_count: 2}, {id: 2, tags: [], tag_count: 0}]"

    assert verdict(spark, tmp_path / "a", call("nested", f"{{things: {things}}}", right)).problem is None
    assert verdict(spark, tmp_path / "b", call("nested", f"{{things: {things}}}", wrong)).problem == (
        "tests/test_it.yml:3:3: rows expected: 2, found: 2; 1 differs\n"
        "  differs     {id: 1, tag_count: 2}  tags: [a, b], expected [b, a]"
    )


@pytest.mark.parametrize(
    ("given", "expected", "told"),
    [
        ("[{id: 1.5}]", "[]", "4:20: id: 1.5 is not a value of type int"),
        ("[{id: '1'}]", "[]", "4:20: id: '1' is not a value of type int"),
        ("[{id: 1, sold_on: 2026-02-30}]", "[]", "4:27: sold_on: '2026-02-30' is not a value of type date"),
        ("[{id: 1, sold_on: 2026-01-31 late}]", "[]", "4:27: sold_on: '2026-01-31 late' is not a value of type date"),
        ("[{id: 1, at: noon}]", "[]", "4:27: at: 'noon' is not a value of type timestamp"),
        ("[{id: 1, at: 2026-01-01 late}]", "[]", "4:27: at: '2026-01-01 late' is not a value of type timestamp"),
        ("[{id: 1, weight: true}]", "[]", "4:27: weight: True is not a value of type double"),
        ("[]", "[{amount: 1.005}]", "5:13: amount: 1.005 is not a value of type decimal(10,2)"),
        ("[]", "[{id: 99999999999}]", "5:13: id: 99999999999 is not a value of type int"),
    ],
)  # fmt: skip
def test_a_value_that_its_column_cannot_hold_is_a_mistake(
    spark: SparkSession, tmp_path: Path, given: str, expected: str, told: str
) -> None:
    found = verdict(spark, tmp_path, call("copied", f"{{sales: {given}}}", expected))

    assert (found.problem, found.mistaken) == (f"tests/test_it.yml:{told}", True)


@pytest.mark.parametrize(
    ("things", "told"),
    [
        ("{columns: {a: intt}, rows: []}", "4:30: a: 'intt' is not a type"),
        ("[]", "4:19: without a row, `columns:` has to tell the columns"),
    ],
)
def test_the_columns_of_a_ref_have_types(spark: SparkSession, tmp_path: Path, things: str, told: str) -> None:
    found = verdict(spark, tmp_path, call("nested", f"{{things: {things}}}", "[]"))

    assert (found.problem, found.mistaken) == (f"tests/test_it.yml:{told}", True)


@pytest.mark.parametrize(
    ("job", "told"),
    [
        ("raising", "'raising': its function raised at PACKAGE/__init__.py:39: KeyError: 'sales'"),
        ("broken", "the result cannot be computed: [DIVIDE_BY_ZERO] Division by zero."),
    ],
)  # fmt: skip
def test_a_function_that_fails_fails_its_case(
    spark: SparkSession, tmp_path: Path, job: str, told: str
) -> None:
    found = verdict(spark, tmp_path, call(job, "{sales: [{id: 1}]}", "[]"))

    (package,) = tmp_path.glob("jobs_*")
    assert found.problem is not None
    assert found.problem.startswith(f"tests/test_it.yml:3:3: {told}".replace("PACKAGE", str(package)))
    assert not found.mistaken


def test_csv_files_give_and_expect_and_params_win_over_the_conf(spark: SparkSession, tmp_path: Path) -> None:
    text = """
        job: totals
        tests:
        - name: it
          params: {least: 5}
          given: {copied: given/copied.csv, readings: []}
          expect: expected.csv
    """
    files = {
        "tests/given/copied.csv": "id,amount\n1,2.5\n1,2.5\n2,4.5\n",
        "tests/expected.csv": "id,total,celsius\n1,5,\n",
    }

    assert verdict(spark, tmp_path, text, files).problem is None


def test_further_files_are_appended_and_the_same_run_again_doubles_nothing(
    spark: SparkSession, tmp_path: Path
) -> None:
    text = """
        - given: {sales: [{id: 1, amount: 1}]}
          expect: [{id: 1}]
        - given: {sales: [{id: 2, amount: 1}]}
          expect: [{id: 1}, {id: 2}]
        - expect: [{id: 1}, {id: 2}]
    """

    assert verdict(spark, tmp_path, runs("copied", text)).problem is None


def test_a_source_of_one_file_gets_it_replaced(spark: SparkSession, tmp_path: Path) -> None:
    text = """
        - given: {sales: [{id: 1, at: 2026-01-01}, {id: 2, at: 2026-01-01}]}
          expect: [{id: 1}, {id: 2}]
        - given: {sales: [{id: 2, at: 2026-01-02}]}
          expect: [{id: 2, at: 2026-01-02}]
    """

    assert verdict(spark, tmp_path, runs("latest", text)).problem is None


def test_a_late_row_of_a_merge_stays_out(spark: SparkSession, tmp_path: Path) -> None:
    text = """
        - given: {sales: [{id: 1, amount: 2, sold_on: 2026-01-02}, {id: 2, amount: 2, sold_on: 2026-01-02}]}
        - given: {sales: [{id: 1, amount: 1, sold_on: 2026-01-01}, {id: 2, amount: 3, sold_on: 2026-01-03}]}
          expect: [{id: 1, amount: 2.00}, {id: 2, amount: 3.00}]
    """

    assert verdict(spark, tmp_path, runs("kept", text)).problem is None


def test_a_late_row_of_a_history_is_placed(spark: SparkSession, tmp_path: Path) -> None:
    text = """
        - given: {sales: [{id: 1, amount: 1, sold_on: 2026-01-01}, {id: 1, amount: 3, sold_on: 2026-01-03}]}
        - given: {sales: [{id: 1, amount: 2, sold_on: 2026-01-02}]}
          expect:
          - {amount: 1, valid_from: 2026-01-01, valid_to: 2026-01-02, is_current: false}
          - {amount: 2, valid_from: 2026-01-02, valid_to: 2026-01-03, is_current: false}
          - {amount: 3, valid_from: 2026-01-03, valid_to: null, is_current: true}
    """

    assert verdict(spark, tmp_path, runs("history", text)).problem is None


def test_the_first_run_whose_table_is_not_as_expected_is_told(spark: SparkSession, tmp_path: Path) -> None:
    text = """
        - given: {sales: [{id: 1, amount: 1}]}
          expect: [{id: 1, amount: 1}]
        - given: {sales: [{id: 2, amount: 1}]}
          expect: [{id: 2, amount: 1}]
        - expect: []
    """

    assert verdict(spark, tmp_path, runs("copied", text)).problem == (
        "tests/test_it.yml:3:3: run 2: rows expected: 1, found: 2; 1 unexpected\n  unexpected  {id: 1, amount: 1.00}"
    )


def test_rejected_rows_are_expected_with_their_reasons(spark: SparkSession, tmp_path: Path) -> None:
    text = """
        - given: {sales: [{id: 1, amount: 1}, {id: 2, amount: a lot}, {amount: -1}]}
          expect: [{id: 1}]
          expect_quarantined:
          - {id: 2, amount: a lot, reason: "amount: type decimal(10,2)", input: sales}
          - {id: null, amount: -1, reason: "id: not_null; positive", input: sales}
        - given: {sales: [{id: 3, amount: 1}]}
          expect_quarantined: []
    """

    assert verdict(spark, tmp_path, runs("copied", text)).problem is None


def test_another_rejected_row_fails(spark: SparkSession, tmp_path: Path) -> None:
    text = """
        - given: {sales: [{id: 2, amount: a lot}]}
          expect_quarantined: [{id: 2, reason: "amount: not_null"}]
    """

    assert verdict(spark, tmp_path, runs("copied", text)).problem == (
        "tests/test_it.yml:3:3: run 1: in quarantine: rows expected: 1, found: 1; 1 differs\n"
        "  differs     {id: 2}  reason: amount: type decimal(10,2), expected amount: not_null"
    )


def test_typed_files_and_tables_of_other_jobs_are_given_and_a_check_left_out(
    spark: SparkSession, tmp_path: Path
) -> None:
    text = """
        - given:
            copied: {columns: {amount: "decimal(10,2)", id: int}, rows: [{id: 1, amount: 99.50}, {id: 1, amount: 0.50}]}
            readings: [{id: 1, celsius: 20.5}, {id: 1, celsius: 100}]
          expect: [{id: 1, total: 100.00, celsius: 20.5}]
          expect_quarantined: [{id: 1, celsius: 100.0, reason: "celsius: between -90 and 60"}]
        - given:
            copied: [{id: 2, amount: 100}]
          expect: [{id: 2, total: 100.00, celsius: null}]
    """

    found = verdict(spark, tmp_path, runs("totals", text, "  without_checks: [row_count]\n"))

    assert found.problem is None


def test_a_table_that_is_taken_by_version_gets_further_rows(spark: SparkSession, tmp_path: Path) -> None:
    text = """
        - given: {copied: [{id: 1}]}
        - given: {copied: [{id: 2}]}
          expect: [{id: 1, double: 2}, {id: 2, double: 4}]
    """

    assert verdict(spark, tmp_path, runs("added", text)).problem is None


def test_a_run_takes_the_intervals_that_are_over_by_its_now(spark: SparkSession, tmp_path: Path) -> None:
    text = """
        - given: {sales: [{id: 1, at: 2026-01-01 10:00:00}, {id: 2, at: 2026-01-02 10:00:00}]}
          now: 2026-01-02 12:00:00
          expect: [{id: 1}]
        - given: {sales: [{id: 2, at: 2026-01-02 10:00:00}, {id: 3, at: 2026-01-01 11:00:00}]}
          now: 2026-01-03
          expect: [{id: 1}, {id: 2}]
    """

    assert verdict(spark, tmp_path, runs("daily", text)).problem is None


FAILING = """
    - given: {copied: [{id: 1, amount: 200}], readings: [{id: 1, celsius: 1}]}
      FAILS
"""


def test_a_failed_check_fails_the_case(spark: SparkSession, tmp_path: Path) -> None:
    found = verdict(spark, tmp_path, runs("totals", FAILING.replace("FAILS", "expect: []")))

    assert found.problem is not None
    assert found.problem.startswith("tests/test_it.yml:3:3: run 1: ")
    assert "row_count failed: 1 " in found.problem


def test_a_failure_can_be_what_is_expected(spark: SparkSession, tmp_path: Path) -> None:
    right, wrong = (FAILING.replace("FAILS", f"fails: {told}") for told in ("row_count failed", "unique"))

    assert verdict(spark, tmp_path / "a", runs("totals", right)).problem is None
    found = verdict(spark, tmp_path / "b", runs("totals", wrong)).problem
    assert found is not None
    assert found.startswith("tests/test_it.yml:3:3: run 1: it was to fail with 'unique': ")


def test_a_run_that_is_expected_to_fail_may_not_succeed(spark: SparkSession, tmp_path: Path) -> None:
    text = "- {given: {sales: [{id: 1, amount: 1}]}, fails: sales}\n"

    assert verdict(spark, tmp_path, runs("copied", text)).problem == (
        "tests/test_it.yml:3:3: run 1: it was to fail with 'sales': it succeeded"
    )


def test_a_table_that_was_never_published_has_no_rows(spark: SparkSession, tmp_path: Path) -> None:
    nothing, one = (
        FAILING.replace("FAILS", f"fails: row_count\n      expect: {rows}") for rows in ("[]", "[{id: 1}]")
    )

    assert verdict(spark, tmp_path / "a", runs("totals", nothing)).problem is None
    assert verdict(spark, tmp_path / "b", runs("totals", one)).problem == (
        "tests/test_it.yml:3:3: run 1: the table was never published"
    )


def test_a_run_without_any_file_fails_as_it_would(spark: SparkSession, tmp_path: Path) -> None:
    found = verdict(spark, tmp_path, runs("copied", "- {}\n")).problem

    assert found is not None
    assert found.startswith("tests/test_it.yml:3:3: run 1: source 'sales': no file at /")


def test_after_a_crash_the_next_run_finds_what_it_left(spark: SparkSession, tmp_path: Path) -> None:
    text = """
        - given: {sales: [{id: 1, amount: 1}]}
        - given: {sales: [{id: 2, amount: 1}, {id: 3, amount: -1}]}
          crash: commit.before
          expect: [{id: 1}]
        - given: {sales: [{id: 4, amount: 1}]}
          expect: [{id: 1}, {id: 2}, {id: 4}]
          expect_quarantined: [{id: 3, reason: positive}]
    """

    assert verdict(spark, tmp_path, runs("copied", text)).problem is None


def test_a_point_that_is_never_reached_kills_nothing(spark: SparkSession, tmp_path: Path) -> None:
    text = "- {given: {sales: [{id: 1, amount: 1}]}, crash: commit.befor}\n"

    found = verdict(spark, tmp_path, runs("copied", text)).problem

    assert found is not None
    assert found.startswith(
        "tests/test_it.yml:3:3: run 1: it was not killed, for it never came to 'commit.befor'"
    )


def test_nothing_is_left_in_the_project(spark: SparkSession, tmp_path: Path) -> None:
    verdict(spark, tmp_path, runs("copied", "- {given: {sales: [{id: 1, amount: 1}]}}\n"))

    assert {path.name for path in tmp_path.iterdir()} - {".jars"} == {
        "conf",
        "tests",
        *(path.name for path in tmp_path.glob("jobs_*")),
    }
