"""A dbt project becomes a project: everything is read and decided here, and nothing written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sparkjobs.config.node import Plain
from sparkjobs.dbt_projects import seeds, singular, snapshots, sources
from sparkjobs.dbt_projects.blocks import block
from sparkjobs.dbt_projects.finding import Found, found
from sparkjobs.dbt_projects.model import Remark, Remarks
from sparkjobs.dbt_projects.models import confs, model_of, properties_of
from sparkjobs.dbt_projects.project import Project, unreached
from sparkjobs.dbt_projects.rewriting import Read
from sparkjobs.suites.writing import Functions


@dataclass(frozen=True, slots=True)
class Part:
    """What became of the things of one kind."""

    kind: str
    had: int
    """How many of them dbt has."""
    files: Mapping[str, str]
    """By their paths in the new project."""
    taken: int
    reads: tuple[Read, ...] = ()
    sources: Mapping[str, dict[str, Plain]] | None = None
    """What conf/sources.yml says."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a dbt project."""

    root: Path
    project: Project
    parts: tuple[Part, ...]
    remarks: tuple[Remark, ...]


def taken_over(root: Path, functions: Functions) -> Taken:
    """What the dbt project in `root` is here; its checks are of `functions`.

    Raises:
        UsageError: it is none, or more than is read.
    """
    remarks: Remarks = []
    there = found(root, remarks)
    parts = (
        _seeds(there, remarks),
        _tables(there, remarks),
        _models(there, functions, remarks),
        _snapshots(there, remarks),
        _tests(there, remarks),
    )
    remarks += _unreached(there)
    told: dict[tuple[str, str], Remark] = {}
    for one in remarks:
        told.setdefault((one.place, one.what), one)
    return Taken(root, there.project, parts, tuple(told.values()))


def _seeds(there: Found, remarks: Remarks) -> Part:
    files: dict[str, str] = {}
    declared: dict[str, dict[str, Plain]] = {}
    for one in there.seeds:
        if made := seeds.source_of(one, there.told.seeds.get(one.theirs), remarks):
            declared[one.name], files[f"{seeds.FOLDER}/{one.below}"] = made
    return Part("seeds", len(there.seeds), files, len(declared), sources=declared)


def _tables(there: Found, remarks: Remarks) -> Part:
    declared = {
        one.name: made for one in there.tables if (made := sources.source_of(one, there.root, remarks))
    }
    return Part("sources", len(there.tables), {}, len(declared), sources=declared)


def _models(there: Found, functions: Functions, remarks: Remarks) -> Part:
    models = {
        one.name: one
        for file in there.models
        if (one := model_of(file, there.told.models.get(file.name), there.project, there.names, remarks))
    }
    conf, nodes = confs(models, there.names, functions, remarks)
    files = {f"jobs/{one.path}": one.text for one in models.values()}
    for file in there.told.files:
        if text := properties_of(file, nodes, there.names):
            path = _free(PurePosixPath("jobs", file.below).with_suffix(".yml"), files)
            files[path] = text
            if text != file.text:
                remarks.append(Remark(f"{file.path}:1", f"{path} is written anew, without its comments"))
    files |= {f"conf/jobs/{name}.yml": text for name, text in conf.items()}
    unknown = there.told.models.keys() - {one.name for one in there.models}
    for name in sorted(unknown):
        mark = there.told.models[name].mark
        told = f"{name} is told of, and there is no {name}.sql"
        remarks.append(Remark(f"{mark.file}:{mark.line}", told))
    return Part("models", len(there.models), files, len(models), tuple(one.read for one in models.values()))


def _snapshots(there: Found, remarks: Remarks) -> Part:
    made = [
        one
        for file in there.snapshots
        if (
            one := snapshots.snapshot_of(
                file, there.told.snapshots.get(file.name), there.project, there.names, remarks
            )
        )
    ]
    files = {f"jobs/{one.path}": one.text for one in made}
    files |= {f"conf/jobs/{one.name}.yml": block(dict(one.conf)) for one in made}
    return Part("snapshots", len(there.snapshots), files, len(made), tuple(one.read for one in made))


def _tests(there: Found, remarks: Remarks) -> Part:
    made: dict[str, singular.Test] = {}
    for file in there.tests:
        one = singular.test_of(file, there.names, remarks)
        if one is not None and made.setdefault(one.name.casefold(), one) is not one:
            told = f"another test is called {one.name} too"
            remarks.append(Remark(file.place, told, "Rename one of them, and bring it by hand"))
    return _of_tests(len(there.tests), tuple(made.values()))


def _of_tests(had: int, made: tuple[singular.Test, ...]) -> Part:
    files = {f"jobs/{one.path}": one.text for one in made}
    files |= {f"conf/jobs/{one.name}.yml": one.conf for one in made}
    return Part("singular tests", had, files, len(made), tuple(one.read for one in made))


def _unreached(there: Found) -> Iterator[Remark]:
    """What dbt_project.yml says of folders that hold nothing."""
    reached = {
        "models": [(*one.folders, one.name) for one in there.models],
        "snapshots": [(*one.folders, one.name) for one in there.snapshots],
        "seeds": [(*PurePosixPath(one.below).parts[:-1], one.theirs) for one in there.seeds],
    }
    for section, paths in reached.items():
        yield from unreached(there.project, section, frozenset(paths))


def _free(path: PurePosixPath, taken: Mapping[str, str]) -> str:
    """`path`, or one like it that is not taken."""
    while str(path) in taken:
        path = path.with_stem(f"{path.stem}_too")
    return str(path)
