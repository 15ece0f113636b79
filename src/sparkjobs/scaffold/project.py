"""A project that runs at once: a source, a job with checks, a test."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sparkjobs.scaffold.files import SCHEMAS, filled, refuse_no_name, write_new

_FILES: Final = (
    "README.md",
    ".gitignore",
    "conf/sparkjobs.yml",
    "conf/sources.yml",
    "conf/jobs/daily_sales.yml",
    "conf/log4j2.properties",
    "data/landing/orders.csv",
    "jobs/__init__.py",
    "jobs/daily_sales.py",
    "tests/test_daily_sales.py",
    "conftest.py",
    "main.py",
)


def new_project(folder: Path, name: str | None, schemas: Mapping[str, str]) -> tuple[str, ...]:
    """Write a project into `folder`, with the `schemas` of its conf by kind.

    Without a `name` it is called after its folder.

    Returns:
        The files, but for schemas.

    Raises:
        UsageError: it is no name, or one of the files is there already; then nothing is written.
    """
    called = re.sub(r"\W", "_", folder.name, flags=re.ASCII) if name is None else name
    refuse_no_name("The project", called)
    texts = {path: filled(f"project/{path.removeprefix('.')}", name=called) for path in _FILES}
    write_new(folder, texts | {f"{SCHEMAS}/{kind}.json": text for kind, text in schemas.items()})
    return _FILES
