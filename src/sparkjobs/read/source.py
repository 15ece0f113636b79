"""Dispatch: the format of a source decides which module reads it."""

from pathlib import Path
from typing import assert_never

from pyspark.sql import SparkSession

from sparkjobs.config.sources import (
    CsvSource,
    DeltaSource,
    JsonSource,
    OrcSource,
    ParquetSource,
    TextSource,
)
from sparkjobs.plan import Replayed, SourceInput
from sparkjobs.read.columnar import read_columnar, read_delta
from sparkjobs.read.csv import read_csv
from sparkjobs.read.incoming import Incoming, Sound
from sparkjobs.read.lines import read_json, read_text
from sparkjobs.read.replayed import read_replayed


def read_source(spark: SparkSession, planned: SourceInput, root: Path) -> Incoming | Sound:
    """The rows of `planned`, none of them read yet.

    Raises:
        InputError: a file's columns are not the declared ones.
    """
    if isinstance(planned.part, Replayed):
        return read_replayed(spark, planned, planned.part)
    match planned.conf:
        case CsvSource() as conf:
            return read_csv(spark, planned, conf, root)
        case JsonSource() as conf:
            return read_json(spark, planned, conf, root)
        case TextSource() as conf:
            return read_text(spark, planned, conf, root)
        case ParquetSource() | OrcSource() as conf:
            return read_columnar(spark, planned, conf, root)
        case DeltaSource() as conf:
            return read_delta(spark, planned, conf)
        case other:
            assert_never(other)
