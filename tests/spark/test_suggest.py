"""Checks that a table's profile hints at, and that hold for every row of it."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sparkjobs.config import load
from sparkjobs.config.node import parse, plain
from sparkjobs.errors import UsageError
from sparkjobs.registry import collect
from sparkjobs.suggest import suggested
from tests.checks import NOW
from tests.projects import lay_out, run, write_project

COLUMNS = (
    "id: int, kind: string, mail: string, iban: string, note: string, price: 'decimal(8,2)', share: double, "
    "delay: int, empty: string, seen: date"
)
SOURCES = f"rows: {{format: csv, path: '${{landing}}/*.csv', columns: {{{COLUMNS}}}}}\n"
COPY = "@job\ndef out(rows: DataFrame) -> DataFrame:\n    return rows\n"
CONF = "inputs: {rows: {source: rows}}\noutput: {path: '${warehouse}/out', format: FORMAT, mode: overwrite}\n"
HEAD = "id,kind,mail,iban,note,price,share,delay,empty,seen"


def _row(place: int) -> str:
    note = "" if place < 6 else f"  note {place}"
    kind = ("A", "BB", "A-${x}")[2 if place == 99 else place % 2]
    return f"{place},{kind},m{place % 60}@example.org,DE{place % 70:04},{note},{1 + place}.50,0.{place:02},{place - 50},,2013-01-{1 + place % 28:02}"


SUGGESTED = """\
checks: # asked of all 100 rows of out on 2026-01-01
  - row_count: {min: 1}
  - not_null: [id, kind, mail, iban, price, share, delay, seen]
  - non_negative: [id]
  - trimmed: [kind, iban]
  - not_blank: [kind, note]
  - positive: [price]
  - not_in_future: [seen]
  - unique: [id]
  - format: {column: mail, of: email}
  - length: {column: iban, equals: 6}
  - not_null: {column: note, mostly: 0.94} # 6 of 100 rows are null
  - between: {column: share, min: 0, max: 1}
  - unique: [delay]
"""


def _suggested(spark: SparkSession, root: Path) -> str:
    conf = load(root, None, (), {})
    checks = collect(conf.project.jobs, root).checks
    return suggested(lambda _: spark, conf, "out", checks, NOW)


def _published(spark: SparkSession, root: Path, table_format: str, lines: list[str]) -> None:
    files = {"conf/sources.yml": SOURCES, "conf/jobs/out.yml": CONF.replace("FORMAT", table_format)}
    write_project(root, COPY, files)
    lay_out(root, {"landing/a.csv": "\n".join([HEAD, *lines]) + "\n"})
    assert run(spark, root)["out"].status == "success"


@pytest.mark.parametrize("table_format", ["delta", "parquet"])
def test_what_all_rows_have_in_common_is_suggested_and_nothing_else(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    _published(spark, tmp_path, table_format, [_row(place) for place in range(100)])

    assert _suggested(spark, tmp_path) == SUGGESTED


def test_what_is_suggested_is_conf_that_the_next_run_keeps(spark: SparkSession, tmp_path: Path) -> None:
    lines = [_row(place) for place in range(100)]
    _published(spark, tmp_path, "parquet", lines)
    text = _suggested(spark, tmp_path)
    assert isinstance(plain(parse("suggested", text.encode())), dict)

    lay_out(
        tmp_path,
        {"conf/jobs/out.yml": CONF.replace("FORMAT", "parquet") + text, "landing/b.csv": HEAD + "\n"},
    )
    kept = run(spark, tmp_path)["out"]
    lay_out(tmp_path, {"landing/b.csv": f"{HEAD}\n{_row(7)}\n"})
    broken = run(spark, tmp_path)["out"]

    assert {check.status for check in kept.checks} == {"pass"}
    assert [check.name for check in broken.checks if check.status == "fail"] == [
        "unique(id)",
        "unique(delay)",
    ]


def test_few_values_that_come_often_are_all_there_are(spark: SparkSession, tmp_path: Path) -> None:
    rows = [f"{place},{'ab'[place % 2]},,,,,,{place % 3 - 1},," for place in range(400)]
    _published(spark, tmp_path, "parquet", rows)

    told = _suggested(spark, tmp_path)

    assert "  - accepted_values: {column: kind, values: [a, b]}\n" in told
    assert "  - accepted_values: {column: delay, values: [-1, 0, 1]}\n" in told
    assert "mail" not in told


def test_a_table_without_rows_has_nothing_in_common(spark: SparkSession, tmp_path: Path) -> None:
    _published(spark, tmp_path, "parquet", [])

    with pytest.raises(UsageError, match="The table of out has no rows"):
        _suggested(spark, tmp_path)


def test_a_table_that_takes_changes_may_get_none(spark: SparkSession, tmp_path: Path) -> None:
    merged = CONF.replace("FORMAT, mode: overwrite", "parquet, mode: merge, keys: [id]")
    write_project(tmp_path, COPY, {"conf/sources.yml": SOURCES, "conf/jobs/out.yml": merged})
    lay_out(tmp_path, {"landing/a.csv": f"{HEAD}\n{_row(1)}\n{_row(2)}\n"})
    assert run(spark, tmp_path)["out"].status == "success"

    told = _suggested(spark, tmp_path)

    assert "row_count" not in told
    assert "  - unique: [id]\n" in told


def test_a_table_that_is_not_there_is_told(spark: SparkSession, tmp_path: Path) -> None:
    files = {"conf/sources.yml": SOURCES, "conf/jobs/out.yml": CONF.replace("FORMAT", "delta")}
    write_project(tmp_path, COPY, files)

    with pytest.raises(UsageError, match="out has published nothing yet"):
        _suggested(spark, tmp_path)
