"""The tools whose suites can be read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sparkjobs.suites import dbt, dqx, gx
from sparkjobs.suites.model import Block, Table


@dataclass(frozen=True, slots=True)
class Tool:
    """What it is called, how its files are read, and what its names mean here."""

    title: str
    read: Callable[[str, bytes], tuple[Block, ...]]
    table: Table


TOOLS: Final[Mapping[str, Tool]] = MappingProxyType(
    {
        "gx": Tool("Great Expectations", gx.read, gx.TABLE),
        "dbt": Tool("dbt", dbt.read, dbt.TABLE),
        "dqx": Tool("DQX", dqx.read, dqx.TABLE),
    }
)
