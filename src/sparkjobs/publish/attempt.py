"""Attempts: where one try at a manifest stages its files, apart from every other try."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from sparkjobs.errors import PublishError, StateMovedError
from sparkjobs.results import Staged
from sparkjobs.state import state_folder

FOLDER = "sparkjobs_run"
"""Names the folder of an attempt inside a Delta table, so no partition column may be called so."""
UNSEEN_OF = "_sparkjobs_manifest"
"""Names the folders of unseen events, and as their column the manifest that they came with."""
_STAGED = re.compile(rf"{FOLDER}=([0-9]+)-[0-9a-f]{{8}}")


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
            return self.table / f"{FOLDER}={self.name}"
        return self.scratch / "data"

    @property
    def result(self) -> Path:
        """Where the result is staged that has to be compared with the table first."""
        return self.scratch / "result"

    @property
    def changes(self) -> Path:
        """Where what that comparison found is staged."""
        return self.scratch / "changes"

    @property
    def scratch(self) -> Path:
        """Where everything else of this try lies until it is in force."""
        return state_folder(self.table) / "staging" / self.name

    @property
    def quarantine(self) -> Path:
        """Where rejected rows lie once the try is complete."""
        return state_folder(self.table) / "quarantine" / str(self.number)


def unseen_folder(table: Path, number: int) -> Path:
    """Where the unseen events of manifest `number` lie once it is complete."""
    return state_folder(table) / "unseen" / f"{UNSEEN_OF}={number}"


def sweep(table: Path, committed: int) -> None:
    """Delete what attempts at uncommitted manifests left behind. Only under the table's lock."""
    state = state_folder(table)
    shutil.rmtree(state / "staging", ignore_errors=True)
    staged = {folder: _STAGED.fullmatch(folder.name) for folder in table.glob(f"{FOLDER}=*")}
    rejected = {folder: re.fullmatch(r"([0-9]+)", folder.name) for folder in (state / "quarantine").glob("*")}
    unseen = {
        folder: re.fullmatch(rf"{UNSEEN_OF}=([0-9]+)", folder.name) for folder in (state / "unseen").glob("*")
    }
    for folder, match in {**staged, **rejected, **unseen}.items():
        if match and int(match[1]) > committed:
            shutil.rmtree(folder)


def fence(attempt: Attempt, committed: int) -> None:
    """Make sure that nobody has committed this manifest, or a later one, while this attempt worked.

    Raises:
        StateMovedError: somebody has.
    """
    if committed >= attempt.number:
        raise StateMovedError(attempt.job, attempt.number - 1, committed)


def complete(attempt: Attempt, staged: Staged) -> None:
    """Make sure that every staged file is still there, whole.

    Raises:
        PublishError: one is not.
    """
    for file in staged.files:
        path = staged.folder / file.path
        if not path.is_file() or path.stat().st_size != file.size:
            problem = f"the staged file {path} has vanished or changed."
            raise PublishError(attempt.job, problem, f"`sparkjobs run {attempt.job}` stages it again.")
