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
_USUAL_HEADER = 1 << 16
_BOM_AWARE = {"utf-8": "utf-8-sig"}


def header_of(path: Path, options: CsvOptions) -> tuple[str, tuple[str, ...]]:
    """The header line of `path` as it stands there, and the names in it.

    Raises:
        ValueError: it has none that can be read.
    """
    try:
        with opened(path) as handle:
            start = handle.read(_USUAL_HEADER)
            if not _holds_header(start, options):
                start += handle.read(MAX_HEADER - _USUAL_HEADER)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"cannot be read: {error}") from error
    if options.multi_line:
        return "", tuple(_first_record(_text(start, options), options))
    raw = next((line for line in start.removeprefix(codecs.BOM_UTF8).splitlines() if line.strip()), b"")
    try:
        line = raw.decode(options.encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f"its header line is not {options.encoding}") from error
    return line, _split(line, options)


def _holds_header(start: bytes, options: CsvOptions) -> bool:
    """Whether the header ends before `start` does."""
    if not options.multi_line:
        return len(start.strip().splitlines()) > 1
    text = _text(start, options)
    _first_record(text, options)
    return bool(text.read(1))


def _text(start: bytes, options: CsvOptions) -> io.StringIO:
    return io.StringIO(start.decode(_BOM_AWARE.get(options.encoding, options.encoding), "replace"))


def _first_record(text: io.StringIO, options: CsvOptions) -> list[str]:
    return next(filter(None, _reader(text, options)), [])


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
