"""Seeds: CSV files of the project become sources, with the types that they suggest or dbt declares."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sparkjobs.config.node import Node, Plain, members
from sparkjobs.dbt_projects.contracts import contract, type_of
from sparkjobs.dbt_projects.files import seed_of
from sparkjobs.dbt_projects.model import Remark, Remarks, Settings
from sparkjobs.dbt_projects.project import Project
from sparkjobs.dbt_projects.reading import said
from sparkjobs.dbt_projects.settings import name_of
from sparkjobs.scaffold.samples import csv_source

FOLDER: Final = "seeds"
_UNSAID: Final = frozenset(
    {"alias", "column_types", "delimiter", "docs", "enabled", "meta", "quote_columns", "schema"}
)


@dataclass(frozen=True, slots=True)
class Seed:
    """A CSV file of the project."""

    name: str
    theirs: str
    path: str
    below: str
    file: Path
    settings: Settings


def seeds_of(project: Project, files: Mapping[str, Path], told: Mapping[str, Node]) -> tuple[Seed, ...]:
    """The seeds that are not switched off."""
    found = []
    for path, file in files.items():
        around = next((one for one in project.folders["seed"] if path.startswith(f"{one}/")), None)
        if around is None or file.suffix != ".csv":
            continue
        below = path.removeprefix(f"{around}/")
        settings = {
            **project.of("seeds", Path(below).parts[:-1], file.stem),
            **said(told.get(file.stem), "config"),
        }
        if settings.get("enabled") is not False:
            found.append(Seed(name_of(file.stem), file.stem, path, below, file, settings))
    return tuple(found)


def source_of(seed: Seed, node: Node | None, remarks: Remarks) -> tuple[dict[str, Plain], str] | None:
    """What conf/sources.yml says of a seed, and the text of its file; None where it cannot be read."""
    try:
        text, given = seed_of(seed.file), csv_source((seed.file,))
    except (OSError, ValueError) as error:
        fix = f"Declare {seed.name} in conf/sources.yml by hand"
        remarks.append(Remark(f"{seed.path}:1", f"the seed cannot be read: {error}", fix))
        return None
    types = {name: _type(one) for name, one in members_of(given).items()}
    for column, kind in members_of(seed.settings, "column_types").items():
        named = type_of(str(kind))
        if column in types and named:
            types[column] = named
        else:
            told = (
                f"{seed.theirs}: `column_types` {column}: {kind} has no equal"
                if named is None
                else f"{seed.theirs} has no column {column!r}"
            )
            remarks.append(Remark(f"{seed.path}:1", told, "See its columns in conf/sources.yml"))
    for key in sorted(seed.settings.keys() - _UNSAID):
        remarks.append(
            Remark(f"{seed.path}:1", f"{seed.theirs}: `{key}` did not come along", "See docs/sources.md")
        )
    options = dict(members_of(given, "options"))
    if isinstance(delimiter := seed.settings.get("delimiter"), str) and delimiter != ",":
        options["delimiter"] = delimiter
    body: dict[str, Plain] = {"format": "csv", "path": f"${{seeds}}/{seed.below}"}
    if options:
        body["options"] = options
    description = members(node).get("description")
    if description is not None and isinstance(description.value, str) and description.value:
        body["description"] = description.value
    return {**body, **contract(seed.theirs, node, types, remarks)}, text


def members_of(value: Mapping[str, Plain], key: str = "columns") -> Mapping[str, Plain]:
    """The mapping that stands under `key`, or an empty one."""
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _type(declared: Plain) -> str:
    """The type alone: what else holds for the rows of today may be otherwise tomorrow."""
    return str(declared["type"]) if isinstance(declared, dict) else str(declared)
