"""CSV header lines: read at plan time, so that columns are bound by name, file by file."""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from sparkjobs.config.sources import CsvOptions
from sparkjobs.plan.files import opened

MAX_HEADER = 1_000_000


def header_of(path: Path, options: CsvOptions) -> tuple[str, tuple[str, ...]]:
    """The header line of `path` as it stands there, and the names in it.

    Raises:
        ValueError: it has none that can be read.
    """
    try:
        with opened(path) as handle:
            start = handle.read(MAX_HEADER)
        text = start.decode("utf-8-sig" if options.encoding == "utf-8" else options.encoding, "strict")
    except UnicodeDecodeError as error:
        if error.end < len(start) - 4:
            raise ValueError(f"it is not {options.encoding} (byte {error.start})") from error
        text = start[: error.start].decode(options.encoding)
    except (OSError, EOFError) as error:
        raise ValueError(f"cannot be read: {error}") from error
    if options.multi_line:
        record = next(filter(None, _reader(io.StringIO(text), options)), [])
        return "", tuple(record)
    line = next((one for one in text.splitlines() if one.strip()), "")
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
