"""Compaction: the small files of a table are put together into larger ones; its rows stay as they are.

Delta has OPTIMIZE for that. Of a Parquet table Spark reads the small files of all partitions and writes
them anew, and one journal swaps them. Either way the number in force is the same as before.
"""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from delta.tables import DeltaTable as JvmDelta
from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from sparkjobs import jvm
from sparkjobs.config import Output
from sparkjobs.config.output import bytes_of
from sparkjobs.errors import PublishError
from sparkjobs.faults import reach
from sparkjobs.publish.attempt import Attempt
from sparkjobs.publish.delta import make_durable
from sparkjobs.publish.stage import Layout, collected, write
from sparkjobs.results import Compacted, Extent, Staged
from sparkjobs.session import with_settings
from sparkjobs.sql import column
from sparkjobs.state import committed_schema, last_commit
from sparkjobs.state.journal import Move, interrupted, publish
from sparkjobs.state.log import compacted_within
from sparkjobs.state.table import data_files
from sparkjobs.stop import held_back
from sparkjobs.union import together

Files = Mapping[str, Mapping[str, int]]
"""The data files of each partition of a table, relative to it, with their bytes."""

_DEFAULT_SIZE: Final = "128MB"
_BIN: Final = "_sparkjobs_bin"
"""Names the folders of the files that are written: those of one partition that become one are one bin."""
_SETTINGS: Final = "spark.databricks.delta.optimize"


def due(attempt: Attempt, after: int) -> bool:
    """Whether the attempt's commit is the last of `after` or more since the table was compacted."""
    if attempt.format == "delta":
        return not compacted_within(attempt.table, after)
    compacted = last_commit(attempt.table).get("compacted") or "0"
    return attempt.number - int(compacted.partition("-")[0]) >= after


def files_of(table: Path, table_format: str) -> Files:
    """What `table` lies in, by its log or its folders."""
    found: dict[str, dict[str, int]] = {}
    if table_format == "delta":
        for add in pa.table(DeltaTable(table).get_add_actions()).to_pylist():
            found.setdefault(str(add.get("partition")), {})[add["path"]] = add["size_bytes"]
    else:
        for path in data_files(table):
            relative = path.relative_to(table)
            found.setdefault(str(relative.parent), {})[str(relative)] = path.stat().st_size
    return found


def small(files: Files, output: Output) -> Files:
    """Those that are worth a compaction: several in one partition, each below half of what is wanted."""
    limit = _wanted(output) // 2
    found = {place: {path: size for path, size in of.items() if size < limit} for place, of in files.items()}
    return {place: of for place, of in found.items() if len(of) > 1}


def extent(files: Files) -> Extent:
    """How many files there are, and their bytes."""
    sizes = [size for of in files.values() for size in of.values()]
    return Extent(len(sizes), sum(sizes))


def compact(spark: SparkSession, attempt: Attempt, output: Output) -> Compacted | None:
    """Put the small files of the attempt's table together; None where there is nothing to do.

    Only under the table's lock, and with nothing staged.

    Raises:
        PublishError: what was written does not have the rows that were read; the table is as it was.
    """
    before = files_of(attempt.table, attempt.format)
    todo = small(before, output)
    if not todo:
        return None
    reach("optimize.before")
    rewrite = _optimize if attempt.format == "delta" else _rewrite
    version = rewrite(spark, attempt, output, todo)
    return Compacted(version, extent(before), extent(files_of(attempt.table, attempt.format)))


def _wanted(output: Output) -> int:
    return bytes_of(output.target_file_size or _DEFAULT_SIZE)


def _optimize(spark: SparkSession, attempt: Attempt, output: Output, _: Files) -> int:
    wanted = _wanted(output)
    # so it takes the files that `small` takes, and makes files of the size that is wanted
    with with_settings(spark, {f"{_SETTINGS}.minFileSize": wanted // 2, f"{_SETTINGS}.maxFileSize": wanted}):
        JvmDelta.forPath(spark, str(attempt.table)).optimize().executeCompaction()
    reach("optimize.after")
    handle = DeltaTable(attempt.table)
    make_durable(attempt, handle)
    return int(handle.version())


def _rewrite(spark: SparkSession, attempt: Attempt, output: Output, todo: Files) -> int:
    last = last_commit(attempt.table)
    bins = [_bins(of, _wanted(output)) for of in todo.values()]
    # the first bins of all partitions are read together, then the second ones
    rounds = [[path for one in turn for path in one] for turn in zip_longest(*bins, fillvalue=())]
    keys = (_BIN, *last["partition_by"])
    rows = together(list(_read(spark, attempt, rounds)))
    try:
        # by these columns and without a number: Spark puts small bins into one task, and splits none
        layout = Layout(keys, output.sort_by)
        write(spark, rows.repartition(*map(column, keys)), layout, attempt.scratch / "compacted")
        staged = collected(attempt.scratch / "compacted", last["schema"], keys)
        old = [path for one in rounds for path in one]
        _refuse_other_rows(attempt, old, staged)
        reach("optimize.staged")
        with held_back():
            publish(attempt.table, _moves(attempt, old, staged), {**last, "compacted": attempt.name})
    finally:
        if not interrupted(attempt.table):  # or its journal still needs what is staged
            shutil.rmtree(attempt.scratch, ignore_errors=True)
    reach("optimize.after")
    return attempt.number


def _bins(files: Mapping[str, int], wanted: int) -> list[tuple[str, ...]]:
    """Files of one partition that become one: the smallest first, as many as make no more than is wanted."""
    bins: list[tuple[str, ...]] = []
    room = -1  # not even for a file without a byte
    for path, size in sorted(files.items(), key=lambda one: (one[1], one[0])):
        if size > room:
            bins.append(())
            room = wanted
        bins[-1] += (path,)
        room -= size
    return [one for one in bins if len(one) > 1]


def _read(spark: SparkSession, attempt: Attempt, rounds: Iterable[Iterable[str]]) -> Iterator[DataFrame]:
    schema = StructType.fromJson(committed_schema(attempt.table))
    for place, files in enumerate(rounds):
        reader = spark.read.format("parquet").schema(schema).option("basePath", str(attempt.table))
        paths = (str(attempt.table / path) for path in files)
        yield jvm.loaded(spark, reader, paths).select("*", F.lit(place).alias(_BIN))


def _refuse_other_rows(attempt: Attempt, old: Iterable[str], staged: Staged) -> None:
    """Compare by footers how many rows each partition had and would have."""
    before, after = Counter[str](), Counter[str]()
    for path in old:
        before[str(Path(path).parent)] += pq.read_metadata(attempt.table / path).num_rows
    for file in staged.files:
        after[str(_place(file.path).parent)] += file.rows
    if +before != +after:
        different = min(place for place in before | after if before[place] != after[place])
        raise PublishError(
            attempt.job,
            f"its files in {different} hold {before[different]:,} rows, put together {after[different]:,}.",
            f"Look at them; `sparkjobs optimize {attempt.job}` tries again.",
        )


def _moves(attempt: Attempt, old: Iterable[str], staged: Staged) -> list[Move]:
    """The small files go and the large ones come, partition by partition."""
    source = staged.folder.relative_to(attempt.table)
    leave = [Move(path, None) for path in old]
    come = [Move(str(_place(file.path)), str(source / file.path)) for file in staged.files]
    return sorted([*leave, *come], key=lambda move: (str(Path(move.target).parent), move.staged is not None))


def _place(written: str) -> Path:
    """Where in the table a file belongs that was written into a bin; files of two bins can share a name."""
    path = Path(written)
    number = path.parts[0].partition("=")[2]
    return Path(*path.parts[1:-1], f"{path.stem}-{number}{path.suffix}")
