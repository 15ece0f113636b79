"""Sources: tables of dbt's database, which are files here where the project says which."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sparkjobs.config.locations import fixed_part, located
from sparkjobs.config.node import Node, Plain, members, plain
from sparkjobs.dbt_projects.contracts import contract, is_tested, type_of
from sparkjobs.dbt_projects.model import Remark, Remarks
from sparkjobs.dbt_projects.reading import entries, place
from sparkjobs.dbt_projects.seeds import members_of
from sparkjobs.dbt_projects.settings import name_of
from sparkjobs.scaffold.samples import csv_source, json_source, parquet_source

ROOT: Final = "dbt"
"""What `paths:` calls the folder of the dbt project."""
_FORMATS: Final = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".orc": "orc",
    ".parquet": "parquet",
    ".txt": "text",
}
_READERS: Final = {"csv": csv_source, "json": json_source, "parquet": parquet_source}
_UNTYPED: Final = ("delta", "orc", "parquet", "text")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a source of dbt's."""

    name: str
    theirs: tuple[str, str]
    node: Node
    source: Node

    @property
    def told(self) -> str:
        """How models call it."""
        return f"source({self.theirs[0]!r}, {self.theirs[1]!r})"


def tables_of(sources: tuple[tuple[str, Node], ...], remarks: Remarks) -> tuple[Table, ...]:
    """The tables of `sources`; of two that would be called alike here the second is told."""
    found: dict[str, Table] = {}
    for source, node in sources:
        for table, entry in entries(node, "tables"):
            new = Table(name_of(f"{source}_{table}"), (source, table), entry, node)
            if found.setdefault(new.name, new) is not new:
                told = f"{new.told} would be called {new.name}, as {found[new.name].told}"
                remarks.append(Remark(place(entry), told, "Rename one of them"))
        if members(node).get("freshness") or members(node).get("loaded_at_field"):
            remarks.append(_of_freshness(source, node))
    with_age = (one for one in found.values() if members(one.node).get("freshness"))
    remarks += (_of_freshness(one.told, one.node) for one in with_age)
    return tuple(found.values())


def _of_freshness(what: str, node: Node) -> Remark:
    fix = "Say `freshness: {max_age: …}` in conf/jobs, of the job that reads it"
    return Remark(place(node), f"{what}: `freshness` did not come along", fix)


def source_of(table: Table, root: Path, remarks: Remarks) -> dict[str, Plain] | None:
    """What conf/sources.yml says of a table, its path seen from `root`; None where nobody knows its files."""
    given = _external(table)
    location = given.get("location")
    if not isinstance(location, str):
        told = f"{table.told} is a table of a database; here a source is files, or a Delta table"
        remarks.append(
            Remark(place(table.node), told, f"Give {table.name} a format and a path in conf/sources.yml")
        )
        return None
    try:
        path = located(location, root)
    except ValueError as error:
        remarks.append(
            Remark(
                place(table.node), f"{table.told}: {error}", f"Give {table.name} a path in conf/sources.yml"
            )
        )
        return None
    form = _format(given, path)
    if not Path(path).is_relative_to(root) or form is None:
        told = f"{location!r} lies outside the project" if form else f"{location!r} does not tell its format"
        fix = (
            f"Give {table.name} a format and a path in conf/sources.yml, and its folder a name under `paths:`"
        )
        remarks.append(Remark(place(table.node), f"{table.told}: {told}", fix))
        return None
    below = Path(path).relative_to(root).as_posix()
    body: dict[str, Plain] = {"format": form, "path": f"${{{ROOT}}}/{below}"}
    types = _types(table, form, path)
    if form not in _UNTYPED and not types:
        told = f"{table.told}: its columns have no `data_type`, and there are no files that show them"
        remarks.append(Remark(place(table.node), told, f"Give {table.name} its columns in conf/sources.yml"))
        return None
    if types is None and is_tested(table.node):
        told = f"{table.told}: its tests did not come along, for the types of its columns are not known"
        remarks.append(
            Remark(place(table.node), told, f"Declare the columns of {table.name} in conf/sources.yml")
        )
    return {**body, **(contract(table.name, table.node, types, remarks) if types else {})}


def _external(table: Table) -> Mapping[str, Plain]:
    """Where the files of a table lie, as dbt-duckdb and dbt_external_tables say it."""
    for node in (table.node, table.source):
        for around in (_mapping(node, "config"), {key: plain(one) for key, one in members(node).items()}):
            match around.get("meta"):
                case {"external_location": str() as location}:
                    return {"location": _filled(location, table), **_mapping(table.node, "external")}
    return _mapping(table.node, "external")


def _filled(location: str, table: Table) -> str:
    """A location with the names of its table in it."""
    source, name = table.theirs
    return location.replace("{name}", name).replace("{identifier}", name).replace("{source}", source)


def _mapping(node: Node, key: str) -> dict[str, Plain]:
    return {name: plain(one) for name, one in members(node, key).items()}


def _format(given: Mapping[str, Plain], path: str) -> str | None:
    said = str(given.get("using") or given.get("file_format") or "").lower()
    if said in (*_UNTYPED, *_READERS):
        return said
    if os.path.isdir(os.path.join(path, "_delta_log")):  # noqa: PTH112, PTH118 (a text, as conf has it)
        return "delta"
    return _FORMATS.get(Path(path.removesuffix(".gz")).suffix)


def _types(table: Table, form: str, path: str) -> Mapping[str, str] | None:
    """The columns with their types, as the project declares them all, or as files show them; or None."""
    declared = {name: members(one).get("data_type") for name, one in entries(table.node, "columns")}
    named = {name: type_of(str(one.value)) for name, one in declared.items() if one is not None}
    known = {name: kind for name, kind in named.items() if kind}
    if known and len(known) == len(declared):
        return known
    if form not in _READERS or (form == "parquet" and not is_tested(table.node)):
        return None
    files = tuple(_files(path))
    try:
        shown = members_of(_READERS[form](files)) if files else {}
    except ValueError:
        return None
    types = {name: str(one["type"]) if isinstance(one, dict) else str(one) for name, one in shown.items()}
    return {**types, **{name: kind for name, kind in known.items() if name in types}} or None


def _files(path: str) -> Iterator[Path]:
    """Some files at `path`, a file, a folder or a glob."""
    fixed = fixed_part(path)
    if str(fixed) != path:
        yield from sorted(one for one in fixed.glob(str(Path(path).relative_to(fixed))) if one.is_file())
    elif fixed.is_dir():
        yield from sorted(one for one in fixed.rglob("*.*") if one.is_file() and one.suffix in _FORMATS)
    elif fixed.is_file():
        yield fixed
