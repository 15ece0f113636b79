"""Given rows become files of a source: text from the values as they stand there, or typed."""

import csv
import io
import json
import shutil
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from sparkjobs.cases.frames import frame_of, schema_of
from sparkjobs.cases.table import Table
from sparkjobs.config import CsvSource, Source
from sparkjobs.config.sources import CsvOptions, DeltaSource, JsonSource, OrcSource, ParquetSource, TextSource

_APPEND = "append"


def land(spark: SparkSession, table: Table, alike: list[Table], source: Source, number: int) -> None:
    """Let `table` arrive at `source`, whose path has a `*` or names one file that is replaced.

    All that ever arrives there, `alike`, tells what types its columns have.

    Raises:
        MistakeError: a value is not one of its column's type.
    """
    path = Path(source.path.replace("*", f"{number:04}"))
    path.parent.mkdir(parents=True, exist_ok=True)
    match source:
        case CsvSource():
            names = tuple(source.columns)
            path.write_text(_csv(table, names, source.options), encoding=source.options.encoding)
        case JsonSource():
            lines = (json.dumps(row, ensure_ascii=False) for row in table.rows)
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        case TextSource():
            path.write_text("".join(f"{row.get('value') or ''}\n" for row in table.rows), encoding="utf-8")
        case ParquetSource() | OrcSource() | DeltaSource():
            declared = {name: one.type for name, one in source.columns.items()}
            frame = frame_of(spark, table, schema_of(alike, declared))
            _write(frame, source.format, path)


def text_of(value: object) -> str | None:
    """A value as a file of texts holds it; None for null."""
    match value:
        case None | str():
            return value
        case bool():
            return str(value).lower()
        case tuple() | dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _csv(table: Table, names: tuple[str, ...], options: CsvOptions) -> str:
    """CSV in the dialect of a source; null is an empty cell."""
    text = io.StringIO()
    doubled = options.escape == options.quote
    writer = csv.writer(
        text,
        delimiter=options.delimiter,
        quotechar=options.quote,
        doublequote=doubled,
        escapechar=None if doubled else options.escape,
        lineterminator="\n",
    )
    if options.header:
        writer.writerow(names)
    for row in table.rows:
        writer.writerow([text_of(row.get(name)) for name in names])
    return text.getvalue()


def _write(frame: DataFrame, file_format: str, path: Path) -> None:
    """One file of Spark's, or a further commit to a Delta table."""
    if file_format == "delta":
        frame.write.format("delta").mode(_APPEND).save(str(path))
        return
    folder = path.with_name(f"_{path.name}")
    frame.coalesce(1).write.format(file_format).mode("overwrite").save(str(folder))
    next(folder.glob("part-*")).replace(path)
    shutil.rmtree(folder)
