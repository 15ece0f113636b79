"""What a source may declare."""

from pathlib import Path

import pytest

from sparkjobs.config.sources import CsvSource, TextSource
from tests.unit.projects import conf_of, mistakes_of, project


def _told(tmp_path: Path, text: str) -> list[str]:
    mistakes = mistakes_of(project(tmp_path, {"conf/sources.yml": text}))
    return [one.removeprefix("conf/sources.yml:") for one in mistakes]


@pytest.mark.parametrize(
    "text",
    [
        "boolean",
        "tinyint",
        "smallint",
        "int",
        "bigint",
        "float",
        "double",
        "string",
        "binary",
        "date",
        "timestamp",
        "timestamp_ntz",
        '"decimal(10,2)"',
        '"decimal(38, 0)"',
        '"decimal(5,5)"',
    ],
)
def test_a_column_has_a_spark_type(tmp_path: Path, text: str) -> None:
    assert _told(tmp_path, f"s: {{format: csv, path: landing/x, columns: {{a: {text}}}}}\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "integer",
        "INT",
        "text",
        "array<int>",
        "varchar(3)",
        "decimal",
        '"decimal(39,0)"',
        '"decimal(2,3)"',
        '"decimal(10, 2) "',
        '"int) as x, (select"',
    ],
)
def test_anything_else_is_not_a_type(tmp_path: Path, text: str) -> None:
    (told,) = _told(tmp_path, f"s: {{format: csv, path: landing/x, columns: {{a: {text}}}}}\n")

    assert told.startswith("1:45: type: ")


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ("{a: int, A: int}", "1:34: columns: 'a' and 'A' are one column to Spark"),
        (
            "{_sparkjobs_raw: int}",
            "1:34: columns: '_sparkjobs_raw': names that start with _sparkjobs are reserved",
        ),
        ("{}", "1:34: columns: must not be empty"),
        ("{'': int}", "1:44: '' is too short"),
        ("{a: {type: int, format: yyyy}}", "1:44: a: `format` is for dates and timestamps"),
        ("{a: {type: string, matches: '('}}", "1:63: matches: '(' is not a regular expression: "),
        ("{a: {type: int, between: [1]}}", "1:60: between lacks '1'"),
        ("{a: {type: int, accepted_values: []}}", "1:60: accepted_values: must not be empty"),
        ("{a: {type: int, accepted_values: [1, null]}}", "1:81: accepted_values: must be text, a number"),
        ("{a: {type: int, not_null: yes}}", "1:60: not_null: must be true or false, not 'yes'"),
        ("{a: {type: int, null_values: [5]}}", "1:74: null_values: must be text, not 5"),
    ],
)
def test_columns_that_cannot_be_are_refused(tmp_path: Path, columns: str, told: str) -> None:
    mistakes = _told(tmp_path, f"s: {{format: csv, path: landing/x, columns: {columns}}}\n")

    assert len(mistakes) == 1
    assert mistakes[0].split(": ", 1)[1].startswith(told.split(": ", 1)[1])


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        ("options: {quote: ''}", "quote: '' is too short"),
        ("options: {quote: 'ab'}", "quote: 'ab' is too long"),
        ("options: {delimiter: ''}", "delimiter: '' is too short"),
        ("options: {encoding: latin1}", "encoding: 'latin1' is not known; it can be "),
        ("options: {encoding: utf-16}", "options: utf-16 needs `multi_line: true`"),
        ("rules: [{name: a, expr: x}, {name: a, expr: y}]", "rules: two rules are named 'a'"),
        ("rules: [x > 1]", "rules: a check is one `kind: arguments`"),
        ("unique: {order_by: [a]}", "unique lacks 'keys'"),
        ("bad_rows: {action: drop}", "action: 'drop' is not known; it can be fail, quarantine"),
        ("bad_rows: {max_share: -0.1}", "max_share: input should be greater than or equal to 0"),
        ("on_missing_columns: 'no'", "on_missing_columns: 'no' is not known; "),
    ],
)
def test_a_dialect_that_cannot_be_is_refused(tmp_path: Path, rest: str, told: str) -> None:
    (mistake,) = _told(tmp_path, f"s: {{format: csv, path: landing/x, columns: {{a: int}}, {rest}}}\n")

    assert mistake.split(": ", 1)[1].startswith(told)


def test_what_is_not_declared_is_rfc_4180_and_strict(tmp_path: Path) -> None:
    source = conf_of(project(tmp_path)).sources["sales"]

    assert isinstance(source, CsvSource)
    assert source.options.delimiter == ","
    assert (source.options.quote, source.options.escape) == ('"', '"')
    assert source.bad_rows.action == "quarantine"
    assert (source.on_empty, source.on_extra_columns, source.on_missing_columns) == ("fail", "fail", "fail")


def test_a_text_source_has_its_one_column(tmp_path: Path) -> None:
    text = "s: {format: text, path: landing/x}\nsales: {format: csv, path: landing/y, columns: {a: int}}\n"
    source = conf_of(project(tmp_path, {"conf/sources.yml": text})).sources["s"]

    assert isinstance(source, TextSource)
    assert list(source.columns) == ["value"]


def test_a_format_takes_no_options_of_another(tmp_path: Path) -> None:
    text = "s: {format: parquet, path: landing/x, options: {header: true}}\n"

    (told,) = _told(tmp_path, text)

    assert told.startswith("1:39: 'options' is not a key of s; ")
