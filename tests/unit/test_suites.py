"""Suites of other tools: each of their names in our words, what has no equal, and files that are none."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from sparkjobs.config.checks import check_of
from sparkjobs.config.model import Name
from sparkjobs.config.models import Input
from sparkjobs.config.node import Plain, parse, plain
from sparkjobs.errors import UsageError
from sparkjobs.plan.checks import fitted
from sparkjobs.suites import TOOLS, Written, written
from tests.checks import registry
from tests.unit.test_hostile_yaml import HOSTILE

PAGE = Path(__file__).parents[2] / "docs" / "coming-from.md"


def imported(tool: str, text: str | bytes, file: str = "suite.yml") -> Written:
    given = TOOLS[tool]
    blocks = given.read(file, text if isinstance(text, bytes) else text.encode())
    return written(f"{given.title}: {file}", blocks, given.table, registry().checks)


def lines(done: Written) -> list[str]:
    """What was printed under `inputs:` and `checks:`."""
    return [line.removeprefix("  ") for line in done.text.splitlines() if line.startswith("  ")]


def gx(*expectations: object, **top: object) -> list[str]:
    return lines(imported("gx", json.dumps({"expectations": expectations, **top}), "suite.json"))


def expectation(name: str, kwargs: object, **more: object) -> list[str]:
    return gx({"type": f"expect_{name}", "kwargs": kwargs, **more})


def dbt(test: str, *, column: bool = True) -> list[str]:
    tests = f"data_tests: [{test}]"
    return lines(
        imported("dbt", f"models: [{{name: m, {f'columns: [{{name: a, {tests}}}]' if column else tests}}}]")
    )


def dqx(function: str, arguments: str, more: str = "") -> list[str]:
    return lines(imported("dqx", f"- {{check: {{function: {function}, arguments: {arguments}}}{more}}}"))


GX: list[tuple[str, dict[str, object], list[str]]] = [
    ("column_values_to_not_be_null", {"column": "a"}, ["not_null: [a]"]),
    ("column_values_to_not_be_null", {"column": "a", "mostly": 0.9}, ["not_null: {column: a, mostly: 0.9}"]),
    ("column_values_to_not_be_null", {"column": "a", "mostly": 1.0}, ["not_null: [a]"]),
    ("column_values_to_be_null", {"column": "the a"}, ['null: ["the a"]']),
    ("column_values_to_be_in_set", {"column": "a", "value_set": ["x", 1, 2.5, True, "1"]}, ['accepted_values: {column: a, values: [x, 1, 2.5, true, "1"]}']),
    ("column_values_to_not_be_in_set", {"column": "a", "value_set": [0]}, ["rejected_values: {column: a, values: [0]}"]),
    ("column_values_to_be_between", {"column": "a", "min_value": 1, "max_value": 2}, ["between: {column: a, min: 1, max: 2}"]),
    ("column_values_to_be_between", {"column": "a", "min_value": 1, "max_value": None}, ["between: {column: a, min: 1}"]),
    ("column_values_to_be_between", {"column": "a", "min_value": 1, "strict_min": True}, ["between: {column: a, min: 1, strict: true}"]),
    ("column_values_to_be_between", {"column": "a", "min_value": 1, "strict_max": True}, ["between: {column: a, min: 1}"]),
    ("column_values_to_be_between", {"column": "a", "min_value": 1, "max_value": 2, "strict_min": True, "strict_max": True}, ["between: {column: a, min: 1, max: 2, strict: true}"]),
    ("column_values_to_be_between", {"column": "a", "min_value": 1, "max_value": 2, "strict_max": True}, ["between: {column: a, min: 1}", "between: {column: a, max: 2, strict: true}"]),
    ("column_values_to_be_between", {"column": "a", "max_value": "2024-12-31"}, ['between: {column: a, max: "2024-12-31"}']),
    ("column_values_to_match_regex", {"column": "a", "regex": "^[A-Z]{3}$"}, ['matches: {column: a, pattern: "(?s:.*)(?:^[A-Z]{3}$)(?s:.*)"}']),
    ("column_values_to_match_regex", {"column": "a", "regex": r"(?i)x|\d"}, [r"matches: {column: a, pattern: '(?i)(?s:.*)(?:x|\d)(?s:.*)'}"]),
    ("column_values_to_not_match_regex", {"column": "a", "regex": "tmp", "mostly": 0.5}, ['not_matches: {column: a, pattern: "(?s:.*)(?:tmp)(?s:.*)", mostly: 0.5}']),
    ("column_values_to_match_regex_list", {"column": "a", "regex_list": ["x", "y"]}, ['matches: {column: a, any_of: ["(?s:.*)(?:x)(?s:.*)", "(?s:.*)(?:y)(?s:.*)"]}']),
    ("column_values_to_match_regex_list", {"column": "a", "regex_list": ["x"], "match_on": "all"}, ['matches: {column: a, all_of: ["(?s:.*)(?:x)(?s:.*)"]}']),
    ("column_values_to_not_match_regex_list", {"column": "a", "regex_list": ["x", "y|z"]}, ['not_matches: {column: a, pattern: "(?s:.*)(?:(?:x)|(?:y|z))(?s:.*)"}']),
    ("column_values_to_match_like_pattern", {"column": "a", "like_pattern": "x%"}, ['like: {column: a, pattern: "x%"}']),
    ("column_values_to_not_match_like_pattern", {"column": "a", "like_pattern": "x%"}, ['not_like: {column: a, pattern: "x%"}']),
    ("column_values_to_match_like_pattern_list", {"column": "a", "like_pattern_list": ["x%"]}, ['like: {column: a, pattern: "x%"}']),
    ("column_values_to_match_like_pattern_list", {"column": "a", "like_pattern_list": ["x%", "%y"], "match_on": "all"}, ['like: {column: a, pattern: "x%"}', 'like: {column: a, pattern: "%y"}']),
    ("column_values_to_not_match_like_pattern_list", {"column": "a", "like_pattern_list": ["x%", "y%"]}, ['not_like: {column: a, pattern: "x%"}', 'not_like: {column: a, pattern: "y%"}']),
    ("column_value_lengths_to_be_between", {"column": "a", "min_value": 1, "max_value": 3.0, "strict_min": True, "strict_max": True}, ["length: {column: a, min: 2, max: 2}"]),
    ("column_value_lengths_to_equal", {"column": "a", "value": 3.0}, ["length: {column: a, equals: 3}"]),
    ("column_values_to_be_unique", {"column": "a"}, ["unique: [a]"]),
    ("column_values_to_not_be_outliers", {"column": "a", "method": "iqr", "multiplier": 3}, ["iqr: {column: a, factor: 3}"]),
    ("column_values_to_be_of_type", {"column": "a", "type_": "LongType"}, ["column_types: {types: {a: bigint}}"]),
    ("column_values_to_be_in_type_list", {"column": "a", "type_list": ["IntegerType", "LongType"]}, ["column_types: {types: {a: [int, bigint]}}"]),
    ("column_type_to_be", {"column": "a", "type_": "DateType"}, ["column_types: {types: {a: date}}"]),
    ("column_pair_values_a_to_be_greater_than_b", {"column_A": "a", "column_B": "b"}, ["ordered: {columns: [b, a], strict: true}"]),
    ("column_pair_values_A_to_be_greater_than_B", {"column_A": "a", "column_B": "b", "or_equal": True}, ["ordered: [b, a]"]),
    ("column_pair_values_to_be_equal", {"column_A": "a", "column_B": "b", "ignore_row_if": "either_value_is_missing"}, ["equal_columns: [a, b]"]),
    ("column_pair_values_to_be_in_set", {"column_A": "a", "column_B": "b", "value_pairs_set": [["DE", "EUR"]], "ignore_row_if": "either_value_is_missing"}, ["accepted_pairs: {columns: [a, b], values: [[DE, EUR]]}"]),
    ("compound_columns_to_be_unique", {"column_list": ["a", "b"], "ignore_row_if": "any_value_is_missing"}, ["unique: [a, b]"]),
    ("multicolumn_sum_to_equal", {"column_list": ["a", "b"], "sum_total": 100, "ignore_row_if": "any_value_is_missing"}, ["sums_to: {columns: [a, b], total: 100}"]),
    ("multicolumn_values_to_be_equal", {"column_list": ["a", "b"], "ignore_row_if": "any_value_is_missing"}, ["equal_columns: [a, b]"]),
    ("multicolumn_values_to_be_unique", {"column_list": ["a", "b"]}, ["different_columns: [a, b]"]),
    ("select_column_values_to_be_unique_within_record", {"column_list": ["a", "b"], "ignore_row_if": "any_value_is_missing"}, ["different_columns: [a, b]"]),
    ("column_distinct_values_to_be_in_set", {"column": "a", "value_set": ["x"]}, ["accepted_values: {column: a, values: [x]}"]),
    ("column_distinct_values_to_equal_set", {"column": "a", "value_set": ["x"]}, ["distinct_values: {column: a, equals: [x]}"]),
    ("column_distinct_values_to_contain_set", {"column": "a", "value_set": ["x"]}, ["distinct_values: {column: a, contains: [x]}"]),
    ("column_most_common_value_to_be_in_set", {"column": "a", "value_set": ["x"], "ties_okay": True}, ["most_common: {column: a, values: [x]}"]),
    ("column_unique_value_count_to_be_between", {"column": "a", "min_value": 2, "max_value": 9, "strict_max": True}, ["distinct_count: {columns: [a], min: 2, max: 8}"]),
    ("column_proportion_of_non_null_values_to_be_between", {"column": "a", "min_value": 0.9}, ['share: {expr: "`a` is not null", min: 0.9}']),
    ("column_min_to_be_between", {"column": "a", "min_value": 1, "max_value": 2}, ["minimum: {column: a, min: 1, max: 2}"]),
    ("column_max_to_be_between", {"column": "a", "max_value": 2, "strict_max": False}, ["maximum: {column: a, max: 2}"]),
    ("column_mean_to_be_between", {"column": "a", "min_value": 1}, ["mean: {column: a, min: 1}"]),
    ("column_median_to_be_between", {"column": "a", "min_value": 1}, ["median: {column: a, min: 1}"]),
    ("column_stdev_to_be_between", {"column": "a", "min_value": 1}, ["stdev: {column: a, min: 1}"]),
    ("column_sum_to_be_between", {"column": "a", "min_value": 1}, ["sum: {column: a, min: 1}"]),
    ("table_row_count_to_be_between", {"min_value": 0, "strict_min": True}, ["row_count: {min: 1}"]),
    ("table_row_count_to_equal", {"value": 5}, ["row_count: {equals: 5}"]),
    ("table_column_count_to_be_between", {"min_value": 1, "max_value": 5}, ["column_count: {min: 1, max: 5}"]),
    ("table_column_count_to_equal", {"value": 5}, ["column_count: {equals: 5}"]),
    ("table_columns_to_match_ordered_list", {"column_list": ["a", "b"]}, ["column_names: {names: [a, b], in_order: true}"]),
    ("table_columns_to_match_set", {"column_set": ["a", "b"], "exact_match": False}, ["column_names: {names: [a, b], exactly: false}"]),
    ("column_to_exist", {"column": "a"}, ["column_names: {names: [a], exactly: false}"]),
]  # fmt: skip
GX_OTHERS = {"expect_table_row_count_to_equal_other_table"}


@pytest.mark.parametrize(("name", "kwargs", "expected"), GX)
def test_an_expectation_in_our_words(name: str, kwargs: dict[str, object], expected: list[str]) -> None:
    assert expectation(name, kwargs) == [f"- {one}" for one in expected]


def test_every_expectation_that_has_an_equal_was_tried() -> None:
    assert {f"expect_{name}" for name, _, _ in GX} | GX_OTHERS == set(TOOLS["gx"].table.rules)


def test_as_many_rows_as_another_table_of_theirs() -> None:
    done = expectation("table_row_count_to_equal_other_table", {"other_table_name": "orders"})

    assert done == [
        "orders: {ref: orders, for_checks: true}  # orders: `source: orders` if no job writes it",
        "- equal_row_count: {input: orders}",
    ]


GX_WITHOUT: list[tuple[str, dict[str, object], str]] = [
    ("column_values_to_be_between", {"column": "a", "min_value": 1, "max_value": 2, "strict_max": True, "mostly": 0.9}, "one bound may be reached"),
    ("column_values_to_be_between", {"column": "a"}, "between needs 'min' or 'max'"),
    ("column_values_to_be_between", {"min_value": 1}, "between needs 'column'"),
    ("column_values_to_be_between", {"column": "a", "min_value": 1, "strict_min": "yes"}, "'strict_min' is neither true nor false"),
    ("column_values_to_be_between", {"column": "a", "min_value": 1, "parse_strings_as_datetimes": True}, "the argument 'parse_strings_as_datetimes' is not known here"),
    ("column_max_to_be_between", {"column": "a", "max_value": 1, "strict_max": True}, "'strict_max' cannot be said here"),
    ("column_max_to_be_between", {"column": "a", "max_value": 1, "mostly": 0.9}, "the argument 'mostly' is not known here"),
    ("column_values_to_not_be_null", {"column": "a", "mostly": 0}, "mostly: input should be greater than 0, not 0"),
    ("column_values_to_be_in_set", {"column": "a", "value_set": ["x", None]}, "values: must be text, a number, true or false"),
    ("column_values_to_be_in_set", {"column": "a", "value_set": []}, "values: must not be empty"),
    ("column_values_to_be_in_set", {"column": "a", "value_set": {"$PARAMETER": "p"}}, "values: must be a list"),
    ("column_values_to_be_in_set", {"column": "a", "value_set": ["${env:HOME}"]}, "${ begins a reference in conf"),
    ("column_values_to_be_in_set", {"column": "a", "value_set": [12345678901234567890]}, "conf cannot hold one of its values to the digit"),
    ("column_values_to_be_in_set", {"column": "a", "value_set": [float("nan")]}, "conf cannot hold one of its values to the digit"),
    ("column_values_to_be_in_set", {"column": "a", "value_set": ["\ud800"]}, "conf cannot hold one of its texts"),
    ("column_values_to_match_regex", {"column": "a", "regex": "("}, "'(' is not a regular expression"),
    ("column_values_to_match_regex", {"column": "a", "regex": ")("}, "')(' is not a regular expression"),
    ("column_values_to_match_regex", {"column": "a", "regex": "(?P<x>a)"}, "(?P…) is no group of Java's"),
    ("column_values_to_match_regex_list", {"column": "a", "regex_list": ["(?i)x", "y"]}, "flags and references of one pattern hold for its neighbours"),
    ("column_values_to_match_regex_list", {"column": "a", "regex_list": []}, "a list was expected"),
    ("column_values_to_match_like_pattern", {"column": "a", "like_pattern": r"x\%"}, "what a backslash means"),
    ("column_values_to_match_like_pattern", {"column": "a", "like_pattern": "x", "escape": "!"}, "the argument 'escape' is not known here"),
    ("column_values_to_match_like_pattern_list", {"column": "a", "like_pattern_list": ["x", "y"]}, "several patterns are several checks"),
    ("column_values_to_not_match_like_pattern_list", {"column": "a", "like_pattern_list": ["x", "y"], "mostly": 0.9}, "several patterns are several checks"),
    ("column_value_lengths_to_be_between", {"column": "a", "min_value": 1.5}, "a whole number was expected"),
    ("column_value_lengths_to_equal", {"column": "a", "value": True}, "a whole number was expected"),
    ("column_values_to_not_be_outliers", {"column": "a", "method": "std"}, "'method' cannot be said here"),
    ("column_values_to_be_of_type", {"column": "a", "type_": "VARCHAR"}, "'VARCHAR' is no type of Spark's"),
    ("column_values_to_be_of_type", {"column": "a", "type_": "DecimalType"}, "'DecimalType' is no type of Spark's"),
    ("column_pair_values_a_to_be_greater_than_b", {"column_A": "a", "column_B": "b", "mostly": 0.9}, "theirs judges rows with a null"),
    ("column_pair_values_to_be_equal", {"column_A": "a", "column_B": "b"}, "theirs judges rows with a null"),
    ("column_pair_values_to_be_equal", {"column_A": "a"}, "a list of names was expected"),
    ("compound_columns_to_be_unique", {"column_list": ["a", "b"]}, "theirs judges rows with a null"),
    ("multicolumn_sum_to_equal", {"column_list": ["a", "b"], "sum_total": 1}, "theirs judges rows with a null"),
    ("multicolumn_values_to_be_equal", {"column_list": ["a", "b", "c"], "ignore_row_if": "any_value_is_missing"}, "theirs judges rows with a null"),
    ("select_column_values_to_be_unique_within_record", {"column_list": ["a", "b", "c"]}, "theirs judges rows with a null"),
    ("select_column_values_to_be_unique_within_record", {"column_list": ["a", "b"], "mostly": 0.5}, "theirs judges rows with a null"),
    ("select_column_values_to_be_unique_within_record", {"column_list": ["a", "b"], "ignore_row_if": "never"}, "theirs judges rows with a null"),
    ("column_most_common_value_to_be_in_set", {"column": "a", "value_set": ["x"]}, "ours lets values tie"),
    ("column_to_exist", {"column": "a", "column_index": 3}, "'column_index' cannot be said here"),
    ("table_row_count_to_equal_other_table", {"other_table_name": {"$PARAMETER": "p"}}, "no table is named"),
    ("table_row_count_to_equal_other_table", {"other_table_name": "the orders"}, "'the orders' cannot be the name of an input"),
    ("table_row_count_to_equal_other_table", {"other_table_name": "t" * 101}, f"'{'t' * 60}' cannot be the name of an input"),
    ("table_row_count_to_equal_other_table", {"other_table_name": "t", "row_condition": "a > 1", "condition_parser": "spark"}, "whether its condition is asked of both tables depends on their version"),
    ("query_results_to_match_comparison", {"base_query": "select 1"}, "of two queries, theirs compares 200 rows"),
    ("column_values_to_be_increasing", {"column": "a"}, "rows have no order"),
    ("column_values_to_be_unicorns", {"column": "a"}, "the name is not known here"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kwargs", "reason"), GX_WITHOUT)
def test_an_expectation_that_would_be_another_check_is_named(
    name: str, kwargs: dict[str, object], reason: str
) -> None:
    (line,) = expectation(name, kwargs)

    assert line.startswith(f"# no equal: expect_{name} {{")
    assert f"}}: {reason}" in line


def test_columns_that_are_never_null_make_checks_equal_that_differ_in_nulls_alone() -> None:
    compound = {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["a", "b"]}}
    keys = [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": one}} for one in "ab"]
    often = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "b", "mostly": 0.9}}
    warned = {**keys[1], "severity": "warning"}
    some = {**keys[1], "kwargs": {"column": "b", "row_condition": "a > 1", "condition_parser": "spark"}}

    assert gx(compound, *keys) == ["- unique: [a, b]", "- not_null: [a]", "- not_null: [b]"]
    for other in (often, warned, some):
        assert gx(compound, keys[0], other)[0].startswith("# no equal: expect_compound_columns_to_be_unique")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"severity": "critical"}, "- unique: [a]"),
        ({"severity": "warning"}, "- unique: {columns: [a], severity: warn}"),
        ({"severity": "info"}, "- unique: {columns: [a], severity: warn}"),
        ({"severity": None, "description": None, "meta": {"x": [1]}, "id": "8e0f"}, "- unique: [a]"),
        ({"description": "one\nper row"}, r'- unique: {columns: [a], description: "one\nper row"}'),
        ({"severity": "dire"}, "# no equal: expect_column_values_to_be_unique {column: a}: its severity is not known here"),
    ],
)  # fmt: skip
def test_what_every_expectation_takes(more: dict[str, object], expected: str) -> None:
    assert expectation("column_values_to_be_unique", {"column": "a", "batch_id": "x"}, **more) == [expected]


@pytest.mark.parametrize(
    ("condition", "parser", "expected"),
    [
        ("b = 'x'", "spark", """- unique: {columns: [a], where: "b = 'x'"}"""),
        ({"type": "pass_through", "pass_through_filter": "b > 1"}, "spark", '- unique: {columns: [a], where: "b > 1"}'),
        ("", None, "- unique: [a]"),
        ('b == "x"', "pandas", "its row_condition is no SQL"),
        ('col("b") > 1', "great_expectations", "its row_condition is no SQL"),
        ("b > 1", None, "its row_condition is no SQL"),
        ({"type": "comparison", "column": {"name": "b"}}, "spark", "its row_condition is no SQL"),
        ("b > now()", "spark", "may not hold 'now'"),
        ("b in (select 1)", "spark", "may not hold 'select'"),
        ("rank() over (order by b) = 1", "spark", "may not hold 'over'"),
        ("b < CURRENT_DATE", "spark", "may not hold 'CURRENT_DATE'"),
        ("now = 'now()' and `uuid()` > 1", "spark", """- unique: {columns: [a], where: "now = 'now()' and `uuid()` > 1"}"""),
    ],
)  # fmt: skip
def test_a_row_condition_is_where_if_it_is_plain_sql(
    condition: object, parser: object, expected: str
) -> None:
    kwargs = {"column": "a", "row_condition": condition, "condition_parser": parser}
    (line,) = expectation("column_values_to_be_unique", kwargs)

    assert line == expected if expected.startswith("- ") else line.endswith(expected) or expected in line


def test_a_whole_suite_with_what_has_no_equal_where_it_stood() -> None:
    suite = {
        "expectation_suite_name": "orders",
        "meta": {"great_expectations_version": "0.18.0"},
        "expectations": [
            {
                "expectation_type": "expect_column_values_to_not_be_null",
                "kwargs": {"column": "id"},
                "meta": {},
            },
            {"expectation_type": "expect_column_values_to_be_increasing", "kwargs": {"column": "id"}},
            {"expectation_type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}},
        ],
    }

    done = imported("gx", json.dumps(suite), "suites/orders.json")

    assert done.text == (
        "# from Great Expectations: suites/orders.json\n"
        "# suite orders\n"
        "checks:\n"
        "  - not_null: [id]\n"
        "  # no equal: expect_column_values_to_be_increasing {column: id}: rows have no order; `increasing` takes one, `order_by`\n"
        "  - row_count: {min: 1}\n"
    )
    assert done.summary == "2 of 3 checks imported; 1 has no equal"


DBT: list[tuple[str, list[str]]] = [
    ("not_null", ["not_null: [a]"]),
    ("unique", ["unique: [a]"]),
    ("dbt.unique", ["unique: [a]"]),
    ("accepted_values: {values: [x, y]}", ["accepted_values: {column: a, values: [x, y]}"]),
    ("accepted_values: {arguments: {values: [x, y]}, config: {severity: WARN, where: b > 1}}", ['accepted_values: {column: a, values: [x, y], severity: warn, where: "b > 1"}']),
    ("accepted_values: {values: ['1', \"'x'\"], quote: false}", ["accepted_values: {column: a, values: [1, x]}"]),
    ("accepted_values: {values: [yes, 'no', 010, 2024-01-01]}", ['accepted_values: {column: a, values: [true, no, 8, "2024-01-01"]}']),
    ("dbt_utils.not_accepted_values: {values: [x]}", ["rejected_values: {column: a, values: [x]}"]),
    ("dbt_utils.accepted_range: {min_value: 0, max_value: 9.5}", ["between: {column: a, min: 0, max: 9.5}"]),
    ("dbt_utils.accepted_range: {min_value: \"'2024-01-01'\", inclusive: false}", ['between: {column: a, min: "2024-01-01", strict: true}']),
    ("dbt_utils.not_constant", ["not_constant: [a]"]),
    ("dbt_utils.not_empty_string", ["not_blank: [a]"]),
    ("dbt_utils.not_empty_string: {trim_whitespace: false}", ["not_empty: [a]"]),
    ("dbt_utils.at_least_one", ["distinct_count: {columns: [a], min: 1}"]),
    ("dbt_utils.not_null_proportion: {at_least: 0.95}", ["not_null: {column: a, mostly: 0.95}"]),
    ("dbt_utils.expression_is_true: {expression: '>= 0'}", ['expression: {expr: "`a` >= 0"}']),
    ("{name: short_a, test_name: dbt_utils.expression_is_true, expression: '< 9', tags: [x]}", ['expression: {expr: "`a` < 9", name: short_a}']),
    ("unique: {severity: warn, where: b > 1, store_failures: true, warn_if: '!= 0'}", ['unique: {columns: [a], severity: warn, where: "b > 1"}']),
    ("unique: {name: one, description: of each}", ['unique: {columns: [a], name: one, description: "of each"}']),
]  # fmt: skip
DBT_OF_TABLE: list[tuple[str, list[str]]] = [
    ("dbt_utils.expression_is_true: {expression: a > b}", ['expression: {expr: "a > b"}']),
    ("dbt_utils.recency: {field: at, datepart: hour, interval: 6}", ['fresh: {column: at, max_age: "6h"}']),
    ("dbt_utils.recency: {field: at, datepart: day, interval: 1, group_by_columns: [b]}", ['fresh: {column: at, max_age: "1d", group_by: [b]}']),
    (
        "dbt_utils.mutually_exclusive_ranges: {lower_bound_column: f, upper_bound_column: t, partition_by: k}",
        ["not_null: [f, t]", "ordered: {columns: [f, t], strict: true}", "no_overlaps: {valid_from: f, valid_to: t, columns: [k]}"],
    ),
    (
        "dbt_utils.mutually_exclusive_ranges: {lower_bound_column: f, upper_bound_column: t, partition_by: 'k, l', gaps: not_allowed, zero_length_range_allowed: true, name: p}",
        ["not_null: {columns: [f, t], name: p_1}", "ordered: {columns: [f, t], name: p_2}", "no_overlaps: {valid_from: f, valid_to: t, columns: [k, l], gaps: false, name: p_3}"],
    ),
    (
        "dbt_utils.unique_combination_of_columns: {combination_of_columns: [a, b]}, {test_name: not_null, column_name: a}, {test_name: not_null, column_name: b}",
        ["unique: [a, b]", "not_null: [a]", "not_null: [b]"],
    ),
]  # fmt: skip
DBT_OTHERS: list[tuple[str, list[str]]] = [
    (
        "relationships: {to: ref('b'), field: id}",
        ["b: {ref: b, for_checks: true}", "foreign_key: {columns: [a], input: b, key: [id]}"],
    ),
    (
        "relationships: {arguments: {to: \"source('raw', 'b')\", field: '`the id`'}, config: {severity: warn, where: c > 1}}",
        ["b: {source: b, for_checks: true}", 'foreign_key: {columns: [a], input: b, key: ["the id"], severity: warn, where: "c > 1"}'],
    ),
    (
        "relationships: {to: '{{ ref(\"true\") }}', field: id}",
        ['"true": {ref: "true", for_checks: true}', 'foreign_key: {columns: [a], input: "true", key: [id]}'],
    ),
    (
        "dbt_utils.relationships_where: {to: ref('b'), field: id}",
        ["b: {ref: b, for_checks: true}", "foreign_key: {columns: [a], input: b, key: [id]}"],
    ),
    (
        "dbt_utils.relationships_where: {to: ref('b'), field: id, from_condition: c > 1, to_condition: 1=1}",
        ["b: {ref: b, for_checks: true}", 'foreign_key: {columns: [a], input: b, key: [id], where: "c > 1"}'],
    ),
    (
        "dbt_utils.relationships_where: {to: ref('b'), field: id, from_condition: c > 1, config: {where: d or e}}",
        ["b: {ref: b, for_checks: true}", 'foreign_key: {columns: [a], input: b, key: [id], where: "(d or e) and (c > 1)"}'],
    ),
    (
        "dbt_utils.cardinality_equality: {to: ref('b'), field: a}",
        ["b: {ref: b, for_checks: true}", "same_rows: {columns: [a], input: b}"],
    ),
    (
        "{test_name: dbt_utils.equal_rowcount, column_name: null, compare_model: ref( 'b' ), name: as_many}",
        ["b: {ref: b, for_checks: true}", "equal_row_count: {input: b, name: as_many}"],
    ),
]  # fmt: skip
CONSTRAINTS = [
    ("{type: not_null, columns: [a]}", ["not_null: [a]"]),
    ("{type: unique, columns: [a, b], warn_unenforced: false}", ["unique: [a, b]"]),
    ("{type: primary_key, columns: [a, b]}", ["not_null: [a, b]", "unique: [a, b]"]),
    ("{type: check, expression: a > 0, name: above}", ['expression: {expr: "a > 0", name: above}']),
]
FOREIGN_KEY = "{type: foreign_key, columns: [a, b], to: ref('k'), to_columns: [c, d]}"


@pytest.mark.parametrize(("test", "expected"), DBT)
def test_a_dbt_test_of_a_column_in_our_words(test: str, expected: list[str]) -> None:
    assert dbt(test) == [f"- {one}" for one in expected]


@pytest.mark.parametrize(("test", "expected"), DBT_OF_TABLE)
def test_a_dbt_test_of_a_table_in_our_words(test: str, expected: list[str]) -> None:
    assert dbt(test, column=False) == [f"- {one}" for one in expected]


@pytest.mark.parametrize(("test", "expected"), DBT_OTHERS)
def test_a_dbt_test_that_names_another_table_brings_the_input_that_it_needs(
    test: str, expected: list[str]
) -> None:
    given, check = expected

    assert dbt(test) == [given, f"- {check}"]


def test_a_foreign_key_of_a_contract_in_our_words() -> None:
    done = imported("dbt", f"models: [{{name: m, constraints: [{FOREIGN_KEY}]}}]")

    assert lines(done) == [
        "k: {ref: k, for_checks: true}",
        "- foreign_key: {columns: [a, b], input: k, key: [c, d]}",
    ]


@pytest.mark.parametrize(
    ("constraint", "reason"),
    [
        ("{type: foreign_key, columns: [a], expression: k (c)}", "a table is named in SQL; `to` and `to_columns` would say it"),
        ("{type: foreign_key, columns: [a], to: ref('k')}", "a table is named in SQL; `to` and `to_columns` would say it"),
        ("{type: foreign_key, columns: [a], to: ref('k'), to_columns: [c, d]}", "1 columns cannot be looked for in 2"),
        ("{type: foreign_key, to: ref('k'), to_columns: [c]}", "a list was expected"),
        ("{type: foreign_key, columns: [a], to: main.k, to_columns: [c]}", "'main.k' is not ref('x') or source('x', 'y')"),
        ("{type: foreign_key, columns: [a], to: ref('m'), to_columns: [c]}", "it is the table itself, and no job reads what it writes"),
    ],
)  # fmt: skip
def test_a_foreign_key_of_a_contract_that_cannot_be_said(constraint: str, reason: str) -> None:
    (line,) = lines(imported("dbt", f"models: [{{name: m, constraints: [{constraint}]}}]"))

    assert f"}}: {reason}" in line


@pytest.mark.parametrize(("constraint", "expected"), CONSTRAINTS)
def test_a_constraint_of_a_contract_in_our_words(constraint: str, expected: list[str]) -> None:
    done = imported("dbt", f"models: [{{name: m, constraints: [{constraint}]}}]")

    assert lines(done) == [f"- {one}" for one in expected]


def test_a_constraint_of_a_column_looks_at_that_column() -> None:
    done = imported("dbt", "models: [{name: m, columns: [{name: a, constraints: [{type: primary_key}]}]}]")

    assert lines(done) == ["- not_null: [a]", "- unique: [a]"]


def test_every_dbt_test_that_has_an_equal_was_tried() -> None:
    tried = " ".join(
        [
            *(one for one, _ in (*DBT, *DBT_OF_TABLE, *DBT_OTHERS)),
            *(f"constraint {one[7:]}" for one in (FOREIGN_KEY, *(one for one, _ in CONSTRAINTS))),
        ]
    )

    assert [name for name in TOOLS["dbt"].table.rules if name not in tried] == []


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("relationships: {to: \"ref('p', 'b')\", field: id}", "\"ref('p', 'b')\" is not ref('x') or source('x', 'y')"),
        ("relationships: {to: \"ref('b', v=2)\", field: id}", "\"ref('b', v=2)\" is not ref('x') or source('x', 'y')"),
        ("relationships: {to: var('b'), field: id}", "\"var('b')\" is not ref('x') or source('x', 'y')"),
        ("relationships: {to: ref('b-1'), field: id}", "'b-1' cannot be the name of an input"),
        ("relationships: {to: ref('b'), field: lower(id)}", "a check of ours looks at a column, not at an expression"),
        ("relationships: {to: ref('b')}", "a check of ours looks at a column, not at an expression"),
        ("relationships: {field: id}", "no table is named"),
        ("relationships: {to: ref('b'), field: id, zeal: 1}", "the argument 'zeal' is not known here"),
        ("relationships: {to: ref('m'), field: id}", "it is the table itself, and no job reads what it writes"),
        ("dbt_utils.relationships_where: {to: ref('b'), field: id, to_condition: c > 1}", "'to_condition' cannot be said here"),
        ("dbt_utils.relationships_where: {to: ref('b'), field: id, from_condition: c > 1 OR d}", "theirs puts its condition behind `and` without brackets; an `or` lets in rows without a key"),
        ("dbt_utils.relationships_where: {to: ref('b'), field: id, from_condition: '\"c\" > 1'}", 'to Spark " begins a text'),
        ("dbt_utils.relationships_where: {to: ref('b'), field: id, from_condition: 7}", "its condition is not text"),
        ("dbt_utils.relationships_where: {to: ref('b'), field: id, from_condition: 'c > now()'}", "a condition looks at its row alone, and may not hold 'now'"),
        ("dbt_utils.cardinality_equality: {to: ref('b'), field: id}", "`same_rows` compares columns of one name"),
        ("accepted_values: {values: [x], quote: false}", "'x' is an expression; ours compares with values"),
        ("accepted_values: {values: [x, null]}", "values: must be text, a number, true or false"),
        ("accepted_values", "accepted_values needs 'values'"),
        ("dbt_utils.accepted_range: {min_value: current_date}", "'current_date' is an expression"),
        ("dbt_utils.accepted_range: {min_value: 2024-01-01}", "'2024-01-01' is an expression"),
        ("dbt_utils.not_null_proportion: {at_least: 0.5, at_most: 0.9}", "'at_most' cannot be said here"),
        ("dbt_utils.at_least_one: {group_by_columns: [b]}", "'group_by_columns' cannot be said here"),
        ("dbt_utils.not_constant: {group_by_columns: [b]}", "'group_by_columns' cannot be said here"),
        ("dbt_utils.expression_is_true: {expression: '= \"x\"'}", 'to Spark " begins a text'),
        ("dbt_utils.expression_is_true: {expression: \"> {{ var('x') }}\"}", "its condition is a template"),
        ('dbt_utils.expression_is_true: {expression: "> 1 -- only big"}', "a comment in its condition may hide what comes after it"),
        ('dbt_utils.expression_is_true: {expression: "> 1 /* big"}', "a comment in its condition may hide what comes after it"),
        ("dbt_utils.expression_is_true", "its condition is not text"),
        ("unique: {config: {where: 'b > current_timestamp'}}", "a condition looks at its row alone, and may not hold 'current_timestamp'"),
        ("unique: {config: {where: '\"b\" > 1'}}", 'to Spark " begins a text'),
        ("unique: {config: {error_if: '> 10'}}", "'error_if' counts failures"),
        ("unique: {config: {warn_if: '>10', severity: warn}}", "'warn_if' counts failures"),
        ("unique: {config: {fail_calc: sum(n)}}", "'fail_calc' counts failures"),
        ("unique: {config: {enabled: no}}", "it is not enabled"),
        ("unique: {config: {severity: dire}}", "its severity is not known here"),
        ("unique: {config: {zeal: 1}}", "'zeal' of its config is not known here"),
        ("unique: {config: 1}", "the argument 'config' is not known here"),
        ("unique: {zeal: 1}", "the argument 'zeal' is not known here"),
        ("our_own_test: {x: 1}", "the name is not known here"),
    ],
)  # fmt: skip
def test_a_dbt_test_that_would_be_another_check_is_named(test: str, reason: str) -> None:
    (line,) = dbt(test)

    assert f"}}: {reason}" in line


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("dbt_utils.unique_combination_of_columns: {combination_of_columns: [a, b]}", "theirs compares rows with a null too"),
        ("dbt_utils.recency: {field: at, datepart: month, interval: 1}", "a duration is in seconds"),
        ("dbt_utils.recency: {field: to_date(at), datepart: day, interval: 1}", "a check of ours looks at a column, not at an expression"),
        ("dbt_utils.recency: {field: at, datepart: day, interval: 0}", "max_age: '0d' is not a duration"),
        ("dbt_utils.recency: {field: at, datepart: day, interval: 1, ignore_time_component: true}", "'ignore_time_component' cannot be said here"),
        ("dbt_utils.mutually_exclusive_ranges: {lower_bound_column: f, upper_bound_column: t}", "`no_overlaps` looks at the periods of a key"),
        ("dbt_utils.mutually_exclusive_ranges: {lower_bound_column: f, upper_bound_column: t, partition_by: k, gaps: required}", "gaps between periods can be allowed or not"),
        ("dbt_utils.equal_rowcount: {compare_model: ref('b'), group_by_columns: [c]}", "'group_by_columns' cannot be said here"),
        ("dbt_utils.equal_rowcount: {compare_model: b}", "'b' is not ref('x') or source('x', 'y')"),
        ("dbt_utils.equal_rowcount", "no table is named"),
        ("dbt_utils.fewer_rows_than: {compare_model: ref('b')}", "no check says fewer; `equal_row_count` says as many"),
        ("dbt_utils.equality: {compare_model: ref('b'), compare_columns: [a]}", "theirs does not count rows that are equal, `same_rows` does"),
        ("relationships: {to: ref('b'), field: id}", "a column was expected"),
    ],
)  # fmt: skip
def test_a_dbt_test_of_a_table_that_would_be_another_check_is_named(test: str, reason: str) -> None:
    (line,) = dbt(test, column=False)

    assert f"}}: {reason}" in line


def test_a_table_is_one_input_however_often_it_is_named() -> None:
    tests = "{name: a, tests: [relationships: {to: ref('x'), field: k}]}"
    other = "{name: b, tests: [relationships: {to: 'ref(\"x\")', field: k}]}"

    assert lines(imported("dbt", f"models: [{{name: m, columns: [{tests}, {other}]}}]")) == [
        "x: {ref: x, for_checks: true}",
        "- foreign_key: {columns: [a], input: x, key: [k]}",
        "- foreign_key: {columns: [b], input: x, key: [k]}",
    ]


def test_a_source_is_not_the_job_that_has_its_name() -> None:
    column = "{name: a, tests: [relationships: {to: ref('x'), field: k}]}"

    done = imported("dbt", f"sources: [{{name: raw, tables: [{{name: x, columns: [{column}]}}]}}]")

    assert lines(done)[1:] == ["- foreign_key: {columns: [a], input: x, key: [k]}"]


def _rows_of(*tables: str) -> str:
    return ", ".join(f'{{dbt_utils.equal_rowcount: {{compare_model: "{one}"}}}}' for one in tables)


def test_two_tables_that_would_be_one_input_of_a_job_are_named() -> None:
    tests = _rows_of("ref('x')", "source('raw', 'x')", "ref('y')")

    first, *others = dbt(tests, column=False)

    assert [first, others[-1]] == ["y: {ref: y, for_checks: true}", "- equal_row_count: {input: y}"]
    assert [line.rpartition("}: ")[2] for line in others[:-1]] == [
        "the input 'x' could be ref('x') or source('raw', 'x')",
        "the input 'x' could be ref('x') or source('raw', 'x')",
    ]


def test_two_tables_that_would_be_one_source_of_the_project_are_named() -> None:
    one, other = _rows_of("source('raw', 'x')"), _rows_of("source('crm', 'x')")

    done = imported("dbt", f"models: [{{name: m, tests: [{one}]}}, {{name: n, tests: [{other}]}}]")

    assert [line.rpartition("}: ")[2] for line in lines(done)] == [
        "the input 'x' could be source('crm', 'x') or source('raw', 'x')",
        "the input 'x' could be source('crm', 'x') or source('raw', 'x')",
    ]


def test_two_jobs_may_call_their_inputs_the_same() -> None:
    one, other = _rows_of("source('raw', 'x')"), _rows_of("ref('x')")

    done = imported("dbt", f"models: [{{name: m, tests: [{one}]}}, {{name: n, tests: [{other}]}}]")

    assert lines(done) == [
        "x: {source: x, for_checks: true}",
        "- equal_row_count: {input: x}",
        "x: {ref: x, for_checks: true}",
        "- equal_row_count: {input: x}",
    ]


def test_a_properties_file_has_a_block_per_table() -> None:
    done = imported(
        "dbt",
        """\
version: 2
models:
  - name: orders
    description: one row per order
    data_tests:
      - dbt_utils.expression_is_true: {expression: "paid >= 0"}
    columns:
      - name: id
        tests: [unique, not_null]
      - {name: note}
sources:
  - name: raw
    tables:
      - name: customers
        columns:
          - name: country
            data_tests:
              - relationships: {to: ref('countries'), field: code}
              - accepted_values: {arguments: {values: [DE, FR]}, config: {severity: warn}}
seeds:
  - name: countries
unit_tests: []
""",
        "models/schema.yml",
    )

    assert done.text == (
        "# from dbt: models/schema.yml\n"
        "# model orders\n"
        "checks:\n"
        '  - expression: {expr: "paid >= 0"}\n'
        "  - unique: [id]\n"
        "  - not_null: [id]\n"
        "---\n"
        "# seed countries\n"
        "---\n"
        "# source raw.customers\n"
        "inputs:\n"
        "  countries: {ref: countries, for_checks: true}\n"
        "checks:\n"
        "  - foreign_key: {columns: [country], input: countries, key: [code]}\n"
        "  - accepted_values: {column: country, values: [DE, FR], severity: warn}\n"
    )
    assert done.summary == "5 of 5 checks imported"


DQX: list[tuple[str, str, list[str]]] = [
    ("is_not_null", "{column: a}", ["not_null: [a]"]),
    ("is_not_null", "{column: '`a b`'}", ['not_null: ["a b"]']),
    ("is_null", "{column: a}", ["null: [a]"]),
    ("is_not_empty", "{column: a}", ["not_empty: [a]"]),
    ("is_not_empty", "{column: a, trim_strings: true}", ["not_blank: [a]"]),
    ("is_not_null_and_not_empty", "{column: a}", ["not_null: [a]", "not_empty: [a]"]),
    ("is_not_null_and_not_empty", "{column: a, trim_strings: true}", ["not_null: [a]", "not_blank: [a]"]),
    ("is_empty", "{column: a}", ['equal: {column: a, to: ""}']),
    ("is_null_or_empty", "{column: a, trim_strings: true}", ['matches: {column: a, pattern: " *"}']),
    ("is_not_null_and_not_empty_array", "{column: a}", ["not_null: [a]", "not_empty: [a]"]),
    ("is_in_list", "{column: a, allowed: [\"'EUR'\", 1, '2', 1.5, '2024-01-01', '2024-01-01 10:00']}", ['accepted_values: {column: a, values: [EUR, 1, 2, 1.5, "2024-01-01", "2024-01-01 10:00:00"]}']),
    ("is_in_list", "{column: a, allowed: [\"'x'\"], case_sensitive: false}", ["accepted_values: {column: a, values: [x], ignore_case: true}"]),
    ("is_not_null_and_is_in_list", "{column: a, allowed: [1]}", ["not_null: [a]", "accepted_values: {column: a, values: [1]}"]),
    ("is_not_in_list", "{column: a, forbidden: [1]}", ["rejected_values: {column: a, values: [1]}"]),
    ("is_equal_to", "{column: a, value: \"'x'\"}", ["equal: {column: a, to: x}"]),
    ("is_equal_to", "{column: a, value: '20240101'}", ["equal: {column: a, to: 20240101}"]),
    ("is_not_equal_to", "{column: a, value: 1, abs_tolerance: 0}", ["not_equal: {column: a, to: 1}"]),
    ("is_not_less_than", "{column: a, limit: 0}", ["between: {column: a, min: 0}"]),
    ("is_not_less_than", "{column: a, limit: 0, allow_nulls: false}", ["not_null: [a]", "between: {column: a, min: 0}"]),
    ("is_not_greater_than", "{column: a, limit: '2024-12-31'}", ['between: {column: a, max: "2024-12-31"}']),
    ("is_in_range", "{column: a, min_limit: 1, max_limit: 2}", ["between: {column: a, min: 1, max: 2}"]),
    ("is_not_in_range", "{column: a, min_limit: 1, max_limit: 2}", ["not_between: {column: a, min: 1, max: 2}"]),
    ("has_num_decimal_places", "{column: a, limit: 2}", ["decimal_places: {column: a, max: 2}"]),
    ("regex_match", "{column: a, regex: '^x'}", ['matches: {column: a, pattern: "(?s:.*)(?:^x)(?s:.*)"}']),
    ("regex_match", "{column: a, regex: x, negate: true}", ['not_matches: {column: a, pattern: "(?s:.*)(?:x)(?s:.*)"}']),
    ("has_valid_string_case", "{column: a, case: upper}", ["letter_case: {column: a, case: upper}"]),
    ("is_valid_date", "{column: a}", ["parses: {column: a, type: timestamp}"]),
    ("is_valid_date", "{column: a, date_format: dd.MM.yyyy}", ["parses: {column: a, type: timestamp, format: dd.MM.yyyy}"]),
    ("is_valid_timestamp", "{column: a, timestamp_format: yyyy}", ["parses: {column: a, type: timestamp, format: yyyy}"]),
    ("is_valid_ipv4_address", "{column: a}", ["format: {column: a, of: ipv4}"]),
    ("is_ipv4_address_in_cidr", "{column: a, cidr_block: 10.1.2.3/8}", ['ipv4_within: {column: a, network: "10.0.0.0/8"}']),
    ("is_valid_uuid", "{column: a}", ["format: {column: a, of: uuid}"]),
    ("is_valid_country_code", "{column: a, code_format: alpha-2}", ["format: {column: a, of: country}"]),
    ("is_valid_currency_code", "{column: a}", ["format: {column: a, of: currency}"]),
    ("is_valid_language_code", "{column: a}", ["format: {column: a, of: language}"]),
    ("is_valid_subdivision_code", "{column: a}", ["format: {column: a, of: subdivision}"]),
    ("is_not_in_future", "{column: a}", ["not_in_future: [a]"]),
    ("is_not_in_future", "{column: a, offset: 60}", ['not_in_future: {column: a, tolerance: "60s"}']),
    ("is_data_fresh", "{column: a, max_age_minutes: 30}", ['newer_than: {column: a, age: "30m"}']),
    ("is_older_than_col2_for_n_days", "{column1: a, column2: b, days: 2}", ['expression: {expr: "to_date(`a`) < date_sub(to_date(`b`), 2)"}']),
    ("is_older_than_col2_for_n_days", "{column1: a, column2: b, negate: true}", ['expression: {expr: "to_date(`a`) >= date_sub(to_date(`b`), 0)"}']),
    ("has_no_gaps_per_time_window", "{column: a, window_minutes: 60}", ['no_gaps: {column: a, every: "60m"}']),
    ("is_valid_json", "{column: a}", ["json: [a]"]),
    ("has_json_keys", "{column: a, keys: [k]}", ["json_keys: {column: a, keys: [k]}"]),
    ("sql_expression", "{expression: a > b, msg: more, name: m, columns: [a.x]}", ['expression: {expr: "a > b", name: m, description: more}']),
    ("sql_expression", "{expression: a > b or c, negate: true}", ['expression: {expr: "not (a > b or c)"}']),
    ("is_unique", "{columns: [a, b], nulls_distinct: true}", ["unique: [a, b]"]),
    ("is_aggr_not_greater_than", "{column: '*', limit: 10}", ["row_count: {max: 10}"]),
    ("is_aggr_not_less_than", "{column: a, limit: 1, aggr_type: avg, group_by: [b]}", ["mean: {column: a, allow_empty: true, min: 1, group_by: [b]}"]),
    ("is_aggr_not_less_than", "{column: a, limit: 1, aggr_type: sum}", ["sum: {column: a, min: 1}"]),
    ("is_aggr_not_less_than", "{column: a, limit: 1, aggr_type: count_distinct}", ["distinct_count: {columns: [a], min: 1}"]),
    ("is_aggr_equal", "{column: a, limit: '2024-01-01', aggr_type: max}", ['maximum: {column: a, allow_empty: true, min: "2024-01-01", max: "2024-01-01"}']),
    ("is_aggr_equal", "{column: a, limit: 5, aggr_type: percentile, aggr_params: {percentile: 0.9}}", ["quantile: {column: a, q: 0.9, allow_empty: true, min: 5, max: 5}"]),
]  # fmt: skip


DQX_OTHERS: list[tuple[str, str, str, list[str]]] = [
    (
        "foreign_key", "{columns: [a], ref_columns: [k], ref_df_name: t}", "",
        ["t: {ref: t, for_checks: true}  # the DataFrame t: `source: t` if no job writes it", "foreign_key: {columns: [a], input: t, key: [k]}"],
    ),
    (
        "foreign_key", "{columns: [a, '`b c`'], ref_columns: [k, l], ref_table: main.my-raw.t, negate: true, broadcast_ref: true}", ", filter: a > 1, criticality: warn",
        [
            "t: {ref: t, for_checks: true}  # main.my-raw.t: `source: t` if no job writes it",
            'foreign_key: {columns: [a, "b c"], input: t, key: [k, l], absent: true, severity: warn, where: "a > 1"}',
        ],
    ),
    (
        "aggr_matches_dataset", "{column: '*', ref_table: t, aggr_type: count, abs_tolerance: 0}", ", filter: a > 1",
        ["t: {ref: t, for_checks: true}  # t: `source: t` if no job writes it", 'equal_row_count: {input: t, where: "a > 1"}'],
    ),
    (
        "aggr_matches_dataset", "{column: a, ref_table: t, aggr_type: sum}", "",
        ["t: {ref: t, for_checks: true}  # t: `source: t` if no job writes it", "equal_total: {column: a, input: t}"],
    ),
    (
        "aggr_matches_dataset", "{column: a, ref_column: b, ref_table: t, aggr_type: sum}", "",
        ["t: {ref: t, for_checks: true}  # t: `source: t` if no job writes it", "equal_total: {column: a, input: t, of: b}"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("function", "arguments", "more", "expected"), DQX_OTHERS)
def test_a_dqx_function_that_names_another_table_brings_the_input_that_it_needs(
    function: str, arguments: str, more: str, expected: list[str]
) -> None:
    given, check = expected

    assert dqx(function, arguments, more) == [given, f"- {check}"]


def test_a_frame_and_a_table_of_one_name_may_be_two() -> None:
    by_name = "check: {function: aggr_matches_dataset, arguments: {column: '*', ref_df_name: t}}"
    by_table = "check: {function: aggr_matches_dataset, arguments: {column: '*', ref_table: t}}"

    done = imported("dqx", f"- {by_name}\n- {by_table}\n")

    assert [line.rpartition("}: ")[2] for line in lines(done)] == [
        "the input 't' could be t or the DataFrame t",
        "the input 't' could be t or the DataFrame t",
    ]


@pytest.mark.parametrize(("function", "arguments", "expected"), DQX)
def test_a_dqx_function_in_our_words(function: str, arguments: str, expected: list[str]) -> None:
    assert dqx(function, arguments) == [f"- {one}" for one in expected]


def test_every_dqx_function_that_has_an_equal_was_tried() -> None:
    tried = {name for name, _, _ in DQX} | {name for name, *_ in DQX_OTHERS}

    assert tried == set(TOOLS["dqx"].table.rules)


@pytest.mark.parametrize(
    ("function", "arguments", "reason"),
    [
        ("is_not_null", "{column: a.b}", "a check of ours looks at a column, not at an expression"),
        ("is_not_null", "{column: try_element_at(a, 1)}", "a check of ours looks at a column, not at an expression"),
        ("is_not_null", "{}", "not_null needs 'column'"),
        ("is_unique", "{columns: [a, lower(b)]}", "a check of ours looks at a column, not at an expression"),
        ("is_unique", "{columns: [a], nulls_distinct: false}", "'nulls_distinct' cannot be said here"),
        ("is_in_list", "{column: a, allowed: [EUR, USD]}", "'EUR' is an expression; ours compares with values"),
        ("is_in_list", "{column: a, allowed: []}", "a list was expected"),
        ("is_equal_to", "{column: a, value: b}", "'b' is an expression"),
        ("is_equal_to", "{column: a, value: 1, rel_tolerance: 0.1}", "'rel_tolerance' cannot be said here"),
        ("is_not_less_than", "{column: a, limit: b + 1}", "'b + 1' is an expression"),
        ("is_in_range", "{column: a, min_limit: 'date_sub(now(), 1)', max_limit: 1}", "'date_sub(now(), 1)' is an expression"),
        ("has_num_decimal_places", "{column: a, limit: b}", "'b' is an expression"),
        ("has_valid_string_case", "{column: a, case: title}", "theirs leaves the other letters"),
        ("is_ipv4_address_in_cidr", "{column: a, cidr_block: 10.1/8}", "Expected 4 octets"),
        ("is_valid_uuid", "{column: a, strict: true}", "'strict' cannot be said here"),
        ("is_valid_country_code", "{column: a, code_format: alpha-3}", "'code_format' cannot be said here"),
        ("is_valid_country_code", "{column: a, case_sensitive: false}", "'case_sensitive' cannot be said here"),
        ("is_valid_subdivision_code", "{column: a, country_column: b}", "the argument 'country_column' is not known here"),
        ("is_not_in_future", "{column: a, offset: -5}", "tolerance: '-5s' is not a duration"),
        ("is_data_fresh", "{column: a, max_age_minutes: 5, base_timestamp: b}", "the argument 'base_timestamp' is not known here"),
        ("is_older_than_n_days", "{column: a, days: 3}", "theirs counts days of the calendar"),
        ("has_no_gaps_per_time_window", "{column: a, window_minutes: 5, trailing_gap: true}", "'trailing_gap' cannot be said here"),
        ("has_json_keys", "{column: a, keys: [k], require_all: false}", "'require_all' cannot be said here"),
        ("sql_expression", "{expression: a in (select b from c)}", "a condition looks at its row alone, and may not hold 'select'"),
        ("sql_expression", "{expression: 'a > ${limit}'}", "${ begins a reference in conf"),
        ("is_aggr_not_greater_than", "{column: a, limit: 10}", "theirs counts values; `row_count` counts rows"),
        ("is_aggr_not_greater_than", "{column: '*', limit: 10.5}", "a whole number was expected"),
        ("is_aggr_not_greater_than", "{column: a, limit: 1, aggr_type: approx_count_distinct}", "no check is of 'approx_count_distinct'"),
        ("is_aggr_not_greater_than", "{column: a, limit: 1, aggr_type: percentile}", "'aggr_params' cannot be said here"),
        ("is_aggr_not_greater_than", "{column: a, limit: 1, aggr_type: count_distinct, group_by: [b]}", "distinct_count is no aggregate"),
        ("is_aggr_equal", "{column: a, limit: 1, aggr_type: avg, abs_tolerance: 0.1}", "'abs_tolerance' cannot be said here"),
        ("foreign_key", "{columns: [a], ref_columns: [b], ref_df_name: t, null_safe: true}", "'null_safe' cannot be said here"),
        ("foreign_key", "{columns: [a], ref_columns: [lower(b)], ref_df_name: t}", "a check of ours looks at a column, not at an expression"),
        ("foreign_key", "{columns: [a.b], ref_columns: [b], ref_df_name: t}", "a check of ours looks at a column, not at an expression"),
        ("foreign_key", "{columns: [a], ref_columns: [b, c], ref_df_name: t}", "1 columns cannot be looked for in 2"),
        ("foreign_key", "{columns: [a], ref_df_name: t}", "a list was expected"),
        ("foreign_key", "{columns: [a], ref_columns: [b]}", "no table is named"),
        ("foreign_key", "{columns: [a], ref_columns: [b], ref_df_name: t, ref_table: t}", "two tables are named"),
        ("foreign_key", "{columns: [a], ref_columns: [b], ref_df_name: t-1}", "'t-1' cannot be the name of an input"),
        ("foreign_key", "{columns: [a], ref_columns: [b], ref_df_name: a.t}", "'a.t' cannot be the name of an input"),
        ("foreign_key", "{columns: [a], ref_columns: [b], ref_table: main.raw.1st}", "'1st' cannot be the name of an input"),
        ("foreign_key", "{columns: [a], ref_columns: [b], ref_table: 'delta.`/t`'}", "'`/t`' cannot be the name of an input"),
        ("foreign_key", "{columns: [a], ref_columns: [b], ref_table: 7}", "no table is named"),
        ("compare_datasets", "{columns: [a], ref_columns: [a], ref_df_name: t}", "theirs compares all columns that both have, `same_rows` those it names"),
        ("aggr_matches_dataset", "{column: a, ref_df_name: t}", "theirs counts values; `equal_row_count` counts rows, with or without a value"),
        ("aggr_matches_dataset", "{column: '*', ref_column: a, ref_df_name: t}", "theirs counts values; `equal_row_count` counts rows, with or without a value"),
        ("aggr_matches_dataset", "{column: a, aggr_type: max, ref_df_name: t}", "no check compares the 'max' of two tables"),
        ("aggr_matches_dataset", "{column: '*', aggr_type: sum, ref_df_name: t}", "a check of ours looks at a column, not at an expression"),
        ("aggr_matches_dataset", "{column: a, aggr_type: sum, ref_df_name: t, group_by: [b]}", "'group_by' cannot be said here"),
        ("aggr_matches_dataset", "{column: '*', ref_df_name: t, ref_row_filter: b > 1}", "'ref_row_filter' cannot be said here"),
        ("aggr_matches_dataset", "{column: '*', ref_df_name: t, rel_tolerance: 0.1}", "'rel_tolerance' cannot be said here"),
        ("has_no_row_anomalies", "{model_name: m}", "no check compares a run with the ones before it"),
        ("our_own_function", "{column: a}", "the name is not known here"),
    ],
)  # fmt: skip
def test_a_dqx_function_that_would_be_another_check_is_named(
    function: str, arguments: str, reason: str
) -> None:
    (line,) = dqx(function, arguments)

    assert line.startswith(f"# no equal: {function} {{")
    assert f"}}: {reason}" in line


def test_a_list_of_dqx_checks_with_all_that_an_entry_takes() -> None:
    done = imported(
        "dqx",
        """\
- criticality: warn
  name: a_there
  filter: b > 1
  user_metadata: {owner: us}
  check: {function: is_not_null, arguments: {column: a}}
- name: both
  check: {function: is_not_null, for_each_column: [a, b]}
- check: {function: is_unique, for_each_column: [[a], [b, c]]}
- {criticality: dire, check: {function: is_null, arguments: {column: a}}}
- {zeal: 1, check: {function: is_null, arguments: {column: a}}}
- {filter: b > 1, check: {function: has_no_gaps_per_time_window, arguments: {column: a, window_minutes: 5}}}
- {filter: b > now(), check: {function: is_null, arguments: {column: a}}}
- check: {function: is_aggr_not_greater_than, arguments: {column: b, limit: 5}}
""",
        "checks.yml",
    )

    assert done.text == (
        "# from DQX: checks.yml\n"
        "# checks\n"
        "checks:\n"
        '  - not_null: {column: a, severity: warn, where: "b > 1", name: a_there}\n'
        "  - not_null: {column: a, name: both_1}\n"
        "  - not_null: {column: b, name: both_2}\n"
        "  - unique: [a]\n"
        "  - unique: [b, c]\n"
        "  # no equal: is_null {column: a, severity: dire}: its criticality is not known here\n"
        "  # no equal: is_null {column: a}: 'zeal' is not known here\n"
        '  # no equal: has_no_gaps_per_time_window {column: a, window_minutes: 5, where: "b > 1"}: theirs looks at all rows and marks those of its filter; ours looks at those of `where` alone\n'
        "  # no equal: is_null {column: a, where: \"b > now()\"}: a condition looks at its row alone, and may not hold 'now'\n"
        "  - row_count: {max: 5}\n"
    )
    assert done.summary == "4 of 8 checks imported; 4 have no equal"


def test_dqx_checks_may_be_json() -> None:
    text = '[{"check": {"function": "is_null", "arguments": {"column": "a"}}}]'

    assert lines(imported("dqx", text, "checks.json")) == lines(imported("dqx", text)) == ["- null: [a]"]


@pytest.mark.parametrize("tool", TOOLS)
def test_the_page_tells_of_the_names_there_are(tool: str) -> None:
    page = PAGE.read_text("utf-8")
    _, _, rest = page.partition(f": `sparkjobs import {tool}`\n")
    rows = [line for line in rest.partition("\n## ")[0].splitlines() if line.startswith("| `")]
    table = TOOLS[tool].table
    equals = [
        f"| `{name}` | {', '.join(f'`{kind}`' for kind in rule.kinds)} |"
        for name, rule in table.rules.items()
    ]
    without = [f"| `{name}` | {why} |" for name, why in table.without.items()]

    assert rows == [*equals, *without]


@pytest.mark.parametrize("tool", TOOLS)
def test_a_name_means_checks_that_there_are_or_none(tool: str) -> None:
    table = TOOLS[tool].table

    assert {kind for rule in table.rules.values() for kind in rule.kinds} <= set(registry().checks)
    assert not table.rules.keys() & table.without.keys()


def test_what_is_printed_is_read_back_as_checks_that_fit() -> None:
    expectations = [{"type": f"expect_{name}", "kwargs": kwargs} for name, kwargs, _ in (*GX, *GX_WITHOUT)]

    done = imported("gx", json.dumps({"expectations": expectations}), "suite.json")
    conf = plain(parse("job.yml", done.text.encode()))

    assert isinstance(conf, dict)
    entries: Plain = conf["checks"]
    assert isinstance(entries, tuple)
    assert len(entries) >= done.imported == len(GX)
    for entry in entries:
        assert fitted(check_of(entry), registry().checks)


def test_an_input_that_is_printed_is_one_that_a_job_can_have() -> None:
    tests = _rows_of("ref('x')", "source('raw', 'y')", "ref('no')")

    conf = plain(parse("job.yml", imported("dbt", f"models: [{{name: m, tests: [{tests}]}}]").text.encode()))

    assert isinstance(conf, dict)
    inputs = TypeAdapter(Mapping[Name, Input]).validate_python(conf["inputs"])
    assert inputs == {
        "x": Input(ref="x", lookup=True, for_checks=True),
        "y": Input(source="y", lookup=True, for_checks=True),
        "no": Input(ref="no", lookup=True, for_checks=True),
    }


TEXTS = [
    "", " a ", "true", "1", "1.5e3", "~", "null", "a: b", "a #b", "- a", "'", '"', "\\", "\\\n", "a\\\"b'", "\n",
    "\t\x00\x7f\x85", "\u2028é", "😀", "{[", "&a", "*a", "!a", "%", "@", "`", "|", ">", "?", ",",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_read_back_as_it_was(text: str) -> None:
    (line,) = expectation("column_values_to_be_in_set", {"column": "a", "value_set": [text]})

    assert plain(parse("x", line.encode())) == ({"accepted_values": {"column": "a", "values": (text,)}},)


def test_a_comment_stays_one_short_line() -> None:
    column = "a\n- not_null: [b]\n\x1b[31m" + "x" * 100_000
    suite = {"name": column, "expectations": [{"type": column, "kwargs": {"column": column}}]}

    text = imported("gx", json.dumps(suite), "suite.json").text

    assert len(text.splitlines()) == 3
    assert all(
        line.lstrip().startswith("# ") and len(line) < 700 and line.isprintable()
        for line in text.splitlines()
    )


@pytest.mark.parametrize(
    ("tool", "text", "told"),
    [
        ("gx", "", "f.json:1:1: Expecting value"),
        ("gx", '{\n "expectations": [}', "f.json:2:19: Expecting value"),
        ("gx", "[]", "f.json: a suite must be a mapping"),
        ("gx", "{}", "f.json: a suite lacks 'expectations'"),
        ("gx", '{"expectations": {}}', "f.json: 'expectations' must be a list"),
        ("gx", '{"expectations": [1]}', "f.json: an expectation must be a mapping"),
        ("gx", '{"expectations": [{}]}', "f.json: an expectation lacks 'type'"),
        ("gx", '{"expectations": [{"type": 1}]}', "f.json: the type of an expectation must be text"),
        ("gx", '{"expectations": [{"type": "x", "kwargs": 1}]}', "f.json: 'kwargs' of x must be a mapping"),
        ("gx", '{"expectations": [' + "[" * 100_000, "f.json: nested deeper than 40"),
        ("gx", '{"expectations": ' + "[" * 41 + "]" * 41 + "}", "f.json: nested deeper than 40"),
        ("gx", '{"expectations": [' + "1," * 50_000 + "1]}", "f.json: more than 50,000 values"),
        ("gx", " " * 1_000_001, "f.json: the file is too long"),
        ("gx", '{"expectations": [' + "9" * 5_000 + "]}", "f.json: Exceeds the limit"),
        ("gx", b"\xff", "f.json: 'utf-8' codec can't decode"),
        ("dbt", "a: [", "f.json:2:1: "),
        ("dbt", "[]", "f.json:1:1: a properties file must be a mapping"),
        ("dbt", "version: 2", "f.json:1:1: a properties file lacks 'models'"),
        ("dbt", "models:\n  orders: {}", "f.json:2:3: 'models' must be a list"),
        ("dbt", "models:\n  - orders", "f.json:2:5: a table must be a mapping"),
        ("dbt", "models:\n  - columns: []", "f.json:2:5: a table lacks 'name'"),
        ("dbt", "models:\n  - name: [a]", "f.json:2:11: the name of a table must be text"),
        ("dbt", "models:\n  - name: a\n    tests: [[]]", "f.json:3:13: a test must be a mapping"),
        ("dbt", "models:\n  - name: a\n    tests: [{a: 1, b: 2}]", "f.json:3:13: a test lacks 'test_name'"),
        ("dbt", "models:\n  - name: a\n    tests: [{a: 1}]", "f.json:3:17: the test a must be a mapping"),
        ("dbt", "sources: [{tables: []}]", "f.json:1:11: a source lacks 'name'"),
        ("dqx", "{", "f.json:1:2: "),
        ("dqx", "{}", "f.json: a file of checks must be a list"),
        ("dqx", '[{"check": {}}]', "f.json: 'check' lacks 'function'"),
        ("dqx", "[{}]", "f.json: an entry lacks 'check'"),
        ("dqx", '[{"check": {"function": "x", "arguments": []}}]', "f.json: 'arguments' of x must be a mapping"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_suite_is_refused_with_its_place(tool: str, text: str | bytes, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        imported(tool, text, "f.json")

    assert caught.value.problem.startswith(told)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("tool", ["dbt", "dqx"])
def test_hostile_yaml_is_refused_with_its_place(tool: str, name: str) -> None:
    data, expected = HOSTILE[name]
    with pytest.raises(UsageError) as caught:
        imported(tool, data, "f.yml")

    assert caught.value.problem.startswith(f"f.yml:{expected}")


def _import(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "sparkjobs", "import", *arguments], capture_output=True, text=True, check=False
    )


def test_checks_go_to_stdout_and_their_count_to_stderr(tmp_path: Path) -> None:
    suite = tmp_path / "checks.yml"
    suite.write_text("[{check: {function: is_null, arguments: {column: a}}}]\n", encoding="utf-8")

    done = _import("dqx", str(suite))

    assert done.returncode == 0
    assert done.stdout == f"# from DQX: {suite}\n# checks\nchecks:\n  - null: [a]\n"
    assert done.stderr == "1 of 1 checks imported\n"


@pytest.mark.parametrize(
    "arguments", [("gx", "/nowhere/suite.json"), ("gx", "/"), ("soda", __file__), ("gx", __file__), ("gx",)]
)
def test_a_file_that_cannot_be_imported_ends_with_2_and_no_traceback(arguments: tuple[str, ...]) -> None:
    done = _import(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) > 1
