"""A source: its block in conf/sources.yml, as its files suggest."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, cast

from sparkjobs.config import Conf
from sparkjobs.config.inline import inline
from sparkjobs.config.locations import fixed_part, located, within
from sparkjobs.config.mistakes import problems
from sparkjobs.config.models import Everything
from sparkjobs.config.node import MistakeError, Node, Plain, merged, nested, parse, plain
from sparkjobs.errors import UsageError
from sparkjobs.plan.files import delta_table, listed
from sparkjobs.scaffold.files import refuse_no_name, refuse_outside, schema_line
from sparkjobs.scaffold.samples import csv_source, json_source, parquet_source

SOURCES: Final = "conf/sources.yml"
_READERS: Final[dict[str, tuple[str, Callable[[Iterable[Path]], dict[str, Plain]]]]] = {
    ".csv": ("csv", csv_source),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), ("json", json_source)),
    ".parquet": ("parquet", parquet_source),
}


def new_source(conf: Conf, name: str, path: str) -> str:
    """Append the source `name` to conf/sources.yml, with columns and checks as its files suggest.

    `path` is a file, a folder or a glob, as conf would say it.

    Returns:
        What was appended.

    Raises:
        UsageError: the name is taken, or no files can be read there; then nothing is written.
    """
    refuse_no_name("The source", name)
    if name in conf.sources:
        raise UsageError(f"There is a source {name!r}, at {conf.at('sources', name)}.", "Take another name.")
    refuse_outside(conf.root, SOURCES)
    whole = _whole(conf, path)
    try:
        form, found = _read(whole, conf.root)
    except ValueError as error:
        raise UsageError(f"{path}: {error}.", "Nothing was written.") from error
    body: dict[str, Plain] = {"format": form, "path": _as_conf_says(conf, whole), **found}
    file = conf.root / SOURCES
    before = file.read_bytes() if file.is_file() else b""
    lines = "".join(f"{line}\n" for line in _lines(name, body))
    above = ("\n" if before.endswith(b"\n") else "\n\n") if before else schema_line(conf.root, "sources")
    added = (above + lines).encode()
    _refuse_unread(conf, before, added, name, body)
    with file.open("ab") as stream:
        stream.write(added)
    return lines


def _whole(conf: Conf, path: str) -> str:
    """`path`, absolute and inside the folders of `paths:`."""
    if "${" in path:
        raise UsageError(f"{path!r} holds a reference.", "Name the files as they lie in the project.")
    try:
        whole = located(path, conf.root)
    except ValueError as error:
        raise UsageError(f"{error}.", "Name files in the project.") from error
    if not any(within(fixed_part(whole), folder) for folder in conf.folders):
        raise UsageError(f"{path!r} leads outside every folder of `paths:`.", "Declare its folder there.")
    return whole


def _read(path: str, root: Path) -> tuple[str, dict[str, Plain]]:
    """The format of the files at `path`, and what they suggest."""
    pinned = listed(path, root)
    if not pinned:
        raise ValueError("there is no such file")
    if delta_table(pinned, root):
        raise ValueError("it is a Delta table, which needs no columns: `format: delta` and its path will do")
    files = [root / one.path for one in pinned if one.size]
    if not files:
        raise ValueError("there is nothing in it")
    suffix = Path(files[0].name.removesuffix(".gz")).suffix
    if suffix not in _READERS:
        raise ValueError(f"{files[0].name} is none of {', '.join(_READERS)}")
    form, read = _READERS[suffix]
    return form, read(files)


def _as_conf_says(conf: Conf, path: str) -> str:
    """`path` from the nearest folder of `paths:`."""
    folders = {name: conf.path(name, "") for name in conf.project.paths}
    around = [name for name, folder in folders.items() if Path(path).is_relative_to(folder)]
    if not around:
        return str(Path(path).relative_to(conf.root)) if Path(path).is_relative_to(conf.root) else path
    nearest = max(around, key=lambda name: len(folders[name].parts))
    return f"${{{nearest}}}/{Path(path).relative_to(folders[nearest])}".removesuffix("/.")


def _lines(name: str, body: dict[str, Plain]) -> Iterator[str]:
    yield f"{name}:"
    for key, value in body.items():
        match value:
            case dict() if key == "columns":
                yield "  columns:"
                yield from (f"    {inline(column)}: {inline(one)}" for column, one in value.items())
            case _:
                yield f"  {key}: {inline(value)}"


def _refuse_unread(conf: Conf, before: bytes, added: bytes, name: str, body: dict[str, Plain]) -> None:
    """Refuse to write what would not be read as it is meant, or would change what is there."""
    try:
        old = plain(parse(SOURCES, before))
        node = parse(SOURCES, before + added)
    except MistakeError as error:
        raise UsageError(f"Nothing can be appended to {SOURCES}: {error}", "Nothing was written.") from error
    if not isinstance(old, dict) or plain(node) != {**old, name: body}:
        raise UsageError(
            f"A block at the end of {SOURCES} would not stand by itself.", "Nothing was written."
        )
    leaf = cast("Mapping[str, Node]", node.value)[name]
    if unfit := problems(Everything, merged(conf.tree, nested(("sources", name), leaf))):
        raise UsageError(f"{unfit[0][0]}: {unfit[0][1]}", "Nothing was written.")
