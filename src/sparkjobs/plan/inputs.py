"""A job's inputs, pinned: explicit file lists, headers, Delta versions."""

from collections.abc import Iterator
from pathlib import Path

from sparkjobs.config import CsvSource, Source
from sparkjobs.config.sources import DeltaSource
from sparkjobs.errors import InputError
from sparkjobs.plan.files import damage, delta_table, listed, strays
from sparkjobs.plan.headers import header_of
from sparkjobs.plan.model import File, FileGroup, SourceInput

_FIX = "Mend the files, or say on_empty, on_missing_columns, on_extra_columns in conf/sources.yml."


def pin(
    name: str, source: str, conf: Source, root: Path, *, cached: bool, folders: tuple[Path, ...] = ()
) -> SourceInput:
    """What the input `name` reads, as it lies there now. No link may lead out of `folders`, or else `root`.

    Raises:
        InputError: something is there that the conf does not allow for.
    """
    if isinstance(conf, DeltaSource):
        version, identity = _delta(source, conf)
        return SourceInput(name, source, conf, (), version, cached, identity)
    try:
        files = listed(conf.path, root)
    except OSError as error:
        raise _refusal(source, f"{error.filename} cannot be read: {error.strerror}") from error
    problems: list[str] = []
    if not files and conf.on_empty == "fail":
        problems.append(f"no file at {conf.path}")
    whole = tuple(file for file in files if file.size)
    if conf.on_empty == "fail":
        problems += [f"{file.path}: it has no bytes" for file in files if not file.size]
    problems += [
        f"{file.path}: a link leads it outside every folder of `paths:`"
        for file in strays(files, root, folders or (root,))
    ]
    problems += [f"{file.path}: {problem}" for file in whole if (problem := damage(file, root, conf))]
    if conf.format in ("parquet", "orc") and (table := delta_table(whole, root)):
        problems.append(f"{table}: it is a Delta table; say `format: delta`")
    groups: tuple[FileGroup, ...] = (FileGroup((), "", whole),) if whole else ()
    if isinstance(conf, CsvSource) and not problems:
        groups = tuple(_header_groups(conf, whole, root, problems))
    if problems:
        raise _refusal(source, *problems)
    return SourceInput(name, source, conf, groups, None, cached)


def _refusal(source: str, *problems: str) -> InputError:
    """Of a file name that is no text, what is not shows as escapes."""
    return InputError(
        source, tuple(text.encode("utf-8", "backslashreplace").decode() for text in problems), _FIX
    )


def _header_groups(
    conf: CsvSource, files: tuple[File, ...], root: Path, problems: list[str]
) -> Iterator[FileGroup]:
    groups: dict[tuple[str, tuple[str, ...]], list[File]] = {}
    for file in files:
        header, columns = "", tuple(conf.columns)
        if conf.options.header:
            try:
                header, columns = header_of(root / file.path, conf.options)
            except ValueError as error:
                problems.append(f"{file.path}: {error}")
                continue
        problems += [f"{file.path}: {problem}" for problem in misfits(conf, columns)]
        groups.setdefault((header, columns), []).append(file)
    for (header, columns), members in groups.items():
        yield FileGroup(columns, header, tuple(members))


def misfits(conf: Source, found: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with a file's columns, by name; empty when they fit the declared ones."""
    folded = [name.casefold() for name in found]
    twice = sorted({name for name in found if folded.count(name.casefold()) > 1})
    missing = [name for name in conf.columns if name not in found]
    extra = [name for name in found if name not in conf.columns]
    if twice:
        yield f"the column {twice[0]!r} stands twice in its header"
    if missing and conf.on_missing_columns == "fail":
        has = ", ".join(map(repr, found[:30]))
        yield f"it lacks the column {', '.join(map(repr, missing[:5]))}; it has {has}"
    if extra and conf.columns and conf.on_extra_columns == "fail":
        yield f"it has the undeclared column {', '.join(map(repr, extra[:5]))}"


def _delta(source: str, conf: DeltaSource) -> tuple[int, str]:
    """The newest version of a Delta table, and its identity."""
    from deltalake import DeltaTable  # noqa: PLC0415 (a project without Delta does not pay for it)
    from deltalake.exceptions import TableNotFoundError  # noqa: PLC0415

    try:
        table = DeltaTable(conf.path)
    except TableNotFoundError as error:
        raise InputError(
            source,
            (f"there is no Delta table at {conf.path}",),
            "Mend `path:` in conf/sources.yml.",
        ) from error
    return table.version(), str(table.metadata().id)
