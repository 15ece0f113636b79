"""Rejected rows, read again from the quarantine: each record is parsed anew, as its source is read now.

Some damage is not in the record: bytes that were no text, a header line in the midst of its file, a row whose
key another one had. Such rows are damaged still.
"""

from collections.abc import Iterator
from typing import assert_never

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from sparkjobs.config import CsvSource, Source
from sparkjobs.config.sources import DeltaSource, JsonSource, OrcSource, ParquetSource, TextSource
from sparkjobs.errors import InputError
from sparkjobs.plan import FileGroup, Replayed, SourceInput
from sparkjobs.read.csv import LINE, VALID, parsed_lines
from sparkjobs.read.incoming import Incoming, escaped, incoming_columns, together
from sparkjobs.read.lines import parsed_objects, parsed_texts
from sparkjobs.sql import quoted

_RECORD = "file string, columns array<string>, reasons array<struct<rule string>>, raw string"
_OUTSIDE = ("not_utf8", "repeated_header")
_AGAIN = "unique ("
_RULE = "_sparkjobs_rule"
_TEXTS = "_sparkjobs_texts"


def read_replayed(spark: SparkSession, planned: SourceInput, part: Replayed) -> Incoming:
    """The records of `part`, each with the columns of the file it came from.

    Raises:
        InputError: a record does not tell its columns, or their types.
    """
    files = [escaped(path) for _, folder in part.folders for path in sorted(folder.glob("*.json.gz"))]
    records = (
        spark.read.schema(_RECORD)
        .json(files, mode="FAILFAST")
        .select(
            "columns",
            F.col("raw").alias("value"),
            F.struct(F.col("file").alias("file_path")).alias("_metadata"),
            _stays(planned.conf).alias(_RULE),
        )
    )
    parsed = _parsed(planned, records.filter(F.col(_RULE).isNull()))
    nothing = [F.lit(None).cast("string").alias(name) for name in planned.conf.columns]
    damaged = records.filter(F.col(_RULE).isNotNull()).select(
        *incoming_columns(nothing, F.col("value"), F.col(_RULE))
    )
    return Incoming(together([*parsed, damaged]), 0)


def _stays(conf: Source) -> Column:
    """What was wrong with a record, where it cannot be seen in the record itself; else null."""

    def outside(reason: Column) -> Column:
        rule = reason.getField("rule")
        return rule.isin(*_OUTSIDE) | (rule.startswith(_AGAIN) if conf.unique else F.lit(False))

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
            yield _objects(planned, conf, records)
        case other:
            assert_never(other)


def _lines(planned: SourceInput, conf: CsvSource, records: DataFrame) -> Iterator[DataFrame]:
    lines = records.withColumnsRenamed({"value": LINE}).withColumn(VALID, F.lit(True))
    for (columns,) in records.select("columns").distinct().collect():
        if columns is None:
            raise _refusal(planned, "a record does not tell the columns of its file")
        same = lines.filter(F.col("columns") == F.array(*map(F.lit, columns)))
        yield parsed_lines(same, FileGroup(tuple(columns), "", ()), conf)


def _objects(
    planned: SourceInput, conf: ParquetSource | OrcSource | DeltaSource, records: DataFrame
) -> DataFrame:
    """The values of typed rows as texts, of which the contract makes values again."""
    if not conf.columns:
        raise _refusal(planned, "its columns are not declared")
    fields = ", ".join(f"{quoted(name)} string" for name in conf.columns)
    texts = records.withColumn(_TEXTS, F.from_json("value", fields))
    values = []
    for name, declared in conf.columns.items():
        text = F.col(_TEXTS).getField(name)
        value = F.unbase64(text) if declared.type == "binary" else text
        values.append(value.alias(name))
    return texts.select(*incoming_columns(values, F.col("value"), F.lit(None).cast("string")))


def _refusal(planned: SourceInput, why: str) -> InputError:
    fix = "`--full-refresh` reads its source again, under the contract as it is now."
    return InputError(planned.source, (f"rejected rows cannot be replayed: {why}",), fix)
