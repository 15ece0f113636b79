"""Attempts: where one try at a manifest stages its files, apart from every other try."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from sparkjobs.state import state_folder

_PREFIX = "run="


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at publishing manifest `number` of `table`."""

    job: str
    table: Path
    format: str
    number: int
    run_id: str
    token: str
    """Makes the folder of this try unlike that of any other."""

    @property
    def name(self) -> str:
        """`<number>-<token>`."""
        return f"{self.number}-{self.token}"

    @property
    def data(self) -> Path:
        """Where the result is staged: for Delta in the table, whose log knows nothing of it yet."""
        if self.format == "delta":
            return self.table / f"{_PREFIX}{self.name}"
        return self.scratch / "data"

    @property
    def scratch(self) -> Path:
        """Where everything else of this try lies until it is in force."""
        return state_folder(self.table) / "staging" / self.name

    @property
    def quarantine(self) -> Path:
        """Where rejected rows lie once the try is complete."""
        return state_folder(self.table) / "quarantine" / str(self.number)


def sweep(table: Path, committed: int) -> None:
    """Delete what attempts at uncommitted manifests left behind. Only under the table's lock."""
    state = state_folder(table)
    shutil.rmtree(state / "staging", ignore_errors=True)
    leftovers = [*table.glob(f"{_PREFIX}*-*"), *(state / "quarantine").glob("*")]
    for folder in leftovers:
        number = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if number.isdigit() and int(number) > committed:
            shutil.rmtree(folder)
