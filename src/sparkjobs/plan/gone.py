"""What a table would lose if it were made anew: the rows of files that are not there any more."""

from collections.abc import Iterator

from sparkjobs.config.incremental import ByFiles
from sparkjobs.errors import GoneFilesError, StateError
from sparkjobs.plan.model import JobPlan, SourceInput
from sparkjobs.state import state_folder
from sparkjobs.state.manifest import committed_chain

_SHOWN = 5


def gone_files(job: JobPlan) -> tuple[str, ...]:
    """The files that the table was made from and that `job`, which takes each file once, cannot take again.

    Raises:
        StateError: a manifest is gone or not as it was written.
    """
    if not (isinstance(job.conf.incremental, ByFiles) or job.conf.output.mode == "append"):
        return ()
    lookups = {name for name, one in job.conf.inputs.items() if one.lookup}
    here = {file.path for one in job.inputs if isinstance(one, SourceInput) for file in one.files}
    entries = (
        entry
        for manifest in committed_chain(state_folder(job.table), job.committed)
        for entry in manifest.inputs
        if entry["name"] not in lookups
    )
    return tuple(sorted({path for entry in entries for path, *_ in entry.get("files", ())} - here))


def refuse_loss(job: JobPlan) -> None:
    """Make sure that `job` made anew, though nobody has asked for it, has every row that its table has.

    Raises:
        GoneFilesError: files are gone.
        StateError: a manifest is gone or not as it was written.
    """
    if gone := gone_files(job):
        raise GoneFilesError(job.name, len(gone), _shown(gone))


def losses(job: JobPlan) -> Iterator[str]:
    """What goes with the table when `job` makes it anew, as far as its manifests can be read."""
    try:
        if gone := gone_files(job):
            yield f"the rows of {len(gone)} files that are gone go too: {_shown(gone)}"
    except StateError as error:  # which is what a full refresh may be there to mend
        yield f"nobody knows whether rows of files that are gone go too: {str(error).splitlines()[0]}"


def _shown(gone: tuple[str, ...]) -> str:
    return ", ".join(gone[:_SHOWN]) + (", …" if len(gone) > _SHOWN else "")
