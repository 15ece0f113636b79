"""The tally: what every killed run has cost, for the table of `make faults`."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "SPARKJOBS_FAULTS_TALLY"
"""Names the file that takes the tally, one JSON object per line."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one table after one fault, or after several in turn."""

    what: str
    """The kind of fault."""
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


def add(entry: Entry) -> None:
    """One more, at the end of the file that the environment names, if it does.

    At once, so that a session which is broken off has counted what it has done.
    """
    if name := os.environ.get(VARIABLE):
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(entry)) + "\n")
