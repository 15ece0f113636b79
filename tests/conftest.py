"""Fixtures that every kind of test shares, and how the tests are spread over two processes."""

from pathlib import Path

import pytest

pytest_plugins = ["sparkjobs.testing"]

_SLOW = ("faults", "e2e", "cluster")
"""Folders whose tests mostly wait for processes of their own: they begin first, beside the others."""


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process takes a whole file; of a folder with a costly fixture, all files."""
    items.sort(key=lambda item: _SLOW.index(_folder(item)) if _folder(item) in _SLOW else len(_SLOW))
    for item in items:
        group = _folder(item) if _folder(item) in _SLOW else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


def _folder(item: pytest.Item) -> str:
    return Path(item.path).relative_to(Path(__file__).parent).parts[0]
