"""What makes a row bad: types to the letter, rules with three-valued logic, and how many are too many."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sparkjobs.errors import TooManyBadRowsError
from tests.spark.inputs import opened, outcome, write

BODY = (
    "format: csv\npath: in/*.csv\nbad_rows: {{max_share: 1.0}}\ncolumns: {{x: {column}, pad: string}}\n{rest}"
)


VALUES = (
    ("date", "2013-02-28", date(2013, 2, 28)),
    ("date", "2013-02-30", "bad"),
    ("date", "2013", "bad"),
    ("date", "2013-1-5", "bad"),
    ("date", "2013-01-01 10:00", "bad"),
    ("date", "01/05/2013", "bad"),
    ("timestamp", "2013-01-01T10:00:00Z", datetime(2013, 1, 1, 10, tzinfo=UTC)),
    ("timestamp", "2013-01-01 10:00:00.123456", datetime(2013, 1, 1, 10, 0, 0, 123456, tzinfo=UTC)),
    ("timestamp", "12:30", "bad"),
    ('"decimal(5,2)"', "1.23", Decimal("1.23")),
    ('"decimal(5,2)"', "1.230", Decimal("1.23")),
    ('"decimal(5,2)"', "1.239", "bad"),
    ('"decimal(5,2)"', "1234.5", "bad"),
    ('"decimal(5,2)"', "7", Decimal("7.00")),
    ('"decimal(5,2)"', "-.5", Decimal("-0.50")),
    ('"decimal(5,2)"', "1e2", Decimal("100.00")),
    ('"decimal(5,2)"', "1200e-2", Decimal("12.00")),
    ('"decimal(5,2)"', "1e-3", "bad"),
    ('"decimal(5,2)"', "-1E-3", "bad"),
    ('"decimal(5,2)"', ".1e-2", "bad"),
    ('"decimal(9,3)"', "1.e-5", "bad"),
    ('"decimal(5,2)"', " 1.239", "bad"),
    ('"decimal(5,2)"', "1.20000000000000000000000000000000000000000000", Decimal("1.20")),
    ('"decimal(5,2)"', "1.20000000000000000000000000000000000000000001", "bad"),
    ('"decimal(5,2)"', "1.250e1", Decimal("12.50")),
    ('"decimal(5,2)"', "1e-60", "bad"),
    ('"decimal(5,2)"', "1e2147483647", "bad"),
    ('"decimal(5,2)"', "\u0661.\u0662\u0663\u0669", "bad"),
    ('"decimal(5,2)"', "1." + "0" * 200_000 + "1", "bad"),
    ('"decimal(38,2)"', "1.239", "bad"),
    ('"decimal(38,0)"', "1.5", "bad"),
    ('"decimal(12,8)"', "1e-05", Decimal("0.00001000")),
    (
        '"decimal(38,0)"',
        "12345678901234567890123456789012345678",
        Decimal(12345678901234567890123456789012345678),
    ),
    ("int", "-0", 0),
    ("int", "0x10", "bad"),
    ("int", "1e3", "bad"),
    ("int", "1_000", "bad"),
    ("bigint", "9223372036854775807", 9223372036854775807),
    ("bigint", "9223372036854775808", "bad"),
    ("double", "1e3", 1000.0),
    ("double", "abc", "bad"),
    ("double", "1.", 1.0),
    ("double", "0" * 200_000 + "x", "bad"),
    ("double", "5d", "bad"),
    ("double", "1e400", "bad"),
    ("double", "inf", float("inf")),
    ("float", "1f", "bad"),
    ("boolean", "true", True),
    ("boolean", "yes", "bad"),
    ("boolean", "1", "bad"),
    ("boolean", "maybe", "bad"),
    ("string", " as it is ", " as it is "),
    ("{type: date, format: dd.MM.yyyy}", "05.01.2013", date(2013, 1, 5)),
    ("{type: date, format: dd.MM.yyyy}", "2013-01-05", "bad"),
)


@pytest.fixture(scope="module")
def typed(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[int, object]:
    """What the texts of VALUES become, by their places; bad ones are missing. A row and a column for each."""
    root, names = tmp_path_factory.mktemp("values"), [f"x{place}" for place, _ in enumerate(VALUES)]
    lines = [
        f"{place}{',' * (place + 1)}{text}{',' * (len(VALUES) - place - 1)}"
        for place, (_, text, _) in enumerate(VALUES)
    ]
    write(root, {"in/a.csv": "\n".join([",".join(["place", *names]), *lines, ""])})
    columns = ", ".join(f"{name}: {kind}" for name, (kind, _, _) in zip(names, VALUES, strict=True))
    body = f"format: csv\npath: in/*.csv\ncolumns: {{place: int, {columns}}}\n"
    return {row.place: row[row.place + 1] for row in opened(spark, root, body).valid.collect()}


@pytest.mark.parametrize(
    ("place", "case"), [*enumerate(VALUES)], ids=[f"{kind} {text[:50]}" for kind, text, _ in VALUES]
)
def test_a_value_has_its_type_only_if_nothing_of_it_is_changed(
    typed: dict[int, object], place: int, case: tuple[str, str, object]
) -> None:
    found = typed.get(place, "bad")
    assert (found.astimezone(UTC) if isinstance(found, datetime) else found) == case[2]


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("{type: int, not_null: true}", "", "not_null"),
        ("{type: int, not_null: true}", "x", "type int"),
        ("{type: int, between: [1, 12]}", "0", "between 1 and 12"),
        ("{type: int, between: [1, 12]}", "13", "between 1 and 12"),
        ("{type: int, between: [1, 12]}", "1", None),
        ("{type: int, between: [1, 12]}", "", None),
        ("{type: double, between: [0, 1]}", "NaN", "between 0 and 1"),
        ("{type: 'decimal(10,2)', between: [0.1, 0.3]}", "0.30", None),
        (
            "{type: date, between: ['2013-01-01', '2013-12-31']}",
            "2014-01-01",
            "between 2013-01-01 and 2013-12-31",
        ),
        ("{type: string, accepted_values: [NO, SE]}", "NO", None),
        ("{type: string, accepted_values: [NO, SE]}", "no", "accepted_values"),
        ("{type: string, accepted_values: [NO, SE]}", "", None),
        ("{type: string, matches: '[A-Z]{3}'}", "JFK", None),
        ("{type: string, matches: '[A-Z]{3}', null_values: [NA]}", "NA", None),
        ("{type: 'decimal(10,2)', accepted_values: [0.005]}", "0.01", "accepted_values"),
        ("{type: int, between: [1, 3000000000]}", "5", None),
        ("{type: string, matches: '[A-Z]{3}'}", "JFKX", "matches [A-Z]{3}"),
    ],
)
def test_a_rule_fails_only_where_it_is_false(
    spark: SparkSession, tmp_path: Path, column: str, text: str, reason: str | None
) -> None:
    write(tmp_path, {"in/a.csv": f"x,pad\n{text},p\n"})
    result = outcome(spark, tmp_path, BODY.format(column=column, rest=""))
    assert [rule for rule, _ in result.bad] == ([] if reason is None else [reason])


def test_a_bad_row_tells_every_rule_it_breaks_and_the_value(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.csv": "x,pad\n99,\n"})
    rest = "rules: [{name: small, expr: x < 50}, {name: odd_pad, expr: pad = 'p'}]\n"
    result = outcome(spark, tmp_path, BODY.format(column="{type: int, between: [1, 12]}", rest=rest))
    (record,) = result.records
    assert record["reasons"] == [
        {"rule": "between 1 and 12", "column": "x", "value": "99"},
        {"rule": "small", "value": '{"x":99}'},
    ]
    assert record["raw"] == "99,"
    assert record["run_id"] == "run"
    assert str(record["file"]).endswith("/in/a.csv")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (BODY.format(column="int", rest=""), "x,pad\na,\n"),
        (BODY.format(column="int", rest="options: {multi_line: true}\n"), "x,pad\na,\n"),
        ("{format: json, path: in/*, columns: {x: int}, bad_rows: {max_share: 1.0}}", '{"x": "a"}\n'),
        ("{format: text, path: in/*, rules: [{expr: value > 'b'}], bad_rows: {max_share: 1.0}}", "a\n"),
    ],
)
def test_a_bad_row_tells_its_file_by_one_name(
    spark: SparkSession, tmp_path: Path, body: str, text: str
) -> None:
    """As runs before have told it: the same file by another name would be another one to a replay."""
    write(tmp_path, {"in/a %é.csv": text})
    result = outcome(spark, tmp_path, body)
    assert [one["file"] for one in result.records] == [f"file:{tmp_path}/in/a%20%25é.csv"]


def test_a_contract_of_many_columns_and_rules(spark: SparkSession, tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(150)]
    columns = ", ".join(f"{name}: {{type: int, not_null: true, between: [0, 9]}}" for name in names)
    good, bad = ["1"] * 150, ["1"] * 149 + ["x"]
    write(tmp_path, {"in/a.csv": "\n".join([",".join(names), ",".join(good), ",".join(bad), ""])})
    result = outcome(
        spark,
        tmp_path,
        f"format: csv\npath: in/*.csv\nbad_rows: {{max_share: 1.0}}\ncolumns: {{{columns}}}\n",
    )
    assert (len(result.good), result.ledger.read) == (1, 2)
    assert [reason for reason, _ in result.bad] == ["type int"]


def test_a_rule_is_not_asked_of_a_header_or_a_damaged_line(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.csv": "id,a,b\n1,10,5\n2,x,1,1\n4,12,3\n"})
    body = "format: csv\npath: in/*.csv\nbad_rows: {max_share: 1.0}\ncolumns: {id: int, a: string, b: int}\n"
    result = outcome(spark, tmp_path, f"{body}rules: [{{expr: cast(a as int) between 1 and 11}}]\n")
    assert [raw for _, raw in result.bad] == ["2,x,1,1", "4,12,3"]


def test_more_bad_rows_than_allowed_stop_the_job(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.csv": "x,pad\n1,\n2,\n3,\nx,\n"})
    body = BODY.format(column="int", rest="").replace("1.0", "0.2")
    with pytest.raises(TooManyBadRowsError) as raised:
        outcome(spark, tmp_path, body)
    assert (raised.value.quarantined, raised.value.read) == (1, 4)


def test_as_many_bad_rows_as_allowed_do_not(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.csv": "x,pad\n1,\n2,\n3,\nx,\n"})
    result = outcome(spark, tmp_path, BODY.format(column="int", rest="").replace("1.0", "0.25"))
    assert result.ledger.quarantined == 1


def test_a_share_is_counted_to_the_row(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.csv": "x,pad\n" + "1,\n" * 71 + "x,\n" * 29})
    result = outcome(spark, tmp_path, BODY.format(column="int", rest="").replace("1.0", "0.29"))
    assert result.ledger.quarantined == 29


def test_action_fail_allows_none(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.csv": "x,pad\n1,\nx,\n"})
    body = BODY.format(column="int", rest="").replace("{max_share: 1.0}", "{action: fail}")
    with pytest.raises(TooManyBadRowsError, match="allows none"):
        outcome(spark, tmp_path, body)


@pytest.mark.parametrize(
    "text",
    [
        "exists (select * from text.`/etc/hostname`)",
        "x = (select 1)",
        "x in (select 1)",
        "java_method('java.lang.System', 'exit', 1) is null",
        "reflect('java.lang.System', 'getenv', 'HOME') = 'x'",
        "rand() < 0.5",
        "x < current_timestamp()",
        "current_date > '2020-01-01'",
        "row_number() over (order by x) > 1",
        "sum(x) over () > 1",
        "aes_encrypt(pad, 'abcdefghijklmnop') is null",
        "x = 1; drop table t",
        "count(*) > 1 as y",
        "x >",
        "*",
    ],
)
def test_a_rule_that_does_more_than_look_at_its_row_is_refused(
    spark: SparkSession, tmp_path: Path, text: str
) -> None:
    write(tmp_path, {"in/a.csv": "x,pad\n1,\n"})
    rest = f'rules: [{{name: hostile, expr: "{text}"}}]\n'
    with pytest.raises(ValueError, match=r"condition|function"):
        opened(spark, tmp_path, BODY.format(column="int", rest=rest))


CHECKED = "format: csv\npath: in/*.csv\nbad_rows: {{max_share: 1.0}}\ncolumns: {{id: int, v: string, at: int}}\n{}\n"


@pytest.mark.parametrize("cached", [False, True])
def test_a_check_of_one_row_is_a_rule(spark: SparkSession, tmp_path: Path, *, cached: bool) -> None:
    rules = "rules: [{positive: [id, at]}, {length: {column: v, max: 2, where: id > 1}}, {ordered: [id, at]}]"
    write(tmp_path, {"in/a.csv": "id,v,at\n1,abc,2\n-1,a,0\n2,abc,3\n3,,1\n,a,\n"})
    found = outcome(spark, tmp_path, CHECKED.format(rules), cached=cached)
    assert found.good == [(1, "abc", 2), (None, "a", None)]
    assert found.bad == [
        ("positive(id),positive(at)", "-1,a,0"),
        ("length(v)", "2,abc,3"),
        ("ordered(id, at)", "3,,1"),
    ]
    by_raw = {record["raw"]: record["reasons"] for record in found.records}
    assert by_raw["2,abc,3"] == [{"rule": "length(v)", "column": "v", "value": "abc"}]
    assert by_raw["3,,1"] == [{"rule": "ordered(id, at)", "value": '{"id":3,"at":1}'}]


@pytest.mark.parametrize("cached", [False, True])
def test_a_warning_counts_rows_and_rejects_none(spark: SparkSession, tmp_path: Path, *, cached: bool) -> None:
    rules = "rules: [{positive: {column: id, severity: warn}}, {name: early, expr: at < 5, severity: warn}]"
    write(tmp_path, {"in/a.csv": "id,v,at\n1,a,1\n-1,b,9\n-2,c,\nx,d,9\n"})
    found = outcome(spark, tmp_path, CHECKED.format(rules), cached=cached)
    assert found.good == [(-1, "b", 9), (-2, "c", None), (1, "a", 1)]
    assert found.bad == [("type int", "x,d,9")]
    assert found.ledger.warned == (("positive(id)", 2), ("early", 2))


@pytest.mark.parametrize("cached", [False, True])
def test_one_row_of_a_key_is_taken_and_the_others_are_quarantined(
    spark: SparkSession, tmp_path: Path, *, cached: bool
) -> None:
    unique = "unique: {keys: [id], order_by: [at]}\nrules: [{name: known, expr: v <> 'bad'}]"
    lines = ["1,old,1", "1,new,2", "1,bad,3", "2,only,1", ",none,1", ",none,1", "3,a,1", "3,b,1", "3,b,1"]
    write(tmp_path, {"in/a.csv": "id,v,at\n" + "\n".join(lines) + "\n"})
    found = outcome(spark, tmp_path, CHECKED.format(unique), cached=cached)
    assert found.good == [(1, "new", 2), (2, "only", 1), (3, "b", 1), (None, "none", 1), (None, "none", 1)]
    assert found.bad == [
        ("known", "1,bad,3"),
        ("unique (id)", "1,old,1"),
        ("unique (id)", "3,a,1"),
        ("unique (id)", "3,b,1"),
    ]
    assert (found.ledger.read, found.ledger.valid, found.ledger.quarantined) == (9, 5, 4)


def test_of_a_good_row_that_several_jobs_read_its_values_alone_are_kept(
    spark: SparkSession, tmp_path: Path
) -> None:
    write(tmp_path, {"in/a.csv": "id,v,at\n1,a,2\nx,b,3\n"})
    rows = opened(spark, tmp_path, CHECKED.format(""), cached=True).rows
    assert rows.columns == [
        *("id", "v", "at"),
        *("_sparkjobs_in", "_sparkjobs_raw", "_sparkjobs_file", "_sparkjobs_columns", "_sparkjobs_damage"),
        "_sparkjobs_bad",
    ]
    (good,) = rows.filter("id = 1").collect()
    assert tuple(good) == (1, "a", 2, None, None, None, None, None, False)
    rows.unpersist()
