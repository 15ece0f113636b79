"""dbt_project.yml: where things lie, values, and what folders say of the models in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from sparkjobs.config.node import Node, Plain, members, plain
from sparkjobs.dbt_projects.files import PROJECT
from sparkjobs.dbt_projects.model import Remark, Remarks, Settings
from sparkjobs.dbt_projects.reading import document, key_place
from sparkjobs.errors import UsageError

_FOLDERS: Final = {
    "model-paths": ("models",),
    "seed-paths": ("seeds",),
    "snapshot-paths": ("snapshots",),
    "test-paths": ("tests",),
    "macro-paths": ("macros",),
    "analysis-paths": ("analyses",),
}
_OLD: Final = {"source-paths": "model-paths", "data-paths": "seed-paths"}
_SECTIONS: Final = ("models", "seeds", "snapshots")
_UNSAID: Final = frozenset(
    {"asset-paths", "clean-targets", "config-version", "dbt-cloud", "docs-paths", "flags", "log-path", "name"}
) | {"packages-install-path", "profile", "query-comment", "quoting", "require-dbt-version", "restrict-access"}
_UNSAID_TOO: Final = frozenset({"target-path", "vars", "version", *_FOLDERS, *_OLD, *_SECTIONS})
"""What says how dbt itself works, or is read elsewhere here."""
_HAND: Final = {
    "on-run-start": "Hooks have no place here: run such statements before `sparkjobs run`",
    "on-run-end": "Hooks have no place here: run such statements after `sparkjobs run`",
    "dispatch": "Packages stay behind: write out what their macros make",
    "sources": "Say it in conf/sources.yml",
    "data_tests": "Say it in conf/jobs",
    "tests": "Say it in conf/jobs",
}
_CONFIGS: Final = frozenset(
    {"alias", "database", "enabled", "file_format", "full_refresh", "incremental_strategy", "materialized"}
) | {"on_schema_change", "partition_by", "post-hook", "pre-hook", "schema", "tags", "unique_key"}
"""What a folder may say without a `+` before it."""


@dataclass(frozen=True, slots=True)
class Project:
    """What dbt_project.yml says."""

    name: str
    folders: Mapping[str, tuple[str, ...]]
    """Where things lie, by kind."""
    sections: Mapping[str, Node]
    """What it says of models, seeds and snapshots by their folders."""
    vars: Mapping[str, tuple[Plain, str]]
    """Values, and where they are written."""

    def of(self, section: str, folders: tuple[str, ...], name: str) -> Settings:
        """What holds of `name` in `folders`: deeper folders say it last, tags add up."""
        found: dict[str, Plain] = {}
        node: Node | None = self.sections[section]
        for step in (None, self.name, *folders, name):
            node = node if step is None else members(node).get(step)
            for key, one in _configs(node):
                together = key == "tags" and "tags" in found
                found[key] = (*listed(found["tags"]), *listed(plain(one))) if together else plain(one)
        return found


def read(data: bytes, remarks: Remarks) -> Project:
    """What dbt_project.yml says; what has no place here is told.

    Raises:
        UsageError: it is not YAML, or lacks its name, or a folder lies outside.
    """
    tree = document(PROJECT, data, remarks)
    top = members(tree)
    name = top.get("name")
    if name is None or not isinstance(name.value, str):
        raise UsageError(
            f"{PROJECT}:1: it lacks 'name'.", "Nothing was written; give the folder of a dbt project."
        )
    for key in top:
        if key not in _UNSAID | _UNSAID_TOO:
            fix = _HAND.get(key, "It is not known here: see whether it matters")
            if top[key].value not in ((), {}, None):
                remarks.append(Remark(key_place(tree, key), f"`{key}:` did not come along", fix))
    sections = {key: top.get(key, Node({}, tree.mark)) for key in _SECTIONS}
    return Project(name.value, _folders(tree), sections, dict(_vars(tree, name.value, remarks)))


def listed(value: Plain) -> tuple[Plain, ...]:
    """A list, or one of what stands alone."""
    return value if isinstance(value, tuple) else () if value is None else (value,)


def unreached(project: Project, section: str, reached: frozenset[tuple[str, ...]]) -> Iterator[Remark]:
    """The folders that are told of and hold none of what was `reached`, folders and name together."""
    known = {(), *(path[:depth] for path in reached for depth in range(len(path) + 1))}
    yield from _lost(project.sections[section], (), section, {(project.name, *path) for path in known} | {()})


def _lost(node: Node, path: tuple[str, ...], section: str, known: set[tuple[str, ...]]) -> Iterator[Remark]:
    configs = {key for key, _ in _configs(node, plus=True)}
    for key, one in members(node).items():
        if key in configs:
            continue
        here = (*path, key)
        if here in known:
            yield from _lost(one, here, section, known)
        else:
            told = f"`{section}: {'.'.join(here)}` is nothing of this project's"
            yield Remark(key_place(node, key), f"{told}; what it says did not come along")


def _configs(node: Node | None, *, plus: bool = False) -> Iterator[tuple[str, Node]]:
    for key, one in members(node).items():
        if key.startswith("+") or (key in _CONFIGS and not isinstance(one.value, Mapping)):
            yield key if plus else key.removeprefix("+").replace("-", "_"), one


def _folders(tree: Node) -> Mapping[str, tuple[str, ...]]:
    top = members(tree)
    found = {}
    for key, default in _FOLDERS.items():
        old = next((one for one, new in _OLD.items() if new == key), key)
        node = top.get(key) or top.get(old)
        given = listed(plain(node)) if node else ()
        found[key.removesuffix("-paths")] = tuple(map(_inside, map(str, given))) or default
    return found


def _inside(folder: str) -> str:
    path = PurePosixPath(folder)
    if path.is_absolute() or ".." in path.parts:
        raise UsageError(
            f"{PROJECT}: the folder {folder!r} lies outside the project.", "Nothing was written; move it."
        )
    return path.as_posix()


def _vars(tree: Node, name: str, remarks: Remarks) -> Iterator[tuple[str, tuple[Plain, str]]]:
    section = members(tree).get("vars")
    for key, node in members(section).items():
        if not isinstance(node.value, Mapping):
            yield key, (plain(node), key_place(section or tree, key))
        elif key == name:
            yield from ((inner, (plain(one), key_place(node, inner))) for inner, one in members(node).items())
        else:
            told = f"`vars: {key}` is a mapping, of a package or as a value"
            remarks.append(
                Remark(key_place(section or tree, key), told, "A value here is text, a number or a list")
            )
