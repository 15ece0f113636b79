"""Checks for tests, written as conf writes them."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from sparkjobs.config.checks import Check, CheckEntry
from sparkjobs.config.node import parse, plain
from sparkjobs.plan import PlannedCheck
from sparkjobs.plan.checks import planned_checks
from sparkjobs.registry import Registry, collect

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def registry() -> Registry:
    """Our own checks, and no jobs."""
    return collect((), Path(__file__).parent)


def checks_of(*texts: str) -> tuple[PlannedCheck, ...]:
    """The checks of entries of `checks:`."""
    adapter: TypeAdapter[Check] = TypeAdapter(CheckEntry)
    confs = (adapter.validate_python(plain(parse("check.yml", text.encode()))) for text in texts)
    return planned_checks(tuple(confs), registry().checks)
