"""conf/ becomes one `Conf`: parse, overlay, resolve, validate; every mistake is told at once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sparkjobs.config.locations import placed
from sparkjobs.config.model import Model, keys_at
from sparkjobs.config.models import Everything, JobConf, Overlay, Project
from sparkjobs.config.node import (
    Mark,
    MistakeError,
    Node,
    find,
    mapped,
    merged,
    nested,
    parse,
    plain,
    scalar,
)
from sparkjobs.config.references import UnknownReferenceError, resolved
from sparkjobs.config.sources import Source
from sparkjobs.errors import ConfigError, UsageError

_SECTIONS = {
    "paths": ("project", "paths"),
    "spark": ("project", "spark"),
    "sources": ("sources",),
    "jobs": ("jobs",),
}

_SHOWN = 60
"""Characters of a wrong value that a message repeats."""


@dataclass(frozen=True, slots=True)
class Conf:
    """A project's whole configuration, valid in itself, and where each part was written."""

    root: Path
    env: str | None
    project: Project
    sources: Mapping[str, Source]
    jobs: Mapping[str, JobConf]
    tree: Node

    def at(self, *location: str | int) -> Mark:
        """Where `location` was written, for example `("jobs", "daily", "inputs")`."""
        return find(self.tree, location)

    def path(self, name: str, default: str) -> Path:
        """The folder that `paths:` calls `name`."""
        return self.root / self.project.paths.get(name, default)


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
    for layer in (*_overlay(root, env, mistakes), *map(_set, sets)):
        tree = merged(tree, layer)
    if not mistakes:
        tree = _resolve(tree, environment, mistakes)
    if not mistakes:
        tree = placed(tree, root, mistakes)
    mistakes += _problems(Everything, tree)
    if mistakes:
        raise ConfigError(tuple(dict.fromkeys(mistakes)))
    every = Everything.model_validate(plain(tree))
    return Conf(root, env, every.project, every.sources, every.jobs, tree)


def _read(root: Path, mistakes: list[str]) -> Node:
    files = {
        "project": root / "conf" / "sparkjobs.yml",
        "sources": root / "conf" / "sources.yml",
    }
    members = {key: _document(root, path, mistakes) for key, path in files.items()}
    jobs = {
        path.stem: _document(root, path, mistakes) for path in sorted((root / "conf" / "jobs").glob("*.yml"))
    }
    members["jobs"] = Node(jobs, Mark("conf/jobs", 1, 1), {name: node.mark for name, node in jobs.items()})
    return Node(members, Mark("conf", 1, 1), {key: node.mark for key, node in members.items()})


def _document(root: Path, path: Path, mistakes: list[str]) -> Node:
    shown = str(path.relative_to(root))
    try:
        return parse(shown, path.read_bytes() if path.exists() else b"")
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
    mistakes += _problems(Overlay, node)
    sections = node.value if isinstance(node.value, Mapping) else {}
    return tuple(nested(_SECTIONS[key], part) for key, part in sections.items() if key in _SECTIONS)


def _set(text: str) -> Node:
    path, given, value = text.partition("=")
    section, _, rest = path.partition(".")
    if not (given and rest and section in _SECTIONS):
        raise UsageError(
            f"--set {text!r} is not a.b=c with a one of {', '.join(_SECTIONS)}.",
            "For example: --set jobs.carrier_daily.params.min_flights=5",
        )
    keys = (rest,) if section == "spark" else tuple(rest.split("."))
    return nested((*_SECTIONS[section], *keys), Node(scalar(value), Mark(f"--set {path}", 1, 1)))


def _resolve(tree: Node, environment: Mapping[str, str], mistakes: list[str]) -> Node:
    def resolve(node: Node, text: str, known: Mapping[str, str]) -> str | int | float | bool | None:
        try:
            return resolved(text, known, environment)
        except UnknownReferenceError as error:
            mistakes.append(f"{node.mark}: {error}")
            return text

    own = nested(("project", "paths"), Node({}, tree.mark))
    written = plain(merged(own, tree))["project"]["paths"]  # type: ignore[index,call-overload]  # merged with own
    known = {
        name: str(resolved(text, {}, environment))
        for name, text in (written if isinstance(written, dict) else {}).items()
        if isinstance(text, str) and _resolvable(text, environment)
    }
    return mapped(tree, lambda node, text: resolve(node, text, known))


def _resolvable(text: str, environment: Mapping[str, str]) -> bool:
    try:
        resolved(text, {}, environment)
    except UnknownReferenceError:
        return False
    return True


def _problems(model: type[Model], node: Node) -> list[str]:
    try:
        model.model_validate(plain(node))
    except ValidationError as error:
        return [f"{find(node, tuple(problem['loc']))}: {_told(model, problem)}" for problem in error.errors()]
    return []


def _told(model: type[Model], problem: ErrorDetails) -> str:
    location = tuple(problem["loc"])
    last = location[-1] if location else ""
    within = next((str(part) for part in reversed(location[:-1]) if isinstance(part, str)), "the file")
    given = problem["input"]
    match problem["type"]:
        case "extra_forbidden":
            keys = keys_at(model, location[:-1])
            near = get_close_matches(str(last), keys, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(sorted(keys))}"
            return f"{last!r} is not a key of {within}; {hint}"
        case "missing":
            return f"{within} lacks {last!r}"
        case "union_tag_invalid":
            context = problem["ctx"]
            known = re.findall(r"'([^']+)'", context["expected_tags"])
            near = get_close_matches(context["tag"], known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(sorted(known))}"
            return f"{context['tag']!r} is not a {context['discriminator'].strip(chr(39))}; {hint}"
        case "literal_error":
            known = re.findall(r"'([^']+)'", problem["ctx"]["expected"])
            near = get_close_matches(str(given), known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it can be {', '.join(known)}"
            return f"{last}: {_shown(given)} is not known; {hint}"
        case "value_error":
            return f"{last}: {problem['ctx']['error']!s}" if last != "" else str(problem["ctx"]["error"])
        case _:
            return f"{last}: {problem['msg'][:1].lower()}{problem['msg'][1:]}, not {_shown(given)}"


def _shown(given: object) -> str:
    text = repr(given)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
