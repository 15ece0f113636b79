"""What a person may do to a table's state: adopt the table as it is, reset its state, restore a version."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deltalake import CommitProperties, DeltaTable, Transaction
from pyspark.sql import SparkSession

from sparkjobs import session
from sparkjobs.config import Conf
from sparkjobs.errors import (
    ForeignTableError,
    LostManifestError,
    UnknownVersionError,
    UpstreamRewrittenError,
    UsageError,
)
from sparkjobs.faults import reach
from sparkjobs.plan import JobPlan, Request, Window
from sparkjobs.plan.build import drafts
from sparkjobs.plan.fits import taken
from sparkjobs.plan.increments import news
from sparkjobs.registry import Registry
from sparkjobs.state import (
    Manifest,
    TableState,
    app_id,
    begin,
    claim,
    last_commit,
    locked,
    look,
    manifest_at,
    read_outcome,
    recover,
    remember,
    set_aside_damaged,
    state_folder,
    write_outcome,
)
from sparkjobs.state.durable import write_json
from sparkjobs.state.journal import publish
from sparkjobs.state.manifest import latest_number, read


@dataclass(frozen=True, slots=True)
class Adopted:
    """What became of a table's state."""

    job: str
    number: int
    """The manifest that is in force now."""
    goes_on_from: int
    """The manifest whose inputs count as published; 0: the inputs as they lie there now."""


def adopt(job: JobPlan, run_id: str) -> Adopted:
    """Say that the rows of `job`'s table are right as they are, whoever wrote them.

    What counts as published stays as the manifest in force says; after a restore, as that of the
    restored version says; of a table without manifests, everything that lies there now counts as published.

    Raises:
        ForeignTableError: there is no table, or it is another job's.
        LockHeldError: a run writes it.
        UnknownVersionError: it was restored to a version of which no manifest tells.
        StateError: a file of its state is gone or damaged.
    """
    with locked(job.name, state_folder(job.table), run_id):
        return _adopted(job, run_id)


def shown(job: str, table: Path, table_format: str) -> Iterator[str]:
    """What `table` knows of itself, for a terminal.

    Raises:
        StateError: it is not this job's, or a file of its state is damaged.
    """
    state = look(job, table, table_format)
    if not state.committed:
        yield f"{job}: nothing was published" + (f", though manifest {state.lost} was" if state.lost else "")
        return
    at = f", Delta version {state.version}" if table_format == "delta" else ""
    yield f"{job}: manifest {state.committed} is in force{at}"
    if state.manifest is None:
        yield "  its manifest file is lost"
    else:
        base = state.manifest.base or "none"
        yield f"  {state.manifest.mode} by run {state.manifest.run_id}, on manifest {base}"
        yield from (f"  {_told(entry)}" for entry in state.manifest.inputs)
    mark = None if state.reset else read_outcome(state.folder, state.committed).mark
    if mark is not None:
        yield f"  high-water mark {mark}"
    if state.foreign:
        yield f"  version {state.foreign.version} is a {state.foreign.operation} that no run of it has made"
    if state.reset:
        yield "  its state was reset: the next run makes the whole table anew"


def _told(entry: Mapping[str, Any]) -> str:
    version = f", version {entry['version']}" if entry.get("version") is not None else ""
    files = f", {len(entry['files'])} files" if entry.get("files") else ""
    part = "".join(
        f", {key} {value}" for key, value in (entry.get("part") or {}).items() if value not in (None, [])
    )
    return f"{entry['name']}: {entry.get('source') or entry.get('ref')}{version}{files}{part}"


def _adopted(job: JobPlan, run_id: str) -> Adopted:
    table_format = job.conf.output.format
    if table_format == "delta" and DeltaTable.is_deltatable(str(job.table)):
        claim(job.name, job.table, table_format)
    recover(job.table)
    state = look(job.name, job.table, table_format, adopting=True)
    if state.version is None or state.lost:
        raise ForeignTableError(job.name, str(job.table), "there is no table to adopt")
    inherited, inputs = _inherited(job, state)
    wanted = Manifest(
        job=job.name,
        number=0,
        base=inherited.number if inherited else 0,
        run_id=run_id,
        code=job.code,
        conf=job.fingerprint,
        inputs=inputs,
        mode="adopt",
    )
    manifest = begin(state.folder, wanted, above=state.committed)
    outcome = read_outcome(state.folder, inherited.number if inherited else 0)
    write_outcome(state.folder, manifest.number, replace(outcome, unseen=False))
    reach("adopt.before")
    _commit_nothing(job, manifest)
    reach("adopt.after")
    (state.folder / "reset.json").unlink(missing_ok=True)
    return Adopted(job.name, manifest.number, inherited.number if inherited else 0)


def _inherited(job: JobPlan, state: TableState) -> tuple[Manifest | None, tuple[dict[str, Any], ...]]:
    """The manifest that an adopted table goes on from, and the inputs that count as published."""
    foreign = state.foreign
    if state.committed and foreign and foreign.operation == "RESTORE":
        # as they are: an input that was rewritten since is for the next run to tell
        restored = _manifest_at(job, foreign.version)
        return restored, restored.inputs
    return state.manifest, _inputs(job, state)


def _manifest_at(job: JobPlan, version: int) -> Manifest:
    """The manifest whose rows stand at `version` of the job's Delta table.

    Raises:
        UnknownVersionError: the table's history does not tell.
        LostManifestError: it does, and the manifest is gone.
    """
    number = manifest_at(job.name, job.table, version)
    if not number:
        raise UnknownVersionError(job.name, version)
    manifest = read(state_folder(job.table), number)
    if manifest is None:
        raise LostManifestError(job.name, str(job.table), number)
    return manifest


def _inputs(job: JobPlan, state: TableState) -> tuple[dict[str, Any], ...]:
    """What counts as published: for an input that was rewritten, or of which nothing is known, all of it."""
    if state.manifest is None:
        return tuple(one.pinned() for one in job.inputs)
    before = state.manifest.inputs
    if job.conf.incremental is None:
        return before
    name = taken(job.conf)
    one = next(one for one in job.inputs if one.name == name)
    try:
        news(job, one, state, Window())
    except UpstreamRewrittenError:
        return (one.pinned(), *(entry for entry in before if entry["name"] != name))
    return before


def _commit_nothing(job: JobPlan, manifest: Manifest) -> None:
    """Put `manifest` in force without touching a row."""
    if job.conf.output.format == "parquet":
        told = {"number": manifest.number, "run_id": manifest.run_id}
        publish(job.table, [], {**last_commit(job.table), **told})
        return
    note = {"job": job.name, "manifest": manifest.number, "attempt": "adopt", "run_id": manifest.run_id}
    handle = DeltaTable(job.table)
    handle.create_write_transaction(
        [],
        "append",
        handle.schema(),
        list(handle.metadata().partition_columns),
        commit_properties=CommitProperties(
            app_transactions=[Transaction(app_id(job.name), manifest.number, int(time.time() * 1000))],
            custom_metadata={"userMetadata": json.dumps(note)},
        ),
    )
    remember(job.table, manifest.number)


def reset(job: str, table: Path, table_format: str, run_id: str) -> int:
    """Forget what was published: the next run of `job` makes its whole table anew, in one commit.

    Readers see the table as it is until then. Damaged files of the state are kept under another name.

    Raises:
        ForeignTableError: the table is not the job's.
        LockHeldError: a run writes it.
    """
    folder = state_folder(table)
    with locked(job, folder, run_id):
        set_aside_damaged(folder)
        if table_format == "delta" and not DeltaTable.is_deltatable(str(table)):
            claim(job, table, table_format)
        state = look(job, table, table_format, adopting=True)
        number = max(state.committed, latest_number(folder))
        write_json(folder / "reset.json", {"number": number})
    return number


def restore(
    start: Callable[[Conf], SparkSession], conf: Conf, job: JobPlan, to_version: int, run_id: str
) -> Adopted:
    """Take a Delta table back to `to_version`, and its state with it: later inputs are new again.

    Raises:
        UsageError: the table is no Delta table, or has no such version.
        UnknownVersionError: no manifest tells what that version holds.
        StateError: the table does not allow it.
    """
    table = str(job.table)
    if job.conf.output.format != "delta" or not DeltaTable.is_deltatable(table):
        raise UsageError(f"{job.name!r} has no Delta table to restore.", "Only Delta keeps older versions.")
    newest = DeltaTable(table).version()
    if not 0 <= to_version <= newest:
        raise UsageError(
            f"{table} has versions 0 to {newest}, not {to_version}.", "Its history: `sparkjobs state show`."
        )
    _manifest_at(job, to_version)
    with locked(job.name, state_folder(job.table), run_id):
        spark = start(conf)
        session.require_delta(spark)
        reach("restore.before")
        session.restore(spark, job.table, to_version)
        reach("restore.after")
        return _adopted(job, run_id)


def job_of(conf: Conf, registry: Registry, name: str) -> JobPlan:
    """`name` as it would be planned, its table not looked at.

    Raises:
        UsageError: there is no such job.
    """
    return next(iter(drafts(conf, registry, Request((name,)))))
