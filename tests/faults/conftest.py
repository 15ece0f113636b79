"""What the faults share: which of them run when, and the tally."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.faults.trial import Trials

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


@pytest.fixture
def trials(spark: SparkSession, tmp_path: Path) -> Trials:
    return Trials(spark, tmp_path)
