"""SQL models become jobs of the conf: their inputs are the tables that they name."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sparkjobs.config.materialized import configured, joined
from sparkjobs.config.mistakes import guess
from sparkjobs.config.node import MAX_BYTES, Mark, MistakeError, Node, members, merged, nested, parse, plain
from sparkjobs.config.properties import properties
from sparkjobs.sql_models import files_below, is_template

_APPENDS = "every run would append all its rows again: say `incremental: {by: …}`"


@dataclass(frozen=True, slots=True)
class SqlFile:
    """A SQL file, and how messages call it."""

    name: str
    path: Path
    shown: str
    text: str


def found_sql(tree: Node, root: Path, mistakes: list[str]) -> Mapping[str, SqlFile]:
    """The SQL models of the project, by name; what is wrong with their files is added to `mistakes`."""
    found: dict[str, SqlFile] = {}
    for path in files_below(root, _packages(tree), ".sql"):
        shown = str(path.relative_to(root))
        try:
            file = SqlFile(path.stem, path, shown, text_of(path))
        except (OSError, ValueError) as error:
            mistakes.append(f"{shown}:1:1: it cannot be read: {error}")
            continue
        first = found.setdefault(file.name, file)
        if first is not file:
            mistakes.append(f"{shown}:1:1: {file.name!r} is already a job, at {first.shown}")
    return found


def with_models(tree: Node, files: Mapping[str, SqlFile], root: Path, mistakes: list[str]) -> Node:
    """`tree` with a job for each of `files`, and what is said of it there and beside it."""
    for file in files.values():
        tree = merged(tree, nested(("jobs", file.name), Node({}, Mark(file.shown, 1, 1))))
    jobs = members(tree)["jobs"]
    known = dict(members(jobs))
    for name, part in _parts(tree, files, root, mistakes):
        try:
            if name not in files:
                raise MistakeError(part.mark, f"there is no {name}.sql; {guess(name, files, 'there is')}")
            known[name] = joined(known[name], part)
        except MistakeError as mistake:
            mistakes.append(str(mistake))
    for name in files:
        output, job = members(known[name], "output"), members(known[name])
        mode = output.get("mode")
        if (
            mode
            and mode.mark.file != f"conf/jobs/{name}.yml"
            and mode.value == "append"
            and "incremental" not in job
        ):
            mistakes.append(f"{mode.mark}: {_APPENDS} in conf/jobs/{name}.yml, or give it a unique_key")
    whole = {**members(tree), "jobs": Node(known, jobs.mark, jobs.keys)}
    return Node(whole, tree.mark, tree.keys)


def without_comparisons(tree: Node, names: Collection[str]) -> Node:
    """`tree` without the inputs that jobs `names` have for checks alone: what else they read is not known."""
    jobs = members(tree)["jobs"]
    known = dict(members(jobs))
    for name in names:
        if name not in known or (inputs := members(known[name]).get("inputs")) is None:
            continue
        kept = {
            key: node
            for key, node in members(inputs).items()
            if not ((one := members(node).get("for_checks")) and one.value is True)
        }
        whole = {**members(known[name]), "inputs": Node(kept, inputs.mark, inputs.keys)}
        known[name] = Node(whole, known[name].mark, known[name].keys)
    whole = {**members(tree), "jobs": Node(known, jobs.mark, jobs.keys)}
    return Node(whole, tree.mark, tree.keys)


def _parts(
    tree: Node, files: Mapping[str, SqlFile], root: Path, mistakes: list[str]
) -> Iterator[tuple[str, Node]]:
    """What is said of jobs in SQL files and in properties files."""
    for file in files.values():
        try:
            job = configured(file.shown, file.text) if is_template(file.text) else None
        except MistakeError as mistake:
            mistakes.append(str(mistake))
        else:
            if job is not None:
                yield file.name, job
    for path in files_below(root, _packages(tree), ".yml") if files else ():
        try:
            yield from properties(parse(str(path.relative_to(root)), path.read_bytes()))
        except MistakeError as mistake:
            mistakes.append(str(mistake))
        except OSError as error:
            mistakes.append(f"{path.relative_to(root)}:1:1: cannot be read: {error.strerror}")


def _packages(tree: Node) -> tuple[str, ...]:
    packages = plain(members(tree, "project").get("jobs", Node((), tree.mark)))
    return tuple(map(str, packages)) if isinstance(packages, tuple) else ()


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


def text_of(path: Path) -> str:
    """The text of a file, without a byte order mark and with its lines ended as here.

    Raises:
        ValueError: it is too long, or not UTF-8.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"it is too long: at most {MAX_BYTES:,} bytes are read")
    return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
