"""A bounded look into the files of a source: their columns, and some of their values as text. No Spark."""

import csv
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Final

from sparkjobs.config.node import Plain
from sparkjobs.config.sources import CsvOptions
from sparkjobs.plan.files import opened
from sparkjobs.plan.headers import header_of
from sparkjobs.scaffold.columns import declared, with_checks

_FILES: Final = 10
_BYTES: Final = 1 << 20
_ROWS: Final = 10_000
"""What is looked at, of each file."""
_DELIMITERS: Final = ",;\t|"

Row = Mapping[str, str | None]

_TYPES: Final = {
    "binary": "binary",
    "bool": "boolean",
    "date32[day]": "date",
    "double": "double",
    "float": "float",
    "int8": "tinyint",
    "int16": "smallint",
    "int32": "int",
    "int64": "bigint",
    "large_string": "string",
    "string": "string",
    "timestamp[ms]": "timestamp_ntz",
    "timestamp[ms, tz=UTC]": "timestamp",
    "timestamp[us]": "timestamp_ntz",
    "timestamp[us, tz=UTC]": "timestamp",
    "uint8": "smallint",
    "uint16": "int",
    "uint32": "bigint",
}
"""Types of Parquet, as Arrow tells them, that conf has a word for."""


def csv_source(files: Iterable[Path]) -> dict[str, Plain]:
    """What conf could say of CSV files, but for their path.

    Raises:
        ValueError: one of them cannot be read.
    """
    some = list(islice(files, _FILES))
    line, _ = header_of(some[0], CsvOptions())
    delimiter = max(_DELIMITERS, key=line.count)
    options = CsvOptions(delimiter=delimiter)
    rows = [row for file in some for row in _records(file, options)]
    given: dict[str, Plain] = {} if delimiter == "," else {"delimiter": delimiter}
    if any("\n" in value for row in rows for value in row.values() if value):
        given["multi_line"] = True
    _, names = header_of(some[0], CsvOptions(delimiter=delimiter, multi_line="multi_line" in given))
    if len({name.casefold() for name in names}) < len(names):
        raise ValueError(f"{some[0].name} has two columns of one name")
    return {**({"options": given} if given else {}), "columns": _columns(names, rows)}


def json_source(files: Iterable[Path]) -> dict[str, Plain]:
    """The same of files of JSON lines."""
    rows = [row for file in islice(files, _FILES) for row in _objects(file)]
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    return {"columns": _columns(names, rows)}


def parquet_source(files: Iterable[Path]) -> dict[str, Plain]:
    """The same of Parquet files; without columns where conf has no word for one of their types."""
    import pyarrow.parquet as pq  # noqa: PLC0415 (takes a third of a second)

    some = list(islice(files, _FILES))
    try:
        schema = pq.read_schema(some[0])
        kinds = {field.name: _kind(str(field.type)) for field in schema}
        if None in kinds.values():
            return {}
        batches = [next(pq.ParquetFile(file).iter_batches(_ROWS), None) for file in some]
    except (OSError, ValueError) as error:
        raise ValueError(f"{some[0].name} cannot be read: {error}") from error
    found: dict[str, Plain] = {}
    for name, kind in kinds.items():
        values = [
            value
            for batch in batches
            if batch is not None and name in batch.schema.names
            for value in batch.column(name).to_pylist()
        ]
        found[name] = with_checks(str(kind), [None if one is None else str(one) for one in values])
    folders = [_partition(file) for file in some]
    return {"columns": {**found, **_columns(tuple(folders[0]), folders)}}


def _columns(names: tuple[str, ...], rows: list[dict[str, str | None]]) -> dict[str, Plain]:
    return {name: declared([row.get(name) for row in rows]) for name in names}


def _records(file: Path, options: CsvOptions) -> Iterator[dict[str, str | None]]:
    """Whole records of a CSV file, by its own header."""
    reader = csv.reader(io.StringIO(_text(file), newline=""), delimiter=options.delimiter)
    try:
        names = next(filter(None, reader), [])
        for record in islice(reader, _ROWS):
            if len(record) == len(names):
                yield {name: value or None for name, value in zip(names, record, strict=True)}
    except csv.Error as error:
        raise ValueError(f"{file.name} cannot be read: {error}") from error


def _objects(file: Path) -> Iterator[dict[str, str | None]]:
    """The objects in a file of JSON lines, their values as text."""
    for number, line in enumerate(islice(_text(file).split("\n"), _ROWS), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line, parse_int=str, parse_float=str).items()
        except (ValueError, AttributeError) as error:
            raise ValueError(f"line {number} of {file.name} is not one JSON object") from error
        yield {name: _told(value) for name, value in found}


def _told(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _text(file: Path) -> str:
    """The whole lines at the beginning of a file."""
    try:
        with opened(file) as handle:
            start = handle.read(_BYTES)
            if handle.read(1):
                start = start[: start.rfind(b"\n") + 1]
        return start.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{file.name} cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{file.name} is not UTF-8") from error


def _kind(arrow: str) -> str | None:
    if arrow.startswith("decimal128"):
        return arrow.replace("decimal128", "decimal").replace(" ", "")
    return _TYPES.get(arrow)


def _partition(file: Path) -> dict[str, str | None]:
    """The columns that the folders above a file tell."""
    return {name: value for name, given, value in (one.partition("=") for one in file.parts[:-1]) if given}
