"""dbt's properties files: what they say of each thing, and the same in a file that is read here."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sparkjobs.config.node import Node, members
from sparkjobs.dbt_projects.files import bytes_of
from sparkjobs.dbt_projects.model import Remark, Remarks, Text
from sparkjobs.dbt_projects.reading import changed, document, entries, key_place
from sparkjobs.errors import UsageError

_KINDS: Final = ("models", "seeds", "snapshots", "sources")
_FILE: Final = "Say it in conf/sources.yml and conf/jobs"
_HAND: Final = {
    "analyses": "Keep the queries where they are: nothing of them would run",
    "data_tests": "Say it in conf/jobs",
    "exposures": "Nothing is known here of who reads a table from outside",
    "groups": "Tags are the groups here",
    "macros": "Macros stay behind",
    "metrics": "There is no semantic layer here",
    "saved_queries": "There is no semantic layer here",
    "semantic_models": "There is no semantic layer here",
    "unit_tests": "Say it in tests/jobs/test_….yml: docs/testing.md",
}
_DOC: Final = re.compile(r"""\{\{\s*doc\(\s*(['"])([\w.]+)\1(?:\s*,\s*(['"])(\w+)\3)?\s*\)\s*\}\}""")
_DOCS: Final = re.compile(r"\{%-?\s*docs\s+(\w+)\s*-?%\}(.*?)\{%-?\s*enddocs\s*-?%\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class File:
    """One properties file."""

    path: str
    text: str
    tree: Node
    below: str = ""
    """The same path, seen from the folder of its kind."""


@dataclass(frozen=True, slots=True)
class Properties:
    """All that properties files say, by the names of things."""

    files: tuple[File, ...]
    models: Mapping[str, Node]
    seeds: Mapping[str, Node]
    snapshots: Mapping[str, Node]
    sources: tuple[tuple[str, Node], ...]


def read(
    files: Mapping[str, Path], folders: tuple[str, ...], docs: Mapping[str, str], remarks: Remarks
) -> Properties:
    """What the properties files below `folders` say; a file that cannot be read is told."""
    found: list[File] = []
    for path, file in files.items():
        around = next((one for one in folders if one == "." or path.startswith(f"{one}/")), None)
        if around is None or not path.endswith((".yml", ".yaml")) or "/" not in path:
            continue
        try:
            data = bytes_of(file)
            tree = changed(document(path, data, remarks), lambda text: _documented(text, docs))
            for kind in _KINDS:
                list(entries(tree, kind))
            found.append(File(path, data.decode("utf-8-sig"), tree, path.removeprefix(f"{around}/")))
        except (OSError, ValueError) as error:
            remarks.append(Remark(f"{path}:1", f"it cannot be read: {error}", _FILE))
        except UsageError as error:
            told = error.problem.removeprefix(f"{path}:")
            line = told.partition(":")[0]
            place = f"{path}:{line}" if line.isdigit() else f"{path}:1"
            remarks.append(
                Remark(place, f"the file did not come along: {told.partition(': ')[2] or told}", _FILE)
            )
    by_kind = {kind: dict(_every(found, kind, remarks)) for kind in _KINDS if kind != "sources"}
    for one in found:
        remarks += _others(one)
    sources = tuple(entry for file in found for entry in entries(file.tree, "sources"))
    return Properties(tuple(found), by_kind["models"], by_kind["seeds"], by_kind["snapshots"], sources)


def docs_of(texts: Iterator[Text]) -> Mapping[str, str]:
    """The texts between `{% docs name %}` and its end, by their names."""
    return {found[1]: found[2].strip() for one in texts for found in _DOCS.finditer(one.text)}


def _documented(text: str, docs: Mapping[str, str]) -> str:
    """`text` with the docs that it calls for; where there are none it stays as it is."""
    return _DOC.sub(lambda found: docs.get(found[4] or found[2].rpartition(".")[2], found[0]), text)


def _every(files: list[File], kind: str, remarks: Remarks) -> Iterator[tuple[str, Node]]:
    seen: dict[str, Node] = {}
    for file in files:
        for name, node in entries(file.tree, kind):
            if name in seen:
                told = f"{name} is told of at {seen[name].mark} too"
                remarks.append(Remark(f"{file.path}:{node.mark.line}", told, "Say it in one place"))
                continue
            seen[name] = node
            yield name, node


def _others(file: File) -> Iterator[Remark]:
    for key, node in members(file.tree).items():
        if key in (*_KINDS, "version") or node.value in ((), {}, None):
            continue
        count = f" ({len(node.value)})" if isinstance(node.value, tuple) else ""
        yield Remark(
            key_place(file.tree, key),
            f"`{key}:`{count} did not come along",
            _HAND.get(key, "It is not known here: see whether it matters"),
        )
