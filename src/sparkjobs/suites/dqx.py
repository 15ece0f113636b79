"""DQX: a list of checks in YAML or JSON."""

from collections.abc import Mapping
from typing import Final

from sparkjobs.config.node import Node, Plain, plain
from sparkjobs.suites import dqx_turns as turn
from sparkjobs.suites.model import Arguments, Asked, Block, Change, NoEqualError, Rule, Table, as_it_is
from sparkjobs.suites.phrases import ITS_OWN_QUERY, identifier, listed
from sparkjobs.suites.reading import lacks, members_of, nodes_of, text_of, yaml_or_json_of

_COLUMN: Final = {"column": "column"}
_OTHER: Final = ("ref_df_name", "ref_table")
_EXACT: Final = {"abs_tolerance": 0, "rel_tolerance": 0}
_KEYS: Final = frozenset({"name", "criticality", "filter", "check", "user_metadata", "message_expr"})
_SEVERITIES: Final = ("error", "warn")
_EACH: Final = "for_each_column"
_NOT_FILTERED: Final = ("has_no_gaps_per_time_window",)
"""Functions that look at rows which `filter` leaves out."""


def read(file: str, data: bytes) -> tuple[Block, ...]:
    """The checks in `file`.

    Raises:
        UsageError: it is no list of checks.
    """
    entries = nodes_of(yaml_or_json_of(file, data), "a file of checks")
    return (Block("checks", tuple(map(_asked, entries))),)


def _asked(node: Node) -> Asked:
    given = members_of(node, "an entry")
    if "check" not in given:
        raise lacks(node, "an entry", "check")
    check = members_of(given["check"], "'check'")
    if "function" not in check:
        raise lacks(given["check"], "'check'", "function")
    function = text_of(check["function"], "'function'")
    arguments = _plain(check.get("arguments"), f"'arguments' of {function}")
    each = plain(check[_EACH]) if _EACH in check else None
    told = {key: plain(given[key]) for key in _KEYS - {"check"} if key in given}
    shared = {
        "severity": told.get("criticality") or "error",
        "where": told.get("filter") or None,
        "name": told.get("name"),
    }
    try:
        variants = _variants(function, arguments, each)
    except NoEqualError as error:
        return Asked(function, _shown(arguments, each), shared, why_not=str(error))
    why_not = _odd(
        function, shared, [*(given.keys() - _KEYS), *(check.keys() - {"function", "arguments", _EACH})]
    )
    return Asked(function, _shown(arguments, each), shared, variants, why_not)


def _plain(node: Node | None, what: str) -> dict[str, Plain]:
    if node is None or node.value is None:
        return {}
    return {key: plain(one) for key, one in members_of(node, what).items()}


def _shown(arguments: Arguments, each: Plain) -> Arguments:
    return arguments if each is None else {_EACH: each, **arguments}


def _odd(function: str, shared: Mapping[str, Plain], unknown: list[str]) -> str:
    """What an entry says that cannot be said here."""
    if unknown:
        return f"{min(unknown)!r} is not known here"
    if shared["severity"] not in _SEVERITIES:
        return "its criticality is not known here"
    if shared["where"] and function in _NOT_FILTERED:
        return "theirs looks at all rows and marks those of its filter; ours looks at those of `where` alone"
    return ""


def _variants(function: str, arguments: Arguments, each: Plain) -> tuple[Arguments, ...]:
    """The arguments for each column, with names for the columns."""
    if each is None:
        return (_named(function, arguments),)
    columns = ({"columns" if isinstance(one, tuple) else "column": one} for one in listed(each))
    return tuple(_named(function, {**one, **arguments}) for one in columns)


def _named(function: str, arguments: Arguments) -> Arguments:
    """`arguments` with the names of columns as they are without quotes."""
    named = dict(arguments)
    for key in ("column", "column1", "column2"):
        if key in named and named[key] != "*":
            named[key] = identifier(named[key])
    if "columns" in named and function != "sql_expression":
        named["columns"] = tuple(map(identifier, listed(named["columns"])))
    return named


def _of(kind: str, change: Change = as_it_is, *reads: str, **keys: str) -> Rule:
    """A check of each value of a column."""
    return Rule((kind,), {**_COLUMN, **keys}, reads=reads, change=change)


def _compared(kind: str, **keys: str) -> Rule:
    """A check of each value against limits."""
    return Rule((kind,), {**_COLUMN, **keys}, only=_EXACT, reads=("allow_nulls",), change=turn.compared)


def _format(of: str, **only: Plain) -> Rule:
    return Rule(("format",), _COLUMN, {"of": of}, only)


def _aggregate(*bounds: str) -> Rule:
    read = ("column", "limit", "aggr_type", "aggr_params", "group_by")
    return Rule(turn.AGGREGATES, only=_EXACT, reads=read, change=turn.aggregate(*bounds))


_EMPTY: Final = Rule(("equal", "matches"), _COLUMN, reads=("trim_strings",), change=turn.empty)
_PAST: Final = "no check compares a run with the ones before it"

TABLE: Final = Table(
    rules={
        "is_not_null": _of("not_null"),
        "is_null": _of("null"),
        "is_not_empty": Rule(
            ("not_empty", "not_blank"), _COLUMN, reads=("trim_strings",), change=turn.not_empty
        ),
        "is_not_null_and_not_empty": Rule(
            ("not_null", "not_empty", "not_blank"), _COLUMN, reads=("trim_strings",), change=turn.not_empty
        ),
        "is_empty": _EMPTY,
        "is_null_or_empty": _EMPTY,
        "is_not_null_and_not_empty_array": Rule(("not_null", "not_empty"), _COLUMN, change=turn.compared),
        "is_in_list": _of("accepted_values", turn.one_of_list, "case_sensitive", allowed="values"),
        "is_not_null_and_is_in_list": Rule(
            ("not_null", "accepted_values"),
            {**_COLUMN, "allowed": "values"},
            reads=("case_sensitive",),
            change=turn.one_of_list,
        ),
        "is_not_in_list": _of("rejected_values", turn.one_of_list, "case_sensitive", forbidden="values"),
        "is_equal_to": _compared("equal", value="to"),
        "is_not_equal_to": _compared("not_equal", value="to"),
        "is_not_less_than": _compared("between", limit="min"),
        "is_not_greater_than": _compared("between", limit="max"),
        "is_in_range": _compared("between", min_limit="min", max_limit="max"),
        "is_not_in_range": _compared("not_between", min_limit="min", max_limit="max"),
        "has_num_decimal_places": _compared("decimal_places", limit="max"),
        "regex_match": Rule(
            ("matches", "not_matches"),
            {**_COLUMN, "regex": "pattern"},
            reads=("negate",),
            change=turn.found,
        ),
        "has_valid_string_case": _of("letter_case", turn.cased, case="case"),
        "is_valid_date": Rule(("parses",), {**_COLUMN, "date_format": "format"}, change=turn.parsed),
        "is_valid_timestamp": _of("parses", turn.parsed, timestamp_format="format"),
        "is_valid_ipv4_address": _format("ipv4"),
        "is_ipv4_address_in_cidr": _of("ipv4_within", turn.within, cidr_block="network"),
        "is_valid_uuid": _format("uuid", strict=False),
        "is_valid_country_code": _format("country", code_format="alpha-2", case_sensitive=True),
        "is_valid_currency_code": _format("currency", code_format="alphabetic", case_sensitive=True),
        "is_valid_language_code": _format("language", code_format="alpha-2", case_sensitive=True),
        "is_valid_subdivision_code": _format("subdivision", case_sensitive=True),
        "is_not_in_future": _of("not_in_future", turn.not_in_future, "offset"),
        "is_data_fresh": _of("newer_than", turn.minutes, "max_age_minutes"),
        "is_older_than_col2_for_n_days": Rule(
            ("expression",), reads=("column1", "column2", "days", "negate"), change=turn.older_than_other
        ),
        "has_no_gaps_per_time_window": Rule(
            ("no_gaps",),
            _COLUMN,
            only={"trailing_gap": False, "group_by": ()},
            reads=("window_minutes",),
            change=turn.minutes,
        ),
        "is_valid_json": _of("json"),
        "has_json_keys": Rule(("json_keys",), {**_COLUMN, "keys": "keys"}, only={"require_all": True}),
        "sql_expression": Rule(
            ("expression",), reads=("expression", "msg", "name", "negate", "columns"), change=turn.expression
        ),
        "is_unique": Rule(
            ("unique",), {"columns": "columns"}, only={"nulls_distinct": True, "trim_strings": False}
        ),
        "is_aggr_not_less_than": _aggregate("min"),
        "is_aggr_not_greater_than": _aggregate("max"),
        "is_aggr_equal": _aggregate("min", "max"),
        "foreign_key": Rule(
            ("foreign_key",),
            only={"null_safe": False},
            reads=("columns", "ref_columns", *_OTHER, "negate", "broadcast_ref"),
            change=turn.key,
        ),
        "aggr_matches_dataset": Rule(
            ("equal_row_count", "equal_total"),
            only={**_EXACT, "aggr_params": {}, "group_by": (), "ref_group_by": (), "ref_row_filter": ""},
            reads=("column", "ref_column", *_OTHER, "aggr_type"),
            change=turn.same_total,
        ),
    },
    without={
        "is_valid_email": "`format: {of: email}` also takes domains without a point",
        "is_valid_url": "`format: {of: url}` wants a host, theirs any URI",
        "is_valid_ipv6_address": "`format: {of: ipv6}` takes no zone, theirs does",
        "is_ipv6_address_in_cidr": "`ipv4_within` is for IPv4",
        "is_valid_national_id": "no format is one",
        "is_older_than_n_days": "theirs counts days of the calendar, `older_than` hours from now",
        "is_not_in_near_future": "what lies further in the future passes theirs; `not_in_future` refuses it",
        "is_data_fresh_per_time_window": "theirs passes windows without rows, `rows_per_window` does not",
        "is_aggr_not_equal": "bounds say what a value is, not what it is not",
        "has_no_outliers": "their distance is not scaled and approximate, `mad` is scaled and exact",
        "has_valid_schema": "theirs compares what may be null too; see `column_names`, `column_types`",
        "has_valid_json_schema": "theirs wants every member to be there, `json_schema` does not",
        "is_in_distribution": "their distance is the total variation; that of `psi` is another",
        "sql_query": ITS_OWN_QUERY,
        "compare_datasets": "theirs compares all columns that both have, `same_rows` those it names",
        "has_no_aggr_outliers": _PAST,
        "has_no_row_anomalies": _PAST,
    },
)
