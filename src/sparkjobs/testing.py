"""What a job author's test needs: the `spark` fixture, and frames to compare.

In conftest.py: `pytest_plugins = ["sparkjobs.testing"]`.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.testing import assertDataFrameEqual

from sparkjobs.session import JARS_FOLDER, settings

_FAST = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=256m"
"""The first compiler alone, and room for what it compiles: its usual 48 MB are full after some hundred
tests, and from then on the JVM throws methods out and compiles them again."""


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One local session for all tests, with the settings that runs have, and quick to start."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    folder = tmp_path_factory.mktemp("spark")
    given = {
        "spark.master": "local[2]",
        "spark.driver.extraJavaOptions": f"{_FAST} -Dderby.system.home={folder}",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": (folder / "events").as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    (folder / "events").mkdir()
    root = _project()
    has_jars = any((root / JARS_FOLDER).glob("*.jar"))
    builder = SparkSession.builder.appName("tests")
    for key, value in {**given, **settings(given, {}, root, delta=has_jars)}.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


def assert_rows(actual: DataFrame, expected: list[tuple[object, ...]], schema: str) -> None:
    """`actual` holds exactly the rows `expected` of `schema`, in any order; a difference is shown."""
    wanted = actual.sparkSession.createDataFrame(expected, schema)
    assertDataFrameEqual(actual, wanted, ignoreNullable=True, rtol=0, atol=0)


def _project() -> Path:
    """The nearest folder above that has Delta's jars."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / JARS_FOLDER).is_dir()), here)
