"""Fixtures that every kind of test shares, and how the tests are spread over processes."""

import os
from collections.abc import Iterator

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from sparkjobs.session import call_sites
from tests.e2e.demo import Demo, run_demo

pytest_plugins = ["sparkjobs.testing"]

_SLOW = {"faults": "faults", "e2e": "demo", "cluster": "demo"}
"""Folders whose tests mostly wait for processes of their own: they begin first, beside the others."""


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """One real run of the demo on one machine."""
    return run_demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="session", autouse=True)
def _without_call_sites() -> Iterator[None]:
    """What is called of PySpark here is not noted, as in a run: a quarter of what these tests would take."""
    with call_sites(noted=False):
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long."""
    order = {part: place for place, part in enumerate(_SLOW)}
    items.sort(key=lambda item: order.get(_part(item.nodeid), len(order)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, for each waits for its JVM by turns; more than six wait for the slow folders."""
    return min((os.cpu_count() or 1) + 1, 6)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    """One process takes a whole file; of folders that share a costly fixture, all files."""
    return None if config.getoption("markexpr") else ByFile(config, log)


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Spreads files, and the slow folders as they are."""

    def _split_scope(self, nodeid: str) -> str:
        return _SLOW.get(_part(nodeid)) or nodeid.split("::", maxsplit=1)[0]


def _part(nodeid: str) -> str:
    return nodeid.split("/")[1]
