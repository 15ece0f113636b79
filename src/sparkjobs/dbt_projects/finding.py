"""What a dbt project has, and how each thing is called here. Nothing is decided of any one of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sparkjobs.dbt_projects import elsewhere, properties, seeds, snapshots, sources
from sparkjobs.dbt_projects.files import PROJECT, bytes_of, listed, texts
from sparkjobs.dbt_projects.model import Names, Remark, Remarks, Text
from sparkjobs.dbt_projects.project import Project, read
from sparkjobs.dbt_projects.settings import name_of
from sparkjobs.errors import UsageError


@dataclass(frozen=True, slots=True)
class Found:
    """The things in a project."""

    root: Path
    project: Project
    told: properties.Properties
    models: tuple[Text, ...]
    snapshots: tuple[Text, ...]
    tests: tuple[Text, ...]
    seeds: tuple[seeds.Seed, ...]
    tables: tuple[sources.Table, ...]
    names: Names


def found(root: Path, remarks: Remarks) -> Found:
    """What lies in `root`; what stays behind as a whole is told.

    Raises:
        UsageError: it is no dbt project, or more than is read.
    """
    files = listed(root, remarks)
    if PROJECT not in files:
        raise UsageError(
            f"{root} holds no {PROJECT}.", "Give the folder of a dbt project, or one properties file."
        )
    project = _project(files[PROJECT], remarks)
    every = tuple(dict.fromkeys(one for several in project.folders.values() for one in several))
    docs = properties.docs_of(texts(files, every, ".md", remarks))
    told = properties.read(files, every, docs, remarks)
    folders = project.folders
    macros = elsewhere.macros_of(texts(files, (*folders["macro"], *folders["test"]), ".sql", remarks))
    remarks += elsewhere.left_behind(project, files, macros)
    elsewhere.packages(files, remarks)
    models, histories = _apart(
        texts(files, folders["model"], ".sql", remarks),
        (
            *snapshots.texts_of(texts(files, folders["snapshot"], ".sql", remarks)),
            *snapshots.declared(told.snapshots),
        ),
        remarks,
    )
    grains = seeds.seeds_of(project, files, told.seeds)
    tables = sources.tables_of(told.sources, remarks)
    names = Names(
        {one.name: name_of(one.name) for one in (*models, *histories)},
        {one.theirs: one.name for one in grains},
        {one.theirs: one.name for one in tables},
        macros,
        {key: value for key, (value, _) in project.vars.items()},
    )
    tests = tuple(texts(files, folders["test"], ".sql", remarks))
    return Found(root, project, told, models, histories, tests, grains, tables, names)


def _project(file: Path, remarks: Remarks) -> Project:
    try:
        return read(bytes_of(file), remarks)
    except (OSError, ValueError) as error:
        raise UsageError(f"{PROJECT} cannot be read: {error}.", "Nothing was written.") from error


def _apart(
    models: Iterable[Text], histories: Iterable[Text], remarks: Remarks
) -> tuple[tuple[Text, ...], tuple[Text, ...]]:
    """Those whose names are theirs alone, here too."""
    taken: dict[str, Text] = {}
    kept: tuple[list[Text], list[Text]] = ([], [])
    for into, several in zip(kept, (models, histories), strict=True):
        for one in several:
            name = name_of(one.name)
            first = taken.setdefault(name.casefold(), one)
            if first is one:
                into.append(one)
            else:
                told = f"{one.name} would be called {name}, as what stands at {first.place}"
                remarks.append(Remark(one.place, told, "Rename one of them, and bring it by hand"))
    return tuple(kept[0]), tuple(kept[1])
