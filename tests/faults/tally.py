"""The tally: what every killed run has cost, for the table of `make faults`."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

VARIABLE = "SPARKJOBS_FAULTS_TALLY"
"""Names the file that the tally of a whole session is written to."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one table after one fault, or after several in turn."""

    what: str
    """`points`, `moments`, `steps`, `recovery`, `together`, …"""
    who: str
    """`sparkjobs` or `plain`."""
    mode: str
    format: str
    where: str
    """The point or moment of the fault."""
    faults: int
    reruns: int
    """Further runs until the table was as it should be."""
    lost: int
    doubled: int
    misread: int
    """How often readers saw what no run had published, before the last run."""
    orphans: int = 0
    """Files that are in the table's folder and belong to nothing."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The entries of a session."""

    entries: list[Entry] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """One more."""
        self.entries.append(entry)

    def write(self) -> None:
        """To where the environment says, if it does."""
        if name := os.environ.get(VARIABLE):
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps([asdict(one) for one in self.entries], indent=1), encoding="utf-8")
