"""SQL models become jobs of the conf: their inputs are the tables that they name."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sparkjobs.config.mistakes import guess
from sparkjobs.config.node import MAX_BYTES, Mark, Node, members, merged, nested, plain
from sparkjobs.models import Argument, FlawError, Looked, Model, Place, as_written, sql_files

_SECRET = "${secret:"  # noqa: S105 (what a reference to one looks like)


@dataclass(frozen=True, slots=True)
class SqlFile:
    """A SQL file, and how messages call it."""

    name: str
    path: Path
    shown: str
    text: str


def found_sql(tree: Node, root: Path, mistakes: list[str]) -> Mapping[str, SqlFile]:
    """The SQL models of the project, by name; what is wrong with their files is added to `mistakes`."""
    packages = plain(members(tree, "project").get("jobs", Node((), tree.mark)))
    found: dict[str, SqlFile] = {}
    for path in sql_files(root, map(str, packages if isinstance(packages, tuple) else ())):
        shown = str(path.relative_to(root))
        try:
            file = SqlFile(path.stem, path, shown, _text(path))
        except (OSError, ValueError) as error:
            mistakes.append(f"{shown}:1:1: it cannot be read: {error}")
            continue
        first = found.setdefault(file.name, file)
        if first is not file:
            mistakes.append(f"{shown}:1:1: {file.name!r} is already a job, at {first.shown}")
    return found


def with_models(tree: Node, files: Iterable[SqlFile]) -> Node:
    """`tree` with a job for each of `files`, whether or not it has a conf file."""
    for file in files:
        tree = merged(tree, nested(("jobs", file.name), Node({}, Mark(file.shown, 1, 1))))
    return tree


def with_outputs(tree: Node, models: Collection[str]) -> Node:
    """`tree` with format and path of each output that leaves them to the project."""
    said = members(tree, "project", "output")
    warehouse = "warehouse" in members(tree, "project", "paths")
    for job, node in members(tree, "jobs").items():
        output = members(node).get("output", Node({}, node.mark))
        mark = output.mark
        if said:
            folder, form = said.get("folder"), said.get("format", Node("delta", mark))
        elif job in models and warehouse:
            folder, form = Node("${warehouse}", mark), Node("delta", mark)
        else:
            continue
        if folder is not None and isinstance(output.value, Mapping):
            path = Node(f"{folder.value}/{job}", mark)
            default = Node({"format": form, "path": path}, mark, {"format": mark, "path": mark})
            tree = merged(tree, nested(("jobs", job, "output"), merged(default, output)))
    return tree


def without_inputs(tree: Node, models: Collection[str]) -> Iterator[tuple[Mark, str]]:
    """The jobs that lack inputs though they are no queries."""
    for job, node in members(tree, "jobs").items():
        inputs = members(node).get("inputs")
        if job not in models and inputs is None:
            yield node.mark, f"{job} lacks 'inputs'"
        elif job not in models and inputs is not None and inputs.value in ({}, ()):
            yield inputs.mark, "inputs: must not be empty"


def asked(tree: Node, files: Iterable[SqlFile], mistakes: list[str]) -> tuple[Node, Mapping[str, Model]]:
    """`tree` with the inputs that `files` ask for, and their models; what is wrong is added to `mistakes`."""
    models: dict[str, Model] = {}
    for file in files:
        try:
            models[file.name], inputs = _asked(tree, file)
            tree = merged(tree, nested(("jobs", file.name, "inputs"), inputs))
        except FlawError as flaw:
            mistakes.append(f"{file.shown}:{flaw.line}:{flaw.column}: {flaw}")
    return tree, models


def _asked(tree: Node, file: SqlFile) -> tuple[Model, Node]:
    from sparkjobs.models.looks import looked_into  # noqa: PLC0415 (a project without SQL does not pay for it)

    looked = looked_into(file.text)
    inputs = _inputs(tree, file, looked)
    arguments = tuple(_arguments(tree, file, looked.markers))
    names = tuple(name for name in members(inputs) if name in looked.tables)
    sql = as_written(file.text)
    params = tuple(looked.markers)
    return Model(file.name, str(file.path), sql, names, params, arguments, looked.groups), inputs


def _inputs(tree: Node, file: SqlFile, looked: Looked) -> Node:
    """The inputs of conf, and those that the text names besides."""
    job = members(tree, "jobs", file.name)
    given = job.get("inputs", Node({}, Mark(file.shown, 1, 1)))
    inputs, keys = dict(members(given)), dict(given.keys)
    for table, place in looked.tables.items():
        if table not in inputs:
            mark = Mark(file.shown, *place)
            inputs[table] = Node({_kind(tree, file, table, place): Node(table, mark, quoted=True)}, mark)
            keys[table] = mark
    return Node(inputs, given.mark, keys)


def _kind(tree: Node, file: SqlFile, table: str, place: Place) -> str:
    """Whether `table` is a job or a source."""
    jobs, sources = members(tree, "jobs").keys() - {file.name}, members(tree, "sources").keys()
    if table in jobs and table in sources:
        problem = f"{table!r} is a job and a source; say which under `inputs:` in conf/jobs/{file.name}.yml"
        raise FlawError(*place, problem)
    if table not in {*jobs, *sources}:
        near = guess(table, {*jobs, *sources}, "there is")
        raise FlawError(*place, f"{table!r} is no job, source or input; {near}")
    return "ref" if table in jobs else "source"


def _arguments(tree: Node, file: SqlFile, markers: Mapping[str, Place]) -> Iterator[tuple[str, Argument]]:
    params = members(tree, "jobs", file.name, "params")
    for name, place in markers.items():
        if name not in params:
            near = guess(name, params, "it has")
            raise FlawError(*place, f"{name!r} is no param; {near} (`params:` in conf/jobs/{file.name}.yml)")
        yield name, _argument(name, plain(params[name]), place)


def _argument(name: str, value: object, place: Place) -> Argument:
    """The value of the param `name`, as far as its model does not refuse it anyway."""
    values = value if isinstance(value, tuple) else (value,)
    if any(isinstance(one, str) and _SECRET in one for one in values):
        raise FlawError(*place, f"{name!r} is a secret, and Spark shows values of SQL in its plans")
    if not all(isinstance(one, str | int | float) for one in values):
        raise FlawError(*place, f"{name!r} must be text, a number, true or false, or a list of these")
    return value  # type: ignore[return-value]  # looked at just now


def _text(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"it is too long: at most {MAX_BYTES:,} bytes are read")
    return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
