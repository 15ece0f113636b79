"""Great Expectations: suites in JSON, of versions 0.x and 1.x."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sparkjobs.config.node import Node, Plain, plain
from sparkjobs.suites import gx_turns as turn
from sparkjobs.suites.model import Asked, Block, Change, Rule, Table, as_it_is
from sparkjobs.suites.phrases import ITS_OWN_QUERY
from sparkjobs.suites.reading import json_of, lacks, members_of, nodes_of, text_of

_COLUMN: Final = {"column": "column"}
_BOUNDS: Final = {"min_value": "min", "max_value": "max"}
_STRICT: Final = ("strict_min", "strict_max")
_REACHED: Final = dict.fromkeys(_STRICT, False)
"""Both bounds may be reached, the only thing that aggregates of ours know."""
_UNSAID: Final = frozenset({"batch_id", "result_format", "include_config", "catch_exceptions", "meta"})
"""Arguments that say how results are told."""
_OTHER_COUNT: Final = "expect_table_row_count_to_equal_other_table"
_SEVERITIES: Final = {"critical": "error", "warning": "warn", "info": "warn"}


def read(file: str, data: bytes) -> tuple[Block, ...]:
    """The suite in `file`.

    Raises:
        UsageError: it is no suite.
    """
    tree = json_of(file, data)
    root = members_of(tree, "a suite")
    if "expectations" not in root:
        raise lacks(tree, "a suite", "expectations")
    name = plain(root.get("name", root.get("expectation_suite_name", tree)))
    title = f"suite {name}" if isinstance(name, str) else "suite"
    entries = nodes_of(root["expectations"], "'expectations'")
    return (Block(title, tuple(map(_asked, entries))),)


def _asked(node: Node) -> Asked:
    given = members_of(node, "an expectation")
    kind = given.get("type", given.get("expectation_type"))
    if kind is None:
        raise lacks(node, "an expectation", "type")
    name = text_of(kind, "the type of an expectation")
    kwargs = members_of(given["kwargs"], f"'kwargs' of {name}") if "kwargs" in given else {}
    arguments = {key: plain(value) for key, value in kwargs.items() if key not in _UNSAID}
    where, why_not = _condition(arguments.pop("row_condition", None), arguments.pop("condition_parser", None))
    if arguments.get("mostly") == 1:
        del arguments["mostly"]
    told = {key: plain(given[key]) for key in ("severity", "description") if key in given}
    severity = told.get("severity") or "critical"
    if where and name == _OTHER_COUNT:
        why_not = "whether its condition is asked of both tables depends on their version"
    if severity not in _SEVERITIES:
        why_not = "its severity is not known here"
    shared: dict[str, Plain] = {"severity": _SEVERITIES.get(str(severity), "error"), "where": where}
    return Asked(name, arguments, shared | {"description": told.get("description")}, why_not=why_not)


def _condition(condition: Plain, parser: Plain) -> tuple[Plain, str]:
    """The SQL that says which rows are looked at, or why it does not."""
    if isinstance(condition, dict):  # as 1.x writes what it hands on to the engine
        condition = condition.get("pass_through_filter", False)
    if condition in (None, ""):
        return None, ""
    if parser != "spark" or not isinstance(condition, str):
        return None, "its row_condition is no SQL of Spark's (condition_parser: spark)"
    return condition, ""


def _map(
    kind: str,
    change: Change = as_it_is,
    *,
    keys: Mapping[str, str] = MappingProxyType({}),
    reads: tuple[str, ...] = (),
) -> Rule:
    """A check of each value of a column."""
    return Rule((kind,), {**_COLUMN, **keys, "mostly": "mostly"}, reads=reads, change=change)


def _pair(kind: str, change: Change, *, reads: tuple[str, ...] = (), **keys: str) -> Rule:
    """A check of each pair of values of two columns."""
    read = ("column_A", "column_B", "ignore_row_if", *reads)
    return Rule((kind,), {**keys, "mostly": "mostly"}, reads=read, change=change)


def _columns(kind: str, change: Change, **keys: str) -> Rule:
    """A check of some columns of each row."""
    named = {"column_list": "columns", **keys, "mostly": "mostly"}
    return Rule((kind,), named, reads=("ignore_row_if",), change=change)


def _aggregate(kind: str) -> Rule:
    return Rule((kind,), {**_COLUMN, **_BOUNDS}, only=_REACHED)


_PATTERN: Final = {"regex": "pattern"}
_LIKE: Final = {"like_pattern": "pattern"}
_LIKES: Final = {"like_pattern_list": "pattern"}
_GREATER: Final = _pair("ordered", turn.greater, reads=("or_equal",))
_SAME_LENGTH: Final = _map("length", turn.whole_number, keys={"value": "equals"})
_NONE_SAME: Final = _columns("different_columns", turn.all_different)
_COUNTS: Final = Rule(("row_count",), _BOUNDS, reads=_STRICT, change=turn.whole_bounds)

TABLE: Final = Table(
    rules={
        "expect_column_values_to_not_be_null": _map("not_null"),
        "expect_column_values_to_be_null": _map("null"),
        "expect_column_values_to_be_in_set": _map("accepted_values", keys={"value_set": "values"}),
        "expect_column_values_to_not_be_in_set": _map("rejected_values", keys={"value_set": "values"}),
        "expect_column_values_to_be_between": _map("between", turn.between, reads=_STRICT, keys=_BOUNDS),
        "expect_column_values_to_match_regex": _map("matches", turn.found, keys=_PATTERN),
        "expect_column_values_to_not_match_regex": _map("not_matches", turn.found, keys=_PATTERN),
        "expect_column_values_to_match_regex_list": _map(
            "matches", turn.found_of_several, reads=("match_on",), keys={"regex_list": "any_of"}
        ),
        "expect_column_values_to_not_match_regex_list": _map(
            "not_matches", turn.none_found, keys={"regex_list": "pattern"}
        ),
        "expect_column_values_to_match_like_pattern": _map("like", turn.alike, keys=_LIKE),
        "expect_column_values_to_not_match_like_pattern": _map("not_like", turn.alike, keys=_LIKE),
        "expect_column_values_to_match_like_pattern_list": _map(
            "like", turn.each_alike, reads=("match_on",), keys=_LIKES
        ),
        "expect_column_values_to_not_match_like_pattern_list": _map("not_like", turn.each_alike, keys=_LIKES),
        "expect_column_value_lengths_to_be_between": _map(
            "length", turn.whole_bounds, reads=_STRICT, keys=_BOUNDS
        ),
        "expect_column_value_lengths_to_equal": _SAME_LENGTH,
        "expect_column_values_to_be_unique": _map("unique", turn.in_a_list, keys={"column": "columns"}),
        "expect_column_values_to_not_be_outliers": Rule(
            ("iqr",), {**_COLUMN, "multiplier": "factor", "mostly": "mostly"}, only={"method": "iqr"}
        ),
        "expect_column_values_to_be_of_type": Rule(
            ("column_types",), reads=("column", "type_"), change=turn.typed
        ),
        "expect_column_values_to_be_in_type_list": Rule(
            ("column_types",), reads=("column", "type_list"), change=turn.typed
        ),
        "expect_column_type_to_be": Rule(("column_types",), reads=("column", "type_"), change=turn.typed),
        "expect_column_pair_values_a_to_be_greater_than_b": _GREATER,
        "expect_column_pair_values_A_to_be_greater_than_B": _GREATER,
        "expect_column_pair_values_to_be_equal": _pair("equal_columns", turn.of_a_pair),
        "expect_column_pair_values_to_be_in_set": _pair(
            "accepted_pairs", turn.of_a_pair, value_pairs_set="values"
        ),
        "expect_compound_columns_to_be_unique": _columns("unique", turn.of_columns),
        "expect_multicolumn_sum_to_equal": _columns("sums_to", turn.of_columns, sum_total="total"),
        "expect_multicolumn_values_to_be_equal": _columns("equal_columns", turn.all_equal),
        "expect_multicolumn_values_to_be_unique": _NONE_SAME,
        "expect_select_column_values_to_be_unique_within_record": _NONE_SAME,
        "expect_column_distinct_values_to_be_in_set": Rule(
            ("accepted_values",), {**_COLUMN, "value_set": "values"}
        ),
        "expect_column_distinct_values_to_equal_set": Rule(
            ("distinct_values",), {**_COLUMN, "value_set": "equals"}
        ),
        "expect_column_distinct_values_to_contain_set": Rule(
            ("distinct_values",), {**_COLUMN, "value_set": "contains"}
        ),
        "expect_column_most_common_value_to_be_in_set": Rule(
            ("most_common",), {**_COLUMN, "value_set": "values"}, reads=("ties_okay",), change=turn.often
        ),
        "expect_column_unique_value_count_to_be_between": Rule(
            ("distinct_count",),
            {"column": "columns", **_BOUNDS},
            reads=_STRICT,
            change=turn.whole_bounds_of_list,
        ),
        "expect_column_proportion_of_non_null_values_to_be_between": Rule(
            ("share",), _BOUNDS, only=_REACHED, reads=("column",), change=turn.share_filled
        ),
        "expect_column_min_to_be_between": _aggregate("minimum"),
        "expect_column_max_to_be_between": _aggregate("maximum"),
        "expect_column_mean_to_be_between": _aggregate("mean"),
        "expect_column_median_to_be_between": _aggregate("median"),
        "expect_column_stdev_to_be_between": _aggregate("stdev"),
        "expect_column_sum_to_be_between": _aggregate("sum"),
        "expect_table_row_count_to_be_between": _COUNTS,
        "expect_table_row_count_to_equal": Rule(
            ("row_count",), {"value": "equals"}, change=turn.whole_number
        ),
        _OTHER_COUNT: Rule(("equal_row_count",), reads=("other_table_name",), change=turn.as_many_rows),
        "expect_table_column_count_to_be_between": Rule(("column_count",), _BOUNDS, change=turn.whole_bounds),
        "expect_table_column_count_to_equal": Rule(
            ("column_count",), {"value": "equals"}, change=turn.whole_number
        ),
        "expect_table_columns_to_match_ordered_list": Rule(
            ("column_names",), {"column_list": "names"}, {"in_order": True}
        ),
        "expect_table_columns_to_match_set": Rule(
            ("column_names",), {"column_set": "names", "exact_match": "exactly"}
        ),
        "expect_column_to_exist": Rule(
            ("column_names",), only={"column_index": 0}, reads=("column",), change=turn.there
        ),
    },
    without={
        "expect_column_values_to_be_increasing": "rows have no order; `increasing` takes one, `order_by`",
        "expect_column_values_to_be_decreasing": "rows have no order; `decreasing` takes one, `order_by`",
        "expect_column_values_to_be_dateutil_parseable": "dateutil reads more than `parses`",
        "expect_column_values_to_match_strftime_format": "Python's patterns read more than those of `parses`",
        "expect_column_values_to_be_json_parseable": "Spark reads JSON otherwise than Python; `json` is near",
        "expect_column_values_to_match_json_schema": "`json_schema` takes Spark types, not JSON Schema",
        "expect_column_value_z_scores_to_be_less_than": "at the threshold, `z_score` passes",
        "expect_column_quantile_values_to_be_between": "`quantile` may lie between two values, not theirs",
        "expect_column_proportion_of_unique_values_to_be_between": (
            "theirs is different values per row; `unique_share` is the share of them that is there once"
        ),
        "expect_column_kl_divergence_to_be_less_than": "`kl_divergence` treats strange values otherwise",
        "expect_column_bootstrapped_ks_test_p_value_to_be_greater_than": "it draws samples; `ks` does not",
        "expect_column_parameterized_distribution_ks_test_p_value_to_be_greater_than": (
            "no distribution has a formula here; `ks` takes cumulative shares"
        ),
        "expect_column_chisquare_test_p_value_to_be_greater_than": (
            "values that are not expected fail `chi_square`, not theirs"
        ),
        "expect_column_pair_cramers_phi_value_to_be_less_than": "`correlation` is another measure",
        "expect_query_results_to_match_comparison": "of two queries, theirs compares 200 rows",
        "unexpected_rows_expectation": ITS_OWN_QUERY,
    },
)
