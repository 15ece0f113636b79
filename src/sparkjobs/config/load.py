"""conf/ becomes one `Conf`: parse, overlay, resolve, validate; every mistake is told at once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sparkjobs.config.locations import located, placed
from sparkjobs.config.mistakes import guess, one_line, problems
from sparkjobs.config.models import Everything, JobConf, Overlay, Project, Selector, ViewConf
from sparkjobs.config.node import (
    MAX_BYTES,
    Mark,
    MistakeError,
    Node,
    Scalar,
    find,
    mapped,
    members,
    merged,
    nested,
    parse,
    plain,
)
from sparkjobs.config.references import UnknownReferenceError, resolved
from sparkjobs.config.sources import Source
from sparkjobs.config.sql import (
    SqlFile,
    found_sql,
    with_models,
    with_outputs,
    without_comparisons,
    without_inputs,
)
from sparkjobs.config.views import apart
from sparkjobs.errors import ConfigError, UsageError
from sparkjobs.sql_models import Model, View

_SECTIONS = {
    "paths": ("project", "paths"),
    "spark": ("project", "spark"),
    "vars": ("project", "vars"),
    "sources": ("sources",),
    "jobs": ("jobs",),
    "openlineage": ("project", "openlineage"),
}


@dataclass(frozen=True, slots=True)
class Conf:
    """A project's whole configuration, valid in itself, and where each part was written."""

    root: Path
    env: str | None
    project: Project
    sources: Mapping[str, Source]
    selectors: Mapping[str, Selector]
    jobs: Mapping[str, JobConf]
    models: Mapping[str, Model]
    """The jobs that are SQL."""
    views: Mapping[str, ViewConf]
    inlined: Mapping[str, tuple[View, ...]]
    """The views that each job makes of its inputs, those first that others read."""
    tree: Node

    def at(self, *location: str | int) -> Mark:
        """Where `location` was written, for example `("jobs", "daily", "inputs")`."""
        return find(self.tree, location)

    def path(self, name: str, default: str) -> Path:
        """The folder that `paths:` calls `name`."""
        return Path(located(self.project.paths.get(name, default), self.root))

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of `paths:`, or the project itself: nothing outside is read or written."""
        return tuple(Path(located(text, self.root)) for text in self.project.paths.values() or (".",))


def load(root: Path, env: str | None, sets: tuple[str, ...], environment: Mapping[str, str]) -> Conf:
    """The configuration of the project in `root`, with overlay `env` and then `sets` laid on it.

    Raises:
        UsageError: there is no project, no such overlay, or a `--set` is not `a.b=c`.
        ConfigError: the files hold mistakes.
    """
    main = root / "conf" / "sparkjobs.yml"
    if not main.is_file():
        raise UsageError(
            f"{root} holds no project: conf/sparkjobs.yml is missing.",
            "Name its folder with --project DIR.",
        )
    mistakes: list[str] = []
    tree = _read(root, mistakes)
    files = found_sql(tree, root, mistakes)
    tree = with_models(tree, files, root, mistakes)
    for layer in (*_overlay(root, env, mistakes), *map(_set, sets)):
        tree = merged(tree, _fitting(tree, layer, mistakes))
    tree = with_outputs(apart(tree, files, mistakes), files)
    unfit = {mistake.partition(":")[0] for mistake in mistakes}
    if not mistakes:
        tree = _resolve(tree, environment, mistakes)
    lacking = tuple(without_inputs(tree, files))
    tree, models, inlined = _asked(tree, files, mistakes)
    if not mistakes:
        tree = placed(tree, root, mistakes)
    found = (*problems(Everything, tree), *lacking)
    mistakes += [f"{mark}: {text}" for mark, text in found if mark.file not in unfit]
    if mistakes:
        raise ConfigError(tuple(dict.fromkeys(map(one_line, mistakes))))
    every = Everything.model_validate(plain(tree))
    told = (every.project, every.sources, every.selectors, every.jobs)
    return Conf(root, env, *told, models, every.views, inlined, tree)


def _asked(
    tree: Node, files: Mapping[str, SqlFile], mistakes: list[str]
) -> tuple[Node, Mapping[str, Model], Mapping[str, tuple[View, ...]]]:
    """`tree` with what `files` ask for, and its models and views; none where there are mistakes."""
    if mistakes or not files:
        return without_comparisons(tree, files), {}, {}
    from sparkjobs.config.asked import asked  # noqa: PLC0415 (a project without SQL does not pay for it)

    tree, models, inlined = asked(tree, files.values(), mistakes)
    return without_comparisons(tree, files.keys() - models.keys()), models, inlined


def _read(root: Path, mistakes: list[str]) -> Node:
    files = {
        "project": root / "conf" / "sparkjobs.yml",
        "sources": root / "conf" / "sources.yml",
        "selectors": root / "conf" / "selectors.yml",
    }
    parts = {key: _document(root, path, mistakes) for key, path in files.items()}
    jobs = {
        path.stem: _document(root, path, mistakes) for path in sorted((root / "conf" / "jobs").glob("*.yml"))
    }
    mistakes += [
        f"{path.relative_to(root)}:1:1: it is not read; name it {path.stem}.yml"
        for path in sorted((root / "conf" / "jobs").glob("*.yaml"))
    ]
    parts["jobs"] = Node(jobs, Mark("conf/jobs", 1, 1), {name: node.mark for name, node in jobs.items()})
    return Node(parts, Mark("conf", 1, 1), {key: node.mark for key, node in parts.items()})


def _document(root: Path, path: Path, mistakes: list[str]) -> Node:
    shown = str(path.relative_to(root))
    try:
        with path.open("rb") as file:
            return parse(shown, file.read(MAX_BYTES + 1))
    except FileNotFoundError:
        pass
    except MistakeError as mistake:
        mistakes.append(str(mistake))
    except OSError as error:
        mistakes.append(f"{shown}:1:1: cannot be read: {error.strerror}")
    return Node({}, Mark(shown, 1, 1))


def _overlay(root: Path, env: str | None, mistakes: list[str]) -> tuple[Node, ...]:
    if env is None:
        return ()
    folder = root / "conf" / "env"
    known = sorted(path.stem for path in folder.glob("*.yml"))
    if env not in known:
        raise UsageError(
            f"There is no overlay conf/env/{env}.yml.", f"There is: {', '.join(known) or 'none'}."
        )
    node = _document(root, folder / f"{env}.yml", mistakes)
    mistakes += [f"{mark}: {text}" for mark, text in problems(Overlay, node)]
    return tuple(nested(_SECTIONS[key], part) for key, part in members(node).items() if key in _SECTIONS)


def _set(text: str) -> Node:
    path, given, value = text.partition("=")
    section, _, rest = path.partition(".")
    if not (given and rest and section in _SECTIONS):
        raise UsageError(
            f"--set {text!r} is not a.b=c with a one of {', '.join(_SECTIONS)}.",
            "For example: --set jobs.carrier_daily.params.min_flights=5",
        )
    keys = (rest,) if section == "spark" else tuple(rest.split("."))
    try:
        leaf = parse(f"--set {path}", value.encode()) if value else Node(None, Mark(f"--set {path}", 1, 1))
    except MistakeError as mistake:
        raise UsageError(str(mistake), "The value is read as YAML; quote it where it is text.") from mistake
    return nested((*_SECTIONS[section], *keys), leaf)


def _fitting(tree: Node, layer: Node, mistakes: list[str]) -> Node:
    """`layer` without the jobs and sources that `tree` lacks: laid on it, they would be new ones."""
    parts = dict(members(layer))
    for noun in ("job", "source"):
        section, known = parts.get(f"{noun}s"), members(tree, f"{noun}s")
        if section is not None:
            strange = [name for name in members(section) if name not in known]
            mistakes += [
                f"{section.keys[name]}: there is no {noun} {name!r}; {guess(name, known, 'there is')}"
                for name in strange
            ]
            fitting = {name: part for name, part in members(section).items() if name in known}
            parts[f"{noun}s"] = Node(fitting, section.mark, section.keys) if strange else section
    return Node(parts, layer.mark, layer.keys)


def _resolve(tree: Node, environment: Mapping[str, str], mistakes: list[str]) -> Node:
    def resolve(node: Node, text: str) -> Scalar:
        try:
            return resolved(text, known, environment, typed=not node.quoted)
        except UnknownReferenceError as error:
            mistakes.append(f"{node.mark}: {error}")
            return text

    known: dict[str, str] = {}
    paths = members(tree, "project").get("paths")
    texts = {name: node for name, node in members(paths).items() if isinstance(node.value, str)}
    for name, node in texts.items():
        # In the order they stand there, so that a path may use those above it.
        known[name] = str(resolve(replace(node, quoted=True), str(node.value)))
    if paths is not None and texts:
        found = {name: replace(node, value=known[name]) for name, node in texts.items()}
        tree = merged(tree, nested(("project", "paths"), Node(found, paths.mark, paths.keys)))
    return mapped(tree, resolve)
