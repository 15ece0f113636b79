"""What is told of a dbt project: its files, and what of it means something else here, or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sparkjobs.config.node import Plain


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that did not come along as it is."""

    place: str
    """File and line in the dbt project."""
    what: str
    fix: str = ""
    """What to do; empty where nothing is lost, and it is only said another way here."""


Remarks = list[Remark]
"""What is told so far; whoever meets something adds it."""

Settings = Mapping[str, Plain]
"""What `config` says, under dbt's names."""


@dataclass(frozen=True, slots=True)
class Text:
    """What a file of the project says of one thing. Its lines are those of the file."""

    path: str
    text: str
    below: str = ""
    """Its path, seen from the folder of its kind."""
    called: str = ""
    """What the thing is called, where it is not called as the file."""

    @property
    def name(self) -> str:
        """The name of what it makes."""
        return self.called or Path(self.path).stem

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders between that of its kind and the file."""
        return Path(self.below).parts[:-1]

    @property
    def place(self) -> str:
        """Where it begins."""
        return f"{self.path}:{len(self.text) - len(self.text.lstrip(chr(10))) + 1}"


@dataclass(frozen=True, slots=True)
class Names:
    """How what dbt calls by name is called here."""

    models: Mapping[str, str]
    """Models and snapshots, by their names in dbt."""
    seeds: Mapping[str, str]
    sources: Mapping[tuple[str, str], str]
    macros: Mapping[str, str]
    """Where each macro is written."""
    values: Mapping[str, Plain]
    """The project's vars."""
