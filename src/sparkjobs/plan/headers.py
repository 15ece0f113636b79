"""CSV header lines: read at plan time, so that columns are bound by name, file by file."""

import codecs
import csv
import io
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from sparkjobs.config.sources import CsvOptions
from sparkjobs.plan.files import opened

MAX_HEADER = 1_000_000
_BOM_AWARE = {"utf-8": "utf-8-sig"}


def header_of(path: Path, options: CsvOptions) -> tuple[str, tuple[str, ...]]:
    """The header line of `path` as it stands there, and the names in it.

    Raises:
        ValueError: it has none that can be read.
    """
    try:
        with opened(path) as handle:
            start = handle.read(MAX_HEADER)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"cannot be read: {error}") from error
    if options.multi_line:
        text = start.decode(_BOM_AWARE.get(options.encoding, options.encoding), "replace")
        return "", tuple(next(filter(None, _reader(io.StringIO(text), options)), []))
    raw = next((line for line in start.removeprefix(codecs.BOM_UTF8).splitlines() if line.strip()), b"")
    try:
        line = raw.decode(options.encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f"its header line is not {options.encoding}") from error
    return line, _split(line, options)


def _split(line: str, options: CsvOptions) -> tuple[str, ...]:
    if len(options.delimiter) > 1:
        return tuple(name.strip(options.quote) for name in line.split(options.delimiter))
    return tuple(next(_reader([line], options), []))


def _reader(lines: Iterable[str], options: CsvOptions) -> Iterator[list[str]]:
    doubled = options.escape == options.quote
    return csv.reader(
        lines,
        delimiter=options.delimiter,
        quotechar=options.quote,
        doublequote=doubled,
        escapechar=None if doubled else options.escape,
    )
