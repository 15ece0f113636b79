"""What of a dbt project stays behind as a whole: packages, macros, Python models, analyses."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from sparkjobs.config.node import Node, members, plain
from sparkjobs.dbt_projects.files import bytes_of
from sparkjobs.dbt_projects.model import Remark, Remarks, Text
from sparkjobs.dbt_projects.project import Project
from sparkjobs.dbt_projects.reading import document, place
from sparkjobs.errors import UsageError

_MACRO: Final = re.compile(r"\{%-?\s*macro\s+(\w+)\s*\(")
_PACKAGES: Final = ("dependencies.yml", "packages.yml")
_ONE: Final = ("package", "git", "local", "private", "tarball")


def macros_of(texts: Iterable[Text]) -> Mapping[str, str]:
    """Where each macro is written."""
    return {
        found[1]: f"{one.path}:{one.text.count(chr(10), 0, found.start()) + 1}"
        for one in texts
        for found in _MACRO.finditer(one.text)
    }


def left_behind(project: Project, files: Mapping[str, Path], macros: Mapping[str, str]) -> Iterator[Remark]:
    """The macros, Python models and analyses; where one is used, that is told too."""
    for name, where in macros.items():
        yield Remark(where, f"the macro `{name}` stays behind; a template has the macros of its own file")
    for path in files:
        if _below(path, project.folders["model"]) and path.endswith(".py"):
            fix = "Write it as a function with @job: docs/configuration.md"
            yield Remark(f"{path}:1", "a Python model did not come along", fix)
        if _below(path, project.folders["analysis"]) and path.endswith(".sql"):
            yield Remark(f"{path}:1", "an analysis stays behind: nothing of it would run")


def packages(files: Mapping[str, Path], remarks: Remarks) -> None:
    """Tell of each package that the project asks for."""
    for name in _PACKAGES:
        if name not in files:
            continue
        try:
            tree = document(name, bytes_of(files[name]), remarks)
        except (OSError, ValueError, UsageError) as error:
            remarks.append(Remark(f"{name}:1", f"it cannot be read: {error}", "Packages stay behind"))
            continue
        remarks += _named(members(tree).get("packages"))


def _named(node: Node | None) -> Iterator[Remark]:
    for one in node.value if node is not None and isinstance(node.value, tuple) else ():
        told = next((str(plain(value)) for key, value in members(one).items() if key in _ONE), "")
        fix = "Packages stay behind; where their tests and macros are used, that is told too"
        yield Remark(place(one), f"the package {told} did not come along", fix)


def _below(path: str, folders: tuple[str, ...]) -> bool:
    return any(path.startswith(f"{one}/") for one in folders)
