"""Which files a source has right now, each pinned by size and time. What comes later is not read."""

import gzip
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from glob import glob, has_magic
from itertools import takewhile
from operator import attrgetter
from pathlib import Path
from typing import IO, cast

from sparkjobs.config import CsvSource, Source
from sparkjobs.config.locations import real_paths
from sparkjobs.config.sources import CsvOptions
from sparkjobs.plan.model import File

_MARKERS = ("_SUCCESS", "_committed_", "_started_", "_metadata", "_common_metadata")
_STATE = ("_delta_log", "_sparkjobs")
_TEXT = ("csv", "json", "text")
_BYTES = {"utf-8": "utf-8", "iso-8859-1": "iso-8859-1", "utf-16": "utf-16-le"}
_MAGIC = {"parquet": b"PAR1", "orc": b"ORC"}
_FOREIGN = {
    b"PK\x03\x04": "a zip archive",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "gzip data in a file not named .gz",
}


def listed(path: str, root: Path) -> tuple[File, ...]:
    """The files at `path`: a file, a folder with all below it, or a glob. In the order of their names."""
    tops = glob(path, recursive=True) if has_magic(path) else [path] * os.path.exists(path)  # noqa: PTH110, PTH207 (globs are text)
    spelled = _spelled(path)
    below = (entry for top in tops for entry in _below(top))
    found = [_pinned(entry, root) for entry in below if not _is_marker(os.fspath(entry), spelled)]
    found.sort(key=attrgetter("path"), reverse=True)
    # A glob can match a folder beside what lies in it, and a link leads to what is listed already.
    once = dict(zip(real_paths(places(found, root)), found, strict=True))
    return tuple(reversed(once.values()))


def places(files: Iterable[File], root: Path) -> Iterator[str]:
    """Where `files` lie, as text: of very many a path each would take its time."""
    return (os.path.join(root, file.path) for file in files)  # noqa: PTH118


def strays(files: tuple[File, ...], root: Path, folders: Iterable[Path]) -> Iterator[File]:
    """Those of `files` that a link leads out of `folders`."""
    roots = tuple(f"{os.path.realpath(folder).rstrip('/')}/" for folder in folders)
    real = zip(files, real_paths(places(files, root)), strict=True)
    return (file for file, path in real if not path.startswith(roots))


def delta_table(files: Iterable[File], root: Path) -> Path | None:
    """The Delta table of which one of `files` is a part, if any is."""
    folders = {os.path.dirname(place) for place in places(files, root)}  # noqa: PTH120
    above = {table for folder in map(Path, folders) for table in (folder, *folder.parents)}
    return next((table for table in sorted(above) if (table / "_delta_log").is_dir()), None)


def damage(file: File, root: Path, conf: Source) -> str | None:
    """Why Spark would skip the file or read garbage from it; None when neither."""
    path = root / file.path
    if told := _misnamed(path, conf):
        return told
    try:
        with path.open("rb") as handle:
            head = handle.read(4)
            handle.seek(max(-4, -file.size), os.SEEK_END)
            tail = handle.read(4)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    magic = _MAGIC.get(conf.format)
    if magic and not (head.startswith(magic) and (conf.format != "parquet" or tail == magic)):
        return f"it is not a whole {conf.format} file"
    if conf.format in _TEXT:
        foreign = next((name for start, name in _FOREIGN.items() if head.startswith(start)), None)
        if foreign and not (foreign.startswith("gzip") and path.suffix == ".gz"):
            return f"it is {foreign}"
        encoding = conf.options.encoding if isinstance(conf, CsvSource) else "utf-8"
        if head[:2] in (b"\xff\xfe", b"\xfe\xff") and encoding != "utf-16":
            return f"it is UTF-16, its conf says {encoding}"
    if isinstance(conf, CsvSource) and conf.options.multi_line:
        try:
            return _untrusted(path, conf.options)
        except (OSError, EOFError, zlib.error) as error:
            return f"cannot be read: {error}"
    return None


def _misnamed(path: Path, conf: Source) -> str | None:
    if str(path) != str(path).encode("utf-8", "ignore").decode():
        return "its name is not UTF-8, Spark could not find it; rename it"
    if path.name.startswith(("_", ".")):
        return "its name starts with '_' or '.', such files are silently not read; rename it"
    folders = _open_part(str(path), _spelled(conf.path))[:-1]
    hidden = [name for name in folders if name.startswith(("_", ".")) and "=" not in name]
    return f"it lies in {hidden[0]}/, where unfinished and hidden files lie; move it" if hidden else None


def _untrusted(path: Path, options: CsvOptions) -> str | None:
    """What in a multi-line file Spark would read as something else, without a word.

    Of an odd number of quotes, everything up to the next one for one cell; of a NUL beside quotes, nothing.
    """
    codec = _BYTES[options.encoding]
    quote, escape, nul = (text.encode(codec) for text in (options.quote, options.escape, "\0"))
    escaped = re.compile(re.escape(escape) + b"(?:" + re.escape(escape) + b"|" + re.escape(quote) + b")")
    anywhere = re.compile(b"(?=" + re.escape(nul) + b")")
    count, rest, swallowed = 0, b"", False
    with opened(path) as handle:
        while block := handle.read(1 << 20):
            text = rest + block
            swallowed |= any(one.start() % len(nul) == 0 for one in anywhere.finditer(block))
            if escape != quote:
                text = escaped.sub(b"", text)
                # What it escapes may be the first of the next block.
                rest = escape if text.endswith(escape) else b""
                text = text.removesuffix(escape)
            count += text.count(quote)
    if count % 2:
        return "a quote in it is never closed, so that no row after it can be trusted"
    return (
        "beside quotes it holds a NUL, which Spark would swallow; take it out"
        if swallowed and count
        else None
    )


def opened(path: Path) -> IO[bytes]:
    """The bytes of the text in `path`, unpacked where it is gzip."""
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _below(top: str) -> Iterator[os.DirEntry[str] | Path]:
    """The files at or below `top`, but for the state of tables."""
    path = Path(top)
    if not path.is_dir():
        yield path
        return
    for entry in os.scandir(path):
        if entry.name in _STATE:
            continue
        if entry.is_dir():
            yield from _below(entry.path)
        else:
            yield entry


def _spelled(path: str) -> int:
    """How many names a source at `path` spells out."""
    return sum(1 for _ in takewhile(lambda name: not has_magic(name), path.split("/")))


def _open_part(file: str, spelled: int) -> list[str]:
    """The names in `file` that its source does not spell out."""
    return file.split("/")[spelled:]


def _is_marker(file: str, spelled: int) -> bool:
    return any(
        name in _STATE or name.endswith(".crc") or name.startswith(_MARKERS)
        for name in _open_part(file, spelled)
    )


def _pinned(file: os.DirEntry[str] | Path, root: Path) -> File:
    facts = file.stat()
    return File(os.fspath(file).removeprefix(f"{root}/"), facts.st_size, facts.st_mtime_ns)
