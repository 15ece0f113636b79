"""JSON lines and plain text."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.spark.inputs import outcome, write

JSON = """
format: json
path: in/*.json
columns: {id: int, name: string}
bad_rows: {max_share: 1.0}
"""


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ('{"id": 1, "name": "a"}', (1, "a")),
        ('{"id": "1", "name": "a"}', (1, "a")),
        ('  {"name": "a", "id": 1}  ', (1, "a")),
        ('{"id": 1}', (1, None)),
        ('{"id": 1, "name": null}', (1, None)),
        ('{"id": 1, "name": {"first": "a"}}', (1, '{"first":"a"}')),
        ('{"id": 1, "name": "}{"}', (1, "}{")),
    ],
)
def test_one_object_is_one_row(
    spark: SparkSession, tmp_path: Path, line: str, row: tuple[object, ...]
) -> None:
    write(tmp_path, {"in/a.json": f"{line}\n\n"})
    result = outcome(spark, tmp_path, JSON)
    assert (result.good, result.bad) == ([row], [])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"id": 1}{"id": 2}', "not_one_object"),
        ('{"id": 1},{"id": 2}', "not_one_object"),
        ('{"id": 1}],[{"id": 2}', "not_one_object"),
        ('{"id": 1}]', "not_one_object"),
        ('{"id": 1}}', "not_one_object"),
        ('{"id": 1},"y":{"id": 2}', "not_one_object"),
        ('[{"id": 1}]', "not_one_object"),
        ('{"id": 1', "not_one_object"),
        ("null", "not_one_object"),
        ("1", "not_one_object"),
        ('{"id": 1, "id": 2}', "duplicate_key"),
        ('{"ID": 1}', "undeclared_key"),
        ('{"id": 1, "surplus": 2}', "undeclared_key"),
        ('{"id": 1.5}', "type int"),
        ('{"id": 99999999999}', "type int"),
    ],
)
def test_anything_else_is_quarantined(spark: SparkSession, tmp_path: Path, line: str, reason: str) -> None:
    write(tmp_path, {"in/a.json": f'{line}\n{{"id": 7}}\n'})
    result = outcome(spark, tmp_path, JSON)
    assert (result.good, result.bad) == ([(7, None)], [(reason, line)])
    assert (result.ledger.read, result.ledger.valid, result.ledger.quarantined) == (2, 1, 1)


def test_undeclared_keys_are_left_out_when_the_conf_says_so(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.json": '{"id": 1, "surplus": 2}\n'})
    result = outcome(spark, tmp_path, JSON + "on_extra_columns: ignore\n")
    assert (result.good, result.bad) == ([(1, None)], [])


def test_null_values_are_null(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.json": '{"id": "NA", "name": "x"}\n'})
    result = outcome(spark, tmp_path, JSON + "options: {null_values: [NA]}\n")
    assert result.good == [(None, "x")]


def test_every_line_of_text_is_a_row(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, {"in/a.txt": b'one\n\n three, "x\n\xff\n'})
    result = outcome(spark, tmp_path, "format: text\npath: in/*.txt\nbad_rows: {max_share: 1.0}\n")
    assert result.good == [(' three, "x',), ("",), ("one",)]
    assert result.bad == [("not_utf8", "\xff")]
