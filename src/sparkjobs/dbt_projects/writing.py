"""The files of the new project: what was taken over, its conf, and what tells of it."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from sparkjobs.config.inline import inline
from sparkjobs.config.model import NAME
from sparkjobs.config.node import Plain
from sparkjobs.dbt_projects.blocks import block
from sparkjobs.dbt_projects.model import Remark, Remarks
from sparkjobs.dbt_projects.rewriting import Read
from sparkjobs.dbt_projects.seeds import FOLDER
from sparkjobs.dbt_projects.settings import name_of
from sparkjobs.dbt_projects.sources import ROOT
from sparkjobs.dbt_projects.taking import Taken
from sparkjobs.dbt_projects.telling import TOLD, told
from sparkjobs.errors import UsageError
from sparkjobs.scaffold.files import SCHEMAS, filled, write_new

_SAMPLE: Final = (".gitignore", "conf/log4j2.properties", "conftest.py", "main.py")
"""Files that every new project has."""
_PACKAGE: Final = '"""Jobs: SQL that came from dbt, and functions beside it."""\n'
_DEFAULT: Final = re.compile(r"[\w./@+:-]*", re.ASCII)
_EDITOR: Final = "# yaml-language-server: $schema={path}/{kind}.json\n"
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


def write(taken: Taken, to: Path, schemas: Mapping[str, str]) -> tuple[Remark, ...]:
    """Write the project into the folder `to`, with the `schemas` of its conf by kind.

    Returns:
        What is told of it, in the order of places.

    Raises:
        UsageError: there is something in the folder, or it cannot be written.
    """
    if os.path.lexists(to) and not (to.is_dir() and not any(to.iterdir())):
        raise UsageError(
            f"{to} is not an empty folder.", "Nothing was written; name another one with --to FOLDER."
        )
    remarks: Remarks = list(taken.remarks)
    texts = {
        **{path: filled(f"project/{path.removeprefix('.')}") for path in _SAMPLE},
        "conf/sparkjobs.yml": _main(taken, to, remarks),
        "conf/sources.yml": _sources(taken),
        "jobs/__init__.py": _PACKAGE,
    }
    for part in taken.parts:
        texts |= {path: _headed(path, text) for path, text in part.files.items()}
    in_order = tuple(sorted(remarks, key=_order))
    texts[TOLD] = told(taken, in_order)
    write_new(to, texts | {f"{SCHEMAS}/{kind}.json": text for kind, text in schemas.items()})
    return in_order


def _main(taken: Taken, to: Path, remarks: Remarks) -> str:
    """conf/sparkjobs.yml."""
    paths = {"warehouse": "data/warehouse", "artifacts": "target"}
    used = [str(one["path"]) for part in taken.parts for one in (part.sources or {}).values()]
    if any(one.startswith(f"${{{FOLDER}}}") for one in used):
        paths = {FOLDER: FOLDER, **paths}
    if any(one.startswith(f"${{{ROOT}}}") for one in used):
        paths = {ROOT: os.path.relpath(taken.root, to), **paths}
    body: dict[str, Plain] = {
        "name": name_of(taken.project.name),
        "jobs": ("jobs",),
        "paths": dict(paths),
        "output": {"format": "parquet", "folder": "${warehouse}"},
    }
    values = [*_vars(taken, remarks), *_variables(taken, remarks)]
    lines = "".join(f"  {line}\n" for line in values)
    return (
        _EDITOR.format(path=".schemas", kind="sparkjobs") + block(body) + (f"vars:\n{lines}" if lines else "")
    )


def _vars(taken: Taken, remarks: Remarks) -> Iterator[str]:
    """The project's values, a line each."""
    for name, (value, at) in taken.project.vars.items():
        several = value if isinstance(value, tuple) else (value,)
        if not re.fullmatch(NAME, name) or not all(isinstance(one, str | int | float) for one in several):
            fix = "A value is text, a number, true, false or a list; its name is letters, digits and _"
            remarks.append(Remark(at, f"the var {name} cannot be said here", fix))
            continue
        yield f"{name}: {inline(value)}"


def _variables(taken: Taken, remarks: Remarks) -> Iterator[str]:
    """The variables of the environment that SQL asks for, a line each."""
    reads = [one for part in taken.parts for one in part.reads]
    bare = {name for one in reads for name in one.bare}
    for name, defaults in sorted(_defaults(reads).items()):
        called = f"env_{name}" if name in taken.project.vars else name
        if len(defaults) > 1:
            given = ", ".join(repr(one) for one in defaults)
            remarks.append(
                Remark(
                    "dbt_project.yml:1",
                    f"env_var({name!r}) has several defaults: {given}",
                    f"See {called} in conf/sparkjobs.yml",
                )
            )
        default = defaults[0]
        if default is not None and not _DEFAULT.fullmatch(default):
            remarks.append(
                Remark(
                    "dbt_project.yml:1",
                    f"env_var({name!r}): the default {default!r} cannot be said in a reference",
                    f"Set {name}, or see {called} in conf/sparkjobs.yml",
                )
            )
            default = None
        reference = f"${{env:{name}}}" if default is None else f"${{env:{name}:-{default}}}"
        is_number = name in bare and _NUMBER.fullmatch(default or "")
        yield f"{called}: {reference if is_number else inline(reference)}"


def _defaults(reads: Iterable[Read]) -> Mapping[str, tuple[str | None, ...]]:
    found: dict[str, dict[str | None, None]] = {}
    for read in reads:
        for name, default in read.variables.items():
            found.setdefault(name, {})[default] = None
    return {name: tuple(several) for name, several in found.items()}


def _sources(taken: Taken) -> str:
    """conf/sources.yml."""
    head = (
        _EDITOR.format(path=".schemas", kind="sources")
        + "# Seeds and sources of dbt. A row that breaks a test of theirs stops the jobs that read it.\n"
    )
    blocks = (block({name: one}) for part in taken.parts for name, one in (part.sources or {}).items())
    return "\n".join((head, *blocks))


def _headed(path: str, text: str) -> str:
    if path.startswith("conf/jobs/"):
        return _EDITOR.format(path="../.schemas", kind="job") + text
    return text


def _order(remark: Remark) -> tuple[bool, str, int]:
    path, _, line = remark.place.rpartition(":")
    return not remark.fix, path, int(line)
