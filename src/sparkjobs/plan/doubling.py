"""What mode append may take: only rows of which nothing was appended before."""

from sparkjobs.errors import AppendAgainError
from sparkjobs.plan.model import JobPlan, TableInput
from sparkjobs.plan.parts import Added
from sparkjobs.state import TableState
from sparkjobs.state.manifest import committed_chain


def refuse_doubling(job: JobPlan, state: TableState) -> None:
    """Make sure that no planned input was appended before.

    Raises:
        AppendAgainError: one was, or nobody can tell.
        LostManifestError: the manifests do not go back to the first.
    """
    chain = committed_chain(state.folder, state.committed)
    past = [file for manifest in chain for entry in manifest.inputs for file in entry.get("files", ())]
    paths = {path for path, *_ in past}
    names = {(size, modified_ns): path for path, size, modified_ns in past}
    for one in job.inputs:
        if job.conf.inputs[one.name].lookup or isinstance(one.part, Added):
            continue
        if isinstance(one, TableInput) or one.version is not None:
            raise AppendAgainError(job.name, one.name, "a table, of which all rows would be appended again")
        if again := sorted(file.path for file in one.files if file.path in paths):
            found = f"{len(again)} files that were appended before, such as {again[0]}"
            raise AppendAgainError(job.name, one.name, found)
        for file in sorted(one.files):
            if before := names.get((file.size, file.modified_ns)):
                found = f"{file.path}, which has size and time of {before}, appended before"
                raise AppendAgainError(job.name, one.name, found)
