"""Every check is green and red where its docstring says so.

Checks of the past look at no rows: tests/unit/test_anomalies.py takes their examples.
"""

import re

import pytest
from pyspark.sql import SparkSession

from sparkjobs.quality import Given, judge
from tests.checks import NOW, checks_of, registry

_EXAMPLE = re.compile(
    r" *(?P<verdict>green|red): +(?P<arguments>\{.*\}) on (?P<rows>.*?)(?: with (?P<other>.*))?"
)
EXAMPLES = [
    (name, found["verdict"], found["arguments"], found["rows"], found["other"])
    for name, check in sorted(registry().checks.items())
    if "history" not in check.given
    for line in check.description.splitlines()
    if (found := _EXAMPLE.fullmatch(line))
]


@pytest.mark.parametrize(("name", "verdict", "arguments", "rows", "other"), EXAMPLES)
def test_an_example_is_as_its_docstring_says(
    spark: SparkSession, name: str, verdict: str, arguments: str, rows: str, other: str | None
) -> None:
    frame = spark.sql(f"select * from values {rows}")  # noqa: S608 (our own docstrings)
    inputs = {"other": spark.sql(f"select * from values {other}")} if other else {}  # noqa: S608
    (result,) = judge(spark, checks_of(f"{name}: {arguments}"), None, frame, Given(NOW, inputs))
    assert result.status == {"green": "pass", "red": "fail"}[verdict], result.observed


def test_every_example_is_found() -> None:
    told = (
        line.split()[:1]
        for check in registry().checks.values()
        if "history" not in check.given
        for line in check.description.splitlines()
    )
    assert len(EXAMPLES) == sum(words in (["green:"], ["red:"]) for words in told)
