"""Fixtures that every kind of test shares, and how the tests are spread over two processes."""

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

pytest_plugins = ["sparkjobs.testing"]

_SLOW = ("faults", "e2e", "cluster")
"""Folders whose tests mostly wait for processes of their own: they begin first, beside the others."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long."""
    items.sort(
        key=lambda item: _SLOW.index(_part(item.nodeid)) if _part(item.nodeid) in _SLOW else len(_SLOW)
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    """One process takes a whole file; of a folder with a costly fixture, all files."""
    return None if config.getoption("markexpr") else ByFile(config, log)


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Spreads files, and the slow folders as they are."""

    def _split_scope(self, nodeid: str) -> str:
        return _part(nodeid) if _part(nodeid) in _SLOW else nodeid.split("::", maxsplit=1)[0]


def _part(nodeid: str) -> str:
    return nodeid.split("/")[1]
