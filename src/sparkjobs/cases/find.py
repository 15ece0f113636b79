"""The cases of a project: found, read, and compared with its conf and functions. No Spark."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sparkjobs.cases.table import Table, table_of
from sparkjobs.config import Conf, JobConf
from sparkjobs.config.cases import Case, CaseFile, Given, Rows
from sparkjobs.config.mistakes import guess, one_line, problems
from sparkjobs.config.node import MAX_BYTES, Mark, MistakeError, Node, find, parse, plain
from sparkjobs.errors import ConfigError
from sparkjobs.plan.graph import function_name
from sparkjobs.registry import JobFunction, Registry

PATTERN = "test_*.yml"


@dataclass(frozen=True, slots=True)
class Placed:
    """A case, of which job and from where."""

    job: str
    body: Case
    node: Node
    folder: Path
    root: Path

    def at(self, *location: str | int) -> Mark:
        """Where a part of it was written."""
        return find(self.node, location)

    def table(self, entry: Rows, *location: str | int) -> Table:
        """The rows of `entry`, which was written at `location`.

        Raises:
            MistakeError: its CSV file cannot be read.
        """
        node = self.node
        for part in location:
            match node.value, part:
                case Mapping() as members, str():
                    node = members[part]
                case tuple() as items, int():
                    node = items[part]
        return table_of(entry, node, self.folder, self.root)

    def inputs(self) -> Iterator[tuple[str, Table]]:
        """The rows of each input, in the order in which they arrive.

        Raises:
            MistakeError: a CSV file cannot be read.
        """
        for location, given in self.givens():
            for name, entry in given.items():
                yield name, self.table(entry, *location, name)

    def givens(self) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Given]]]:
        """What each call or run is given, and where that was written."""
        if self.body.given is not None:
            yield ("given",), self.body.given
        for number, run in enumerate(self.body.runs):
            yield ("runs", number, "given"), run.given


def files_of(root: Path) -> tuple[Path, ...]:
    """The files that may hold cases of the project in `root`."""
    return tuple(sorted((root / "tests").rglob(PATTERN)))


def cases_of(files: Iterable[Path], conf: Conf, registry: Registry) -> tuple[Placed, ...]:
    """The cases in `files`, those in which no `job:` stands left out.

    Raises:
        ConfigError: the mistakes of all of them.
    """
    mistakes: list[str] = []
    found = [one for file in files for one in _read(file, conf, mistakes)]
    if not mistakes:
        mistakes = [text for one in found for text in _misfits(one, conf, registry)]
    if mistakes:
        raise ConfigError(tuple(dict.fromkeys(map(one_line, mistakes))))
    return tuple(found)


def _read(file: Path, conf: Conf, mistakes: list[str]) -> Iterator[Placed]:
    shown = str(file.relative_to(conf.root))
    try:
        with file.open("rb") as stream:
            node = parse(shown, stream.read(MAX_BYTES + 1))
    except MistakeError as mistake:
        mistakes.append(str(mistake))
        return
    except OSError as error:
        mistakes.append(f"{shown}:1:1: cannot be read: {error.strerror}")
        return
    if not (isinstance(node.value, Mapping) and "job" in node.value):
        return
    if wrong := problems(CaseFile, node):
        mistakes += [f"{mark}: {text}" for mark, text in wrong]
        return
    read = CaseFile.model_validate(plain(node))
    if read.job not in conf.jobs:
        near = guess(read.job, conf.jobs, "there is")
        mistakes.append(f"{find(node, ('job',))}: there is no job {read.job!r}; {near}")
        return
    items = node.value["tests"].value
    assert isinstance(items, tuple), items  # noqa: S101 (the model has checked it)
    for case, item in zip(read.tests, items, strict=True):
        yield Placed(read.job, case, item, file.parent, conf.root)


def _misfits(one: Placed, conf: Conf, registry: Registry) -> Iterator[str]:
    """Every mistake in a case, with its place."""
    body = conf.jobs[one.job]
    yield from _unfit_params(one, registry.jobs[function_name(one.job, body)])
    checks = {text for check in body.checks for text in (check.kind, check.name) if text}
    for at, text in enumerate(one.body.without_checks):
        if text not in checks:
            near = guess(text, checks, "it has")
            yield f"{one.at('without_checks', at)}: {one.job} has no check {text!r}; {near}"
    for location, given in one.givens():
        yield from _doubled(one, body, given, location)
        for name, entry in given.items():
            yield from _unfit(one, conf, body, name, entry, (*location, name))
    location, given = next(one.givens())
    tables = {body.inputs[name].ref for name in given if one.body.runs and name in body.inputs}
    for name, read in body.inputs.items():
        needed = read.ref is not None if one.body.runs else not read.for_checks
        if needed and name not in given and read.ref not in tables - {None}:
            yield f"{one.at(*location)}: it lacks the input {name!r}; `{name}: []` gives it no row"


def _unfit_params(one: Placed, function: JobFunction) -> Iterator[str]:
    params = [param.name for param in function.params]
    for name in one.body.params:
        if function.sql:
            yield f"{one.at('params', name)}: {one.job} is SQL, whose params are put in when the conf is read"
        elif name not in params:
            near = guess(name, params, "it has")
            yield f"{one.at('params', name)}: {one.job} takes no param {name!r}; {near}"


def _doubled(
    one: Placed, body: JobConf, given: Mapping[str, Given], location: tuple[str | int, ...]
) -> Iterator[str]:
    """Inputs that read one and the same are given once in a run."""
    first: dict[object, str] = {}
    for name in (name for name in given if one.body.runs and name in body.inputs):
        other = first.setdefault((body.inputs[name].ref, body.inputs[name].source), name)
        if other != name:
            yield f"{one.at(*location, name)}: {name!r} reads what {other!r} reads; give one of them"


def _unfit(
    one: Placed, conf: Conf, body: JobConf, name: str, entry: Given, location: tuple[str | int, ...]
) -> Iterator[str]:
    if name not in body.inputs:
        yield f"{one.at(*location)}: {one.job} has no input {name!r}; {guess(name, body.inputs, 'it has')}"
        return
    try:
        table = one.table(entry, *location)
    except MistakeError as mistake:
        yield str(mistake)
        return
    source = body.inputs[name].source
    declared = conf.sources[source].columns if source else {}
    if not declared:
        return
    if table.columns:
        yield f"{one.at(*location, 'columns')}: the contract of {source} tells the types of {name!r}"
    seen: set[str] = set()
    for row, values in enumerate(table.rows):
        for column in (column for column in values if column not in declared and column not in seen):
            seen.add(column)
            near = guess(column, declared, "it has")
            yield f"{table.place(row, column)}: {source} has no column {column!r}; {near}"
