"""What the faults share: an archive of classes that makes JVMs start twice as fast, and the tally."""

import hashlib
import os
import subprocess
from pathlib import Path

import pyspark
import pytest
from pyspark.sql import SparkSession

from tests.faults.cases import MERGE, deliver, java_options, project
from tests.faults.trial import Trials
from tests.faults.victims import finished
from tests.projects import REPOSITORY, run

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Everything here is marked `faults`; what is exhaustive runs only when markers are asked for."""
    own = [item for item in items if item.path.is_relative_to(HERE)]
    for item in own:
        item.add_marker(pytest.mark.faults)
    if not config.getoption("markexpr"):
        left_out = [item for item in own if item.get_closest_marker("exhaustive")]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session")
def archive(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The classes that a run loads, as the JVM keeps them; made once per Java and Spark.

    A JVM that cannot make one goes on without, and the tests take longer.
    """
    java = subprocess.run(["java", "-version"], capture_output=True, check=True).stderr
    key = hashlib.sha256(java + pyspark.__version__.encode()).hexdigest()[:12]
    path = REPOSITORY / "target" / f"faults-{key}.jsa"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        root, made = tmp_path_factory.mktemp("archive"), path.with_suffix(f".{os.getpid()}")
        project(root, MERGE, "delta")
        run(spark, root)
        deliver(root, MERGE, 1)
        java_options(root, f"-XX:ArchiveClassesAtExit={made}")
        code, told = finished(root)
        assert code == 0, told
        if made.exists():
            made.rename(path)
    return path


@pytest.fixture
def trials(spark: SparkSession, tmp_path: Path, archive: Path) -> Trials:
    return Trials(spark, tmp_path, archive)
