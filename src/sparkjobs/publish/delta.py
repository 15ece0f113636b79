"""The Delta commit: Spark's staged files become the table's by one entry in its log.

No copy, no rename, no JVM, wherever that is known to be right for every reader: see
docs/decisions/0002-deltalake-commits.md. Everything else is a JVM Delta write of the staged files,
which copies them and carries the same write key.
"""

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from typing import cast
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable, Schema
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import (
    AddAction,
    CommitProperties,
    RemoveAction,
    Transaction,
    create_table_with_add_actions,
)
from pyspark.sql import SparkSession

from sparkjobs.errors import PublishError, TransientError
from sparkjobs.faults import reach
from sparkjobs.publish.attempt import Attempt, complete, fence
from sparkjobs.publish.stage import schema_of, staged_rows
from sparkjobs.results import Staged
from sparkjobs.sql import quoted, text
from sparkjobs.state import app_id
from sparkjobs.state.durable import sync

_PLAIN_WRITER = 2
_FEATURES_WRITER = 7
_FEATURES = frozenset(
    {
        "appendOnly",
        "invariants",
        "timestampNtz",
        "changeDataFeed",
        "v2Checkpoint",
        "v2Checkpoint-preview",
    }
)
_SETTINGS = frozenset(
    {
        "delta.checkpointInterval",
        "delta.checkpointPolicy",
        "delta.deletedFileRetentionDuration",
        "delta.enableChangeDataFeed",
        "delta.logRetentionDuration",
    }
)


def commit_delta(spark: SparkSession, attempt: Attempt, staged: Staged, mode: str) -> int:
    """Commit `staged`; the version of the table that holds it.

    Raises:
        StateMovedError: somebody has committed this manifest, or a later one.
        PublishError: a staged file is gone, or its columns are not the table's and `mode` keeps the table.
        TransientError: somebody else has committed to the table meanwhile.
    """
    handle = fenced(attempt)
    complete(attempt, staged)
    if handle and mode != "overwrite":
        same_columns(attempt, staged, handle)
    reach("commit.before")
    if _as_they_are(staged, handle):
        _commit_files(attempt, staged, mode, handle)
    else:
        _commit_copy(spark, attempt, staged, mode)
    reach("commit.after")
    return numbered(attempt)


def fenced(attempt: Attempt) -> DeltaTable | None:
    """A fresh handle on the table, which does not hold this manifest yet; None when there is no table.

    Raises:
        StateMovedError: somebody has committed this manifest, or a later one.
    """
    handle = DeltaTable(attempt.table) if DeltaTable.is_deltatable(str(attempt.table)) else None
    fence(attempt, (handle.transaction_version(app_id(attempt.job)) or 0) if handle else 0)
    if handle:  # whoever made the last commit may have died before it was on disk
        make_durable(attempt, handle)
    return handle


def numbered(attempt: Attempt) -> int:
    """The version of the table whose log says that it holds this manifest.

    Raises:
        PublishError: its log does not say so.
    """
    committed = DeltaTable(attempt.table)
    if committed.transaction_version(app_id(attempt.job)) != attempt.number:
        raise PublishError(
            attempt.job,
            f"the commit of manifest {attempt.number} left no trace in the log of {attempt.table}.",
            f"Look at the table's history, then `sparkjobs run {attempt.job}`.",
        )
    make_durable(attempt, committed)
    return int(committed.version())


def make_durable(attempt: Attempt, handle: DeltaTable) -> None:
    """Make the last commit durable, its files before its entry; neither deltalake nor Spark does."""
    log = attempt.table / "_delta_log"
    entry = log / f"{handle.version():020}.json"
    actions = map(json.loads, entry.read_text(encoding="utf-8").splitlines())
    added = (attempt.table / unquote(action["add"]["path"]) for action in actions if "add" in action)
    files = [path for path in added if path.exists()]
    folders = {folder for file in files for folder in file.parents if folder.is_relative_to(attempt.table)}
    for path in (*files, *sorted(folders, reverse=True), entry, log):
        sync(path)


def _as_they_are(staged: Staged, handle: DeltaTable | None) -> bool:
    """Whether the files themselves can be committed, without harm to any reader."""
    ascii_only = all(file.path.isascii() for file in staged.files)
    if handle is None:
        return ascii_only and '"timestamp_ntz"' not in staged.schema
    live = pa.table(handle.get_add_actions()).column("path").to_pylist()
    ascii_only = ascii_only and all(unquote(path).isascii() for path in live)
    protocol, metadata = handle.protocol(), handle.metadata()
    features = {*(protocol.writer_features or ()), *(protocol.reader_features or ())}
    known_protocol = protocol.min_writer_version <= _PLAIN_WRITER or (
        protocol.min_writer_version == _FEATURES_WRITER and features <= _FEATURES
    )
    same = json.loads(handle.schema().to_json()) == json.loads(staged.schema)
    partitioned_alike = tuple(metadata.partition_columns) == staged.partition_by
    return (
        ascii_only
        and known_protocol
        and same
        and partitioned_alike
        and set(metadata.configuration) <= _SETTINGS
    )


def same_columns(attempt: Attempt, staged: Staged, handle: DeltaTable) -> None:
    """Make sure that the staged rows have the columns and the partitions of the table.

    Raises:
        PublishError: they have not.
    """

    def kinds(schema: str) -> dict[str, object]:
        return {field["name"]: field["type"] for field in json.loads(schema)["fields"]}

    table, result = kinds(handle.schema().to_json()), kinds(staged.schema)
    partitions = tuple(handle.metadata().partition_columns)
    if table != result:
        different = sorted(name for name in {*table, *result} if table.get(name) != result.get(name))
        problem = f"its result does not have the table's columns; different: {', '.join(different[:5])}."
    elif partitions != staged.partition_by:
        problem = (
            f"its table is partitioned by {', '.join(partitions) or 'nothing'}, its conf says otherwise."
        )
    else:
        return
    raise PublishError(
        attempt.job, problem, f"`sparkjobs run {attempt.job} --full-refresh` replaces the table."
    )


def _commit_files(attempt: Attempt, staged: Staged, mode: str, handle: DeltaTable | None) -> None:
    actions: list[AddAction | RemoveAction] = [
        AddAction(
            f"{attempt.data.name}/{file.path}",
            file.size,
            dict(file.partition),
            file.modified_ms,
            True,
            file.stats,
        )
        for file in staged.files
    ]
    schema, by = Schema.from_json(staged.schema), list(staged.partition_by)
    properties = CommitProperties(
        # Only upon the version that was looked at: deltalake would let an OPTIMIZE pass that came
        # meanwhile, and the rows that it moved would stay beside those that replace them.
        max_commit_retries=0,
        app_transactions=[Transaction(app_id(attempt.job), attempt.number, int(time.time() * 1000))],
        custom_metadata={"userMetadata": note(attempt), "operationMetrics": _metrics(staged)},
    )
    if handle is None:
        adds = cast("list[AddAction]", actions)
        create_table_with_add_actions(
            str(attempt.table), schema, adds, "error", by, commit_properties=properties
        )
        return
    if mode == "overwrite_partitions":
        actions += _replaced(staged, handle)
    log_mode = "overwrite" if mode == "overwrite" else "append"
    try:
        handle.create_write_transaction(actions, log_mode, schema, by, commit_properties=properties)
    except CommitFailedError as error:
        if DeltaTable(attempt.table).version() == handle.version():
            raise
        told = "somebody else has committed to its table meanwhile"
        raise TransientError(attempt.job, "commit", told) from error


def _replaced(staged: Staged, handle: DeltaTable) -> Iterator[RemoveAction]:
    """The live files of every partition that is replaced."""
    partitions = {file.partition for file in staged.files} | staged.emptied
    now = int(time.time() * 1000)
    for live in pa.table(handle.get_add_actions()).select(["path", "size_bytes", "partition"]).to_pylist():
        values = {name: _text(value) for name, value in (live["partition"] or {}).items()}
        if tuple((name, values[name]) for name in staged.partition_by) in partitions:
            yield RemoveAction(unquote(live["path"]), True, now, live["size_bytes"], values)


def _among(staged: Staged) -> str:
    """A SQL condition on the partitions that are replaced."""
    kinds = {field.name: field.dataType.simpleString() for field in schema_of(staged)}
    replaced = {file.partition for file in staged.files} | staged.emptied
    return " OR ".join(
        "("
        + " AND ".join(f"{quoted(name)} <=> CAST({text(value)} AS {kinds[name]})" for name, value in one)
        + ")"
        for one in sorted(replaced, key=str)
    )


def _text(value: object) -> str | None:
    """A typed partition value as its folder spells it."""
    return None if value is None else str(value)


def _commit_copy(spark: SparkSession, attempt: Attempt, staged: Staged, mode: str) -> None:
    writer = (
        staged_rows(spark, staged)
        .write.format("delta")
        .partitionBy(*staged.partition_by)
        .option("txnAppId", app_id(attempt.job))
        .option("txnVersion", attempt.number)
        .option("userMetadata", note(attempt))
    )
    match mode:
        case "append":
            writer.mode("append").save(str(attempt.table))
        case "overwrite_partitions":
            if staged.emptied:  # dynamic overwrite would keep what no row is staged for
                writer = writer.option("replaceWhere", _among(staged))
            else:
                writer = writer.option("partitionOverwriteMode", "dynamic")
            writer.mode("overwrite").save(str(attempt.table))
        case _:
            writer.mode("overwrite").option("overwriteSchema", True).save(str(attempt.table))
    shutil.rmtree(staged.folder, ignore_errors=True)


def note(attempt: Attempt) -> str:
    """What a commit says of the attempt that makes it."""
    return json.dumps(
        {
            "job": attempt.job,
            "manifest": attempt.number,
            "attempt": attempt.name,
            "run_id": attempt.run_id,
        }
    )


def _metrics(staged: Staged) -> Mapping[str, str]:
    return {
        "numFiles": str(len(staged.files)),
        "numOutputRows": str(staged.rows),
        "numOutputBytes": str(staged.size),
    }
