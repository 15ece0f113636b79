"""Rejected rows, read again from the quarantine: each record is parsed anew, as its source is read now.

Some damage is not in the record: bytes that were no text, a header line in the midst of its file, a row whose
key another one had. Such rows are damaged still.
"""

from collections.abc import Iterator
from typing import assert_never, cast

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StringType, StructType

from sparkjobs.config import CsvSource, Source
from sparkjobs.config.sources import DeltaSource, JsonSource, OrcSource, ParquetSource, TextSource
from sparkjobs.errors import InputError
from sparkjobs.plan import Batch, FileGroup, Replayed, SourceInput
from sparkjobs.plan.inputs import misfits
from sparkjobs.read.columnar import EXACT
from sparkjobs.read.csv import LINE, VALID, parsed_lines
from sparkjobs.read.incoming import Incoming, escaped, incoming_columns, listed, value_of
from sparkjobs.read.lines import parsed_objects, parsed_texts
from sparkjobs.sql import IN
from sparkjobs.union import together

_RECORD = (
    "file string, columns array<string>, reasons array<struct<rule string, column string>>, raw string,"
    " manifest int"
)
_OUTSIDE = ("not_utf8", "repeated_header")
_RULE = "_sparkjobs_rule"
_VALUES = "_sparkjobs_values"
_FILE, _RAW, _LAST = "_sparkjobs_file", "_sparkjobs_raw", "_sparkjobs_last"


def read_replayed(spark: SparkSession, planned: SourceInput, part: Replayed) -> Incoming:
    """The records of `part`, each with the columns of the file it came from.

    Raises:
        InputError: a record's columns are not those of its source any more.
    """
    records = _latest(together([_records(spark, one) for one in part.batches])).select(
        "columns",
        F.col("raw").alias("value"),
        F.struct(F.col("file").alias("file_path")).alias("_metadata"),
        _stays(planned.conf).alias(_RULE),
    )
    parsed = list(_parsed(planned, records.filter(F.col(_RULE).isNull())))
    nothing = [F.lit(None).cast(kind).alias(name) for name, kind in _kinds(planned, parsed)]
    damaged = records.filter(F.col(_RULE).isNotNull()).select(
        *incoming_columns(nothing, F.col("value"), F.col(_RULE), F.to_json("columns"))
    )
    return Incoming(together([*parsed, damaged]), 0)


def _kinds(planned: SourceInput, parsed: list[DataFrame]) -> list[tuple[str, DataType]]:
    """The types of the values: frames of other types could not be put together without changing some."""
    if not parsed:
        return [(name, StringType()) for name in planned.conf.columns]
    return [(field.name, field.dataType) for field in cast("StructType", parsed[0].schema[IN].dataType)]


def _records(spark: SparkSession, batch: Batch) -> DataFrame:
    files = [escaped(path) for path in sorted(batch.folder.glob("*.json.gz"))]
    records = spark.read.schema(_RECORD).json(files, mode="FAILFAST")
    return records.filter(~F.col("file").isin(list(batch.without))) if batch.without else records


def _latest(records: DataFrame) -> DataFrame:
    """Each record once for each time it stands in its file, though several runs have rejected it."""
    last = records.groupBy(F.col("file").alias(_FILE), F.col("raw").alias(_RAW)).agg(
        F.max("manifest").alias(_LAST)
    )
    same = (
        F.col("file").eqNullSafe(F.col(_FILE))
        & F.col("raw").eqNullSafe(F.col(_RAW))
        & F.col("manifest").eqNullSafe(F.col(_LAST))
    )
    return records.join(last, same, "left_semi")


def _stays(conf: Source) -> Column:
    """What was wrong with a record, where it cannot be seen in the record itself; else null."""
    again = f"unique ({', '.join(conf.unique.keys)})" if conf.unique else None

    def outside(reason: Column) -> Column:
        rule = reason.getField("rule")
        return reason.getField("column").isNull() & rule.isin(*_OUTSIDE, *([again] if again else []))

    return F.get(F.filter("reasons", outside), F.lit(0)).getField("rule")


def _parsed(planned: SourceInput, records: DataFrame) -> Iterator[DataFrame]:
    match planned.conf:
        case CsvSource() as conf:
            yield from _lines(planned, conf, records)
        case JsonSource() as conf:
            yield parsed_objects(records, conf)
        case TextSource():
            yield parsed_texts(records)
        case ParquetSource() | OrcSource() | DeltaSource() as conf:
            yield from _objects(planned, conf, records)
        case other:
            assert_never(other)


def _lines(planned: SourceInput, conf: CsvSource, records: DataFrame) -> Iterator[DataFrame]:
    lines = records.withColumnsRenamed({"value": LINE}).withColumn(VALID, F.lit(True))
    if not conf.options.header:
        yield parsed_lines(lines, FileGroup(tuple(conf.columns), "", ()), conf)
        return
    for columns in _columns(planned, records):
        same = lines.filter(F.col("columns") == F.array(*map(F.lit, columns)))
        _refuse_misfits(planned, columns)
        yield parsed_lines(same, FileGroup(columns, "", ()), conf)


def _objects(
    planned: SourceInput, conf: ParquetSource | OrcSource | DeltaSource, records: DataFrame
) -> Iterator[DataFrame]:
    """Typed rows, with the types of the files they came from."""
    groups = _columns(planned, records)
    if len(groups) > 1 and not conf.columns:
        raise _refusal(planned, "their files differ, and it declares no columns")
    for columns in groups:
        same = records.filter(F.col("columns") == F.array(*map(F.lit, columns)))
        read = F.from_json("value", ", ".join(columns), EXACT).alias(_VALUES)
        rows = same.select(read, "value", "_metadata")
        found = tuple(cast("StructType", rows.schema[_VALUES].dataType).fieldNames())
        _refuse_misfits(planned, found)
        values = {name: F.col(_VALUES).getField(name) for name in found}
        declared = tuple(conf.columns) or found
        told = [value_of(name, values.get(name), as_text=len(groups) > 1) for name in declared]
        yield rows.select(
            *incoming_columns(told, F.col("value"), F.lit(None).cast("string"), listed(columns))
        )


def _columns(planned: SourceInput, records: DataFrame) -> list[tuple[str, ...]]:
    """The different columns of the records' files."""
    found = [row[0] for row in records.select("columns").distinct().collect()]
    if None in found:
        raise _refusal(planned, "a record does not tell the columns of its file")
    return sorted(map(tuple, found))


def _refuse_misfits(planned: SourceInput, columns: tuple[str, ...]) -> None:
    if problem := next(misfits(planned.conf, columns), None):
        raise _refusal(planned, f"of the file of some of them, {problem}")


def _refusal(planned: SourceInput, why: str) -> InputError:
    fix = "`--full-refresh` reads its source again, under the contract as it is now."
    return InputError(planned.source, (f"rejected rows cannot be replayed: {why}",), fix)
