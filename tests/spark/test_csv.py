"""The careful CSV reader: what Spark's own reader cuts, pads, swallows or misassigns."""

import gzip
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sparkjobs.errors import InputError
from tests.spark.inputs import outcome, write

ABC = """
format: csv
path: in/*.csv
columns: {id: int, name: string, note: string}
bad_rows: {max_share: 1.0}
"""


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ("1,a,b", (1, "a", "b")),
        ('1,"a, b",c', (1, "a, b", "c")),
        ('1,"he said ""hi"", ok",b', (1, 'he said "hi", ok', "b")),
        ('1,"a ""q"" b",c', (1, 'a "q" b', "c")),
        ('1,"C:\\",b', (1, "C:\\", "b")),
        ("1,,b", (1, None, "b")),
        ('1,"",b', (1, None, "b")),
        ("1, ,b", (1, " ", "b")),
        ("1,#x,b", (1, "#x", "b")),
        ("1,ü€漢,😀", (1, "ü€漢", "😀")),
        ('1,"\ufffd""ü",\ufffd', (1, '\ufffd"ü', "\ufffd")),
        (" 12 ,a,b", (12, "a", "b")),
        ("1,\x00a\x00,b", (1, "\x00a\x00", "b")),
    ],
)
def test_a_well_formed_line_keeps_every_value(
    spark: SparkSession, tmp_path: Path, line: str, row: tuple[object, ...]
) -> None:
    write(tmp_path, {"in/a.csv": f"id,name,note\n{line}\n"})
    result = outcome(spark, tmp_path, ABC)
    assert (result.good, result.bad) == ([row], [])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,a", "too_few_fields"),
        ('1,"a,b"', "too_few_fields"),
        ("1,a,b,c", "too_many_fields"),
        ('1,"a,b",c,d', "too_many_fields"),
        ('1,"open,b', "unclosed_quote"),
        ('1,a,"open', "unclosed_quote"),
        ('1,"ab"cd,"x', "unclosed_quote"),
        ('1,5" pipe,b', "unclosed_quote"),
        ('1,a,"b\x00c"', "nul_beside_quotes"),
        ('1,"a""\x00",b', "nul_beside_quotes"),
        ("x,a,b", "type int"),
        ("1.5,a,b", "type int"),
        ("99999999999,a,b", "type int"),
    ],
)
def test_a_broken_line_is_quarantined_as_it_stands(
    spark: SparkSession, tmp_path: Path, line: str, reason: str
) -> None:
    write(tmp_path, {"in/a.csv": f"id,name,note\n{line}\n7,g,h\n"})
    result = outcome(spark, tmp_path, ABC)
    assert (result.good, result.bad) == ([(7, "g", "h")], [(reason, line)])
    assert (result.ledger.read, result.ledger.valid, result.ledger.quarantined) == (2, 1, 1)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"1,caf\xe9,b", id="latin-1"),
        pytest.param(b'1,"caf\xe9",b', id="in quotes"),
        pytest.param(b"1,\xf0\x9f\x98,b", id="cut, and as long as what stands for it"),
        pytest.param(b"1,\xc0\x80,b", id="longer than need be"),
        pytest.param(b"1,\xed\xa0\x80,b", id="half of a pair"),
        pytest.param(b'1,a,"b\xff', id="beside an open quote"),
    ],
)
@pytest.mark.parametrize("escape", ['"', "\\"])
def test_bytes_that_are_not_utf8_are_quarantined(
    spark: SparkSession, tmp_path: Path, line: bytes, escape: str
) -> None:
    write(tmp_path, {"in/a.csv": b"id,name,note\n" + line + b"\n2,ok,b\n"})
    result = outcome(spark, tmp_path, f"{ABC}options: {{escape: '{escape}'}}\n")
    assert result.good == [(2, "ok", "b")]
    assert result.bad == [("not_utf8", line.decode("latin-1"))]


def test_they_are_in_cells_with_line_breaks_too(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.csv": b"id,name,note\n1,caf\xe9,b\n2,ok,b\n"})
    result = outcome(spark, tmp_path, ABC + "options: {multi_line: true}\n")
    assert result.good == [(2, "ok", "b")]
    assert [reason for reason, _ in result.bad] == ["not_utf8"]


def test_latin_1_is_read_when_declared(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.csv": b"id,name,note\n1,caf\xe9,b\n"})
    result = outcome(spark, tmp_path, ABC + "options: {encoding: iso-8859-1}\n")
    assert result.good == [(1, "café", "b")]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_ending_ends_a_line(spark: SparkSession, tmp_path: Path, ending: str) -> None:
    write(tmp_path, {"in/a.csv": ending.join(["id,name,note", "1,a,b", "2,c,d", ""])})
    result = outcome(spark, tmp_path, ABC)
    assert (result.good, result.bad) == ([(1, "a", "b"), (2, "c", "d")], [])


def test_a_byte_order_mark_is_no_part_of_the_first_name(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.csv": b"\xef\xbb\xbfid,name,note\n1,a,b\n"})
    result = outcome(spark, tmp_path, ABC)
    assert (result.good, result.bad, result.ledger.read) == ([(1, "a", "b")], [], 1)


def test_blank_lines_are_no_rows_and_no_final_newline_is_needed(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.csv": "\nid,name,note\n\n1,a,b\n   \n2,c,d"})
    result = outcome(spark, tmp_path, ABC)
    assert (result.good, result.bad, result.ledger.read) == ([(1, "a", "b"), (2, "c", "d")], [], 2)


def test_columns_are_bound_by_each_files_own_header(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.csv": "id,name,note\n1,a,b\n", "in/b.csv": "note,id,name\nd,2,c\n"})
    result = outcome(spark, tmp_path, ABC)
    assert result.good == [(1, "a", "b"), (2, "c", "d")]


def test_a_header_repeated_in_the_middle_is_a_bad_row(spark: SparkSession, tmp_path: Path) -> None:
    write(
        tmp_path,
        {"in/a.csv": "id,name,note\n1,a,b\nid,name,note\n2,c,d\n", "in/b.csv": "id,name,note\n3,e,f\n"},
    )
    result = outcome(spark, tmp_path, ABC)
    assert result.good == [(1, "a", "b"), (2, "c", "d"), (3, "e", "f")]
    assert result.bad == [("repeated_header", "id,name,note")]
    assert (result.ledger.read, result.ledger.valid, result.ledger.quarantined) == (4, 3, 1)


def test_without_a_header_columns_are_bound_in_their_declared_order(
    spark: SparkSession, tmp_path: Path
) -> None:
    write(tmp_path, {"in/a.csv": "1,a,b\n2,c,d\n"})
    result = outcome(spark, tmp_path, ABC + "options: {header: false}\n")
    assert (result.good, result.ledger.read) == ([(1, "a", "b"), (2, "c", "d")], 2)


def test_null_values_are_null_and_only_where_they_are_the_whole_value(
    spark: SparkSession, tmp_path: Path
) -> None:
    write(tmp_path, {"in/a.csv": "id,name,note\nNA,NA,N/A\n1,NAB,-\n"})
    result = outcome(spark, tmp_path, ABC + 'options: {null_values: ["NA", "N/A"]}\n')
    assert result.good == [(1, "NAB", "-"), (None, None, None)]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ('{delimiter: ";"}', "id;name;note\n1;a;b\n"),
        ('{delimiter: "|"}', "id|name|note\n1|a|b\n"),
        ('{delimiter: "\\t"}', "id\tname\tnote\n1\ta\tb\n"),
        ('{delimiter: "||"}', "id||name||note\n1||a||b\n"),
        ('{quote: "\'"}', "id,name,note\n1,'a',b\n"),
        ('{escape: "\\\\"}', 'id,name,note\n1,"a",b\n'),
    ],
)
def test_a_declared_dialect_is_read(spark: SparkSession, tmp_path: Path, options: str, text: str) -> None:
    write(tmp_path, {"in/a.csv": text})
    result = outcome(spark, tmp_path, f"{ABC}options: {options}\n")
    assert (result.good, result.bad) == ([(1, "a", "b")], [])


def test_a_quote_escaped_by_a_backslash_does_not_count_as_unclosed(
    spark: SparkSession, tmp_path: Path
) -> None:
    write(tmp_path, {"in/a.csv": 'id,name,note\n1,"a\\"b",c\n2,"open,d\n'})
    result = outcome(spark, tmp_path, ABC + 'options: {escape: "\\\\"}\n')
    assert (result.good, result.bad) == ([(1, 'a"b', "c")], [("unclosed_quote", '2,"open,d')])


def test_an_escaped_escape_before_a_quote_leaves_the_quote_a_quote(
    spark: SparkSession, tmp_path: Path
) -> None:
    write(tmp_path, {"in/a.csv": 'id,name,note\n1,"C:\\\\",b\n'})
    result = outcome(spark, tmp_path, ABC + 'options: {escape: "\\\\"}\n')
    assert (result.good, result.bad) == ([(1, "C:\\", "b")], [])


def test_cells_may_hold_line_breaks_when_declared(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.csv": 'id,name,note\n1,"a\nb, c",d\n2,e\n3,f,g\n'})
    result = outcome(spark, tmp_path, ABC + "options: {multi_line: true}\n")
    assert result.good == [(1, "a\nb, c", "d"), (3, "f", "g")]
    assert [reason for reason, _ in result.bad] == ["malformed"]
    assert result.ledger.read == 3


def test_a_multi_line_file_with_an_unclosed_quote_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.csv": 'id,name,note\n1,a,"open\n2,b,c\n3,d,e\n'})
    with pytest.raises(InputError, match="never closed"):
        outcome(spark, tmp_path, ABC + "options: {multi_line: true}\n")


def test_utf_16_is_read_when_declared(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.csv": "id,name,note\n1,ü,b\n".encode("utf-16")})
    result = outcome(spark, tmp_path, ABC + "options: {encoding: utf-16, multi_line: true}\n")
    assert result.good == [(1, "ü", "b")]


def test_gzip_files_are_read(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.csv.gz": gzip.compress(b"id,name,note\n1,a,b\n2,x\n")})
    result = outcome(spark, tmp_path, ABC.replace("*.csv", "*.gz"))
    assert (result.good, result.bad) == ([(1, "a", "b")], [("too_few_fields", "2,x")])


def test_a_missing_column_is_null_when_the_conf_says_so(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.csv": "id,name,note\n1,a,b\n", "in/b.csv": "id,name\n2,c\n"})
    result = outcome(spark, tmp_path, ABC + "on_missing_columns: 'null'\n")
    assert result.good == [(1, "a", "b"), (2, "c", None)]


def test_an_extra_column_is_left_out_when_the_conf_says_so(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.csv": "id,name,surplus,note\n1,a,x,b\n2,c,y\n"})
    result = outcome(spark, tmp_path, ABC + "on_extra_columns: ignore\n")
    assert (result.good, result.bad) == ([(1, "a", "b")], [("too_few_fields", "2,c,y")])


def test_names_of_files_are_no_globs(spark: SparkSession, tmp_path: Path) -> None:
    write(
        tmp_path,
        {"in/a[1]{x}.csv": "id,name,note\n1,a,b\n", "in/with blank, %41.csv": "id,name,note\n2,c,d\n"},
    )
    result = outcome(spark, tmp_path, ABC)
    assert result.good == [(1, "a", "b"), (2, "c", "d")]


def test_column_names_may_hold_anything(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.csv": 'a.b,`c`,"d e;--"\n1,x,y\nz,x,y\n'})
    body = """
    format: csv
    path: in/*.csv
    columns: {"a.b": int, "`c`": string, "d e;--": string}
    bad_rows: {max_share: 1.0}
    """
    result = outcome(spark, tmp_path, body)
    assert (result.good, result.bad) == ([(1, "x", "y")], [("type int", "z,x,y")])


def test_an_empty_source_gives_no_rows_when_accepted(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/empty.csv": "", "in/header.csv": "id,name,note\n"})
    result = outcome(spark, tmp_path, ABC + "on_empty: accept\n")
    assert (result.good, result.bad, result.ledger.read) == ([], [], 0)


def test_a_cached_source_gives_the_same(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.csv": "id,name,note\n1,a,b\n2,x\n"})
    result = outcome(spark, tmp_path, ABC, cached=True)
    assert (result.good, result.bad) == ([(1, "a", "b")], [("too_few_fields", "2,x")])
    assert (result.ledger.read, result.ledger.valid, result.ledger.quarantined) == (2, 1, 1)
