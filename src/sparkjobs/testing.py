"""What a job author's test needs: the `spark` fixture, frames to compare, and tests in YAML.

In conftest.py: `pytest_plugins = ["sparkjobs.testing"]`.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.testing import assertDataFrameEqual

from sparkjobs.cases import PATTERN, Placed, cases_of, judged
from sparkjobs.config import Conf, load
from sparkjobs.errors import SparkjobsError
from sparkjobs.plan import graph_of
from sparkjobs.registry import Registry, registry_of
from sparkjobs.session import forget_origins, remember
from sparkjobs.settings import JARS_FOLDER, settings

_FAST = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=256m -XX:MetaspaceSize=512m"
"""The first compiler alone, and room for what it compiles: its usual 48 MB are full after some hundred
tests, and from then on the JVM throws methods out and compiles them again."""


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One local session for all tests, with the settings that runs have, and quick to start."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    folder = tmp_path_factory.mktemp("spark")
    root = _project()
    jars = root / JARS_FOLDER
    places = f'-XX:SharedArchiveFile="{jars}/classes.jsa" -Dderby.system.home="{folder}"'
    given = {
        "spark.master": "local[2]",
        "spark.driver.extraJavaOptions": f"{_FAST} {places}",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": (folder / "events").as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",  # compiling a projection takes longer than some rows
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    (folder / "events").mkdir()
    has_jars = any(jars.glob("*.jar"))
    if has_jars:  # before Spark's own, as the archive of classes has them
        given["spark.driver.extraClassPath"] = f"{jars}/*:{jars}/spark/*"
    builder = SparkSession.builder.appName("tests")
    for key, value in {**given, **settings(given, {}, root, delta=has_jars)}.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    remember(session)
    forget_origins(session)
    yield session
    session.stop()


def assert_rows(actual: DataFrame, expected: list[tuple[object, ...]], schema: str) -> None:
    """`actual` holds exactly the rows `expected` of `schema`, in any order; a difference is shown."""
    wanted = actual.sparkSession.createDataFrame(expected, schema)
    assertDataFrameEqual(actual, wanted, ignoreNullable=True, rtol=0, atol=0)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take tests/**/test_*.yml of a project for files of cases."""
    if not file_path.match(PATTERN):
        return None
    roots = [folder.parent for folder in file_path.parents if folder.name == "tests"]
    root = next((root for root in roots if (root / "conf" / "sparkjobs.yml").is_file()), None)
    return CaseFile.from_parent(parent, path=file_path, root=root) if root else None


class CaseFile(pytest.File):
    """A file of cases."""

    def __init__(self, *, root: Path, **given: Any) -> None:  # noqa: ANN401 (pytest's own)
        super().__init__(**given)
        self._root = root

    def collect(self) -> Iterable[pytest.Item]:
        """Its cases; their mistakes are told without a traceback."""
        try:
            conf = load(self._root, None, (), os.environ)
            registry = registry_of(conf)
            graph_of(conf, registry)
            cases = cases_of([self.path], conf, registry)
        except SparkjobsError as error:
            raise self.CollectError(str(error)) from error
        for case in cases:
            hold = partial(_hold, conf=conf, registry=registry, case=case)
            yield CaseItem.from_parent(self, name=case.body.name, callobj=hold)


class CaseItem(pytest.Function):
    """A case."""

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands."""
        return self.path, self.obj.keywords["case"].at().line - 1, self.name


def _hold(spark: SparkSession, *, conf: Conf, registry: Registry, case: Placed) -> None:
    now = datetime.now(UTC)  # noqa: TID251 (here the clock is read)
    if problem := judged(spark, conf, registry, case, now).problem:
        pytest.fail(problem, pytrace=False)


def _project() -> Path:
    """The nearest folder above that has Delta's jars."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / JARS_FOLDER).is_dir()), here)
