"""Checks of random rows against plain Python: nulls, NaN, infinities, empty texts, blanks, all of Unicode."""

import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import pytest
from pyspark.sql import SparkSession

from sparkjobs.quality import Given, judge
from tests.checks import NOW, checks_of


@dataclass(frozen=True)
class Row:
    a: int | None
    b: int | None
    d: float | None
    s: str | None


NUMBERS = (None, -3, -1, 0, 1, 2, 3)
FLOATS = (None, math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, 2.5, -1.25)
TEXTS = (None, "", " ", "a", "A", "ab", " a", "a ", "é", "日本", "😀", "a\n", "\u00a0", "1", "x1")

Holds = Callable[[Row], bool | None]


def known(value: object, holds: Callable[[Any], bool]) -> bool | None:
    """A condition on a value; of null there is no answer."""
    return None if value is None else holds(value)


def nan_fails(holds: Callable[[float], bool]) -> Callable[[float], bool]:
    return lambda value: not math.isnan(value) and holds(value)


ROW_CHECKS: list[tuple[str, Holds]] = [
    ("not_null: [a]", lambda row: row.a is not None),
    ("null: [s]", lambda row: row.s is None),
    ("not_empty: [s]", lambda row: known(row.s, lambda s: s != "")),
    ("not_blank: [s]", lambda row: known(row.s, lambda s: bool(s.strip()))),
    ("trimmed: [s]", lambda row: known(row.s, lambda s: s == s.strip())),
    ("at_least_one: [a, b, s]", lambda row: any(one is not None for one in (row.a, row.b, row.s))),
    ("mutually_exclusive: [a, b]", lambda row: row.a is None or row.b is None),
    ("accepted_values: {column: a, values: [1, 2]}", lambda row: known(row.a, lambda a: a in (1, 2))),
    ("accepted_values: {column: s, values: [a, é]}", lambda row: known(row.s, lambda s: s in ("a", "é"))),
    (
        "accepted_values: {column: s, values: [a], ignore_case: true}",
        lambda row: known(row.s, lambda s: s in ("a", "A")),
    ),
    ("rejected_values: {column: a, values: [0]}", lambda row: known(row.a, lambda a: a != 0)),
    ("equal: {column: d, to: 2.5}", lambda row: known(row.d, lambda d: d == 2.5)),
    ("not_equal: {column: s, to: ''}", lambda row: known(row.s, lambda s: s != "")),
    ("between: {column: a, min: 0, max: 2}", lambda row: known(row.a, lambda a: 0 <= a <= 2)),
    ("between: {column: d, min: 0}", lambda row: known(row.d, nan_fails(lambda d: d >= 0))),
    ("between: {column: d, min: 0, strict: true}", lambda row: known(row.d, nan_fails(lambda d: d > 0))),
    (
        "not_between: {column: d, min: 0, max: 1}",
        lambda row: known(row.d, nan_fails(lambda d: not 0 <= d <= 1)),
    ),
    ("positive: [d]", lambda row: known(row.d, nan_fails(lambda d: d > 0))),
    ("non_negative: [a]", lambda row: known(row.a, lambda a: a >= 0)),
    ("not_nan: [d]", lambda row: known(row.d, lambda d: not math.isnan(d))),
    ("matches: {column: s, pattern: '[a-z]+'}", lambda row: known(row.s, lambda s: s in ("a", "ab"))),
    ("not_matches: {column: s, pattern: '.'}", lambda row: known(row.s, lambda s: len(s) != 1 or s == "\n")),
    ("like: {column: s, pattern: 'a%'}", lambda row: known(row.s, lambda s: s.startswith("a"))),
    ("length: {column: s, min: 1, max: 1}", lambda row: known(row.s, lambda s: len(s) == 1)),
    ("letter_case: {column: s, case: lower}", lambda row: known(row.s, lambda s: s == s.lower())),
    ("encoding: {column: s, charset: ascii}", lambda row: known(row.s, str.isascii)),
    ("contains: {column: s, all_of: [a]}", lambda row: known(row.s, lambda s: "a" in s)),
    ("parses: {column: s, type: int}", lambda row: known(row.s, lambda s: s == "1")),
    ("json: [s]", lambda row: known(row.s, lambda s: s == "1")),
    (
        "ordered: [a, b]",
        lambda row: None if row.a is None or row.b is None else row.a <= row.b,
    ),
    ("equal_columns: [a, b]", lambda row: None if row.a is None or row.b is None else row.a == row.b),
    ("different_columns: [a, b]", lambda row: None if row.a is None or row.b is None else row.a != row.b),
    (
        "accepted_pairs: {columns: [a, b], values: [[0, 0], [1, 2]]}",
        lambda row: None if row.a is None or row.b is None else (row.a, row.b) in ((0, 0), (1, 2)),
    ),
    (
        "sums_to: {columns: [a, b], total: 1}",
        lambda row: None if row.a is None or row.b is None else row.a + row.b == 1,
    ),
    ("expression: a > 0", lambda row: known(row.a, lambda a: a > 0)),
    (
        "expression: a > 0 or b > 0",
        lambda row: (
            True
            if (row.a or 0) > 0 or (row.b or 0) > 0
            else None
            if row.a is None or row.b is None
            else False
        ),
    ),
]


def keys_of(rows: list[Row]) -> Counter[tuple[int, int]]:
    return Counter((row.a, row.b) for row in rows if row.a is not None and row.b is not None)


def values_of(rows: list[Row]) -> list[int]:
    return [row.a for row in rows if row.a is not None]


WHOLE_CHECKS: list[tuple[str, Callable[[list[Row]], bool]]] = [
    ("row_count: {min: 3, where: a > 0}", lambda rows: sum((row.a or 0) > 0 for row in rows) >= 3),
    ("minimum: {column: a, min: -1}", lambda rows: bool(values_of(rows)) and min(values_of(rows)) >= -1),
    ("maximum: {column: a, max: 2, allow_empty: true}", lambda rows: max(values_of(rows), default=0) <= 2),
    (
        "mean: {column: a, min: 0, where: b is null}",
        lambda rows: (
            bool(found := [row.a for row in rows if row.a is not None and row.b is None]) and sum(found) >= 0
        ),
    ),
    ("sum: {column: a, min: 1}", lambda rows: bool(values_of(rows)) and sum(values_of(rows)) >= 1),
    (
        "maximum: {column: d, max: 3}",
        lambda rows: (
            bool(found := [row.d for row in rows if row.d is not None])
            and not any(math.isnan(d) for d in found)
            and max(found) <= 3
        ),
    ),
    ("median: {column: a, max: 0}", lambda rows: bool(values_of(rows)) and median(values_of(rows)) <= 0),
    ("distinct_count: {columns: [a, b], max: 3}", lambda rows: len(keys_of(rows)) <= 3),
    ("not_constant: [a]", lambda rows: len(set(values_of(rows))) > 1),
    ("distinct_values: {column: a, contains: [0, 1]}", lambda rows: {0, 1} <= set(values_of(rows))),
    (
        "most_common: {column: a, values: [0, 1]}",
        lambda rows: (
            bool(found := Counter(values_of(rows))) and max(found[0], found[1]) == max(found.values())
        ),
    ),
    (
        "share: {expr: a > 0, min: 0.5}",
        lambda rows: bool(rows) and sum((row.a or 0) > 0 for row in rows) >= len(rows) / 2,
    ),
    (
        "unique_share: {columns: [a, b], min: 0.5}",
        lambda rows: (
            bool(found := keys_of(rows)) and sum(count == 1 for count in found.values()) >= len(found) / 2
        ),
    ),
]


def random_rows(count: int) -> list[Row]:
    pick = random.Random(count)  # noqa: S311 (the same rows each time)
    return [
        Row(pick.choice(NUMBERS), pick.choice(NUMBERS), pick.choice(FLOATS), pick.choice(TEXTS))
        for _ in range(count)
    ]


@pytest.mark.parametrize("count", [0, 3, 200])
def test_random_rows_are_judged_as_plain_python_judges_them(spark: SparkSession, count: int) -> None:
    rows = random_rows(count)
    frame = spark.createDataFrame(
        [(row.a, row.b, row.d, row.s) for row in rows], "a int, b int, d double, s string"
    )
    entries = [entry for entry, _ in (*ROW_CHECKS, *WHOLE_CHECKS)]
    results = judge(spark, checks_of(*entries, "unique: [a, b]"), None, frame, Given(NOW))

    for (entry, holds), result in zip(ROW_CHECKS, results, strict=False):
        answers = [holds(row) for row in rows]
        counts = answers.count(False), len(answers) - answers.count(None)
        assert (result.failing, result.evaluated) == counts, entry
    for (entry, passes), result in zip(WHOLE_CHECKS, results[len(ROW_CHECKS) :], strict=False):
        assert (result.status == "pass") == passes(rows), (entry, result.observed)
    doubled = sum(many for many in keys_of(rows).values() if many > 1)
    assert (results[-1].failing, results[-1].evaluated) == (doubled, keys_of(rows).total())
