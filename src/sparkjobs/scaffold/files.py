"""New files of a project: all of them or none, inside its folder, nothing overwritten."""

import os
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template

from sparkjobs.config.locations import within
from sparkjobs.config.model import NAME
from sparkjobs.errors import UsageError

SCHEMAS = "conf/.schemas"
"""Where a project keeps the JSON Schemas of its conf, for editors."""


def filled(template: str, **values: str) -> str:
    """The template of that name, with `values` in it."""
    text = files("sparkjobs.scaffold").joinpath(f"{template}.txt").read_text("utf-8")
    return Template(text).substitute(values)


def write_new(root: Path, texts: Mapping[str, str]) -> None:
    """Write `texts`, by their paths in `root`.

    Raises:
        UsageError: one of them is there, or would lie elsewhere; then none is written. Or one cannot be.
    """
    there = [path for path in texts if os.path.lexists(root / path)]
    if there:
        raise UsageError(f"{root} already holds {', '.join(there)}.", "Nothing was written.")
    refuse_outside(root, *texts)
    try:
        for path, text in texts.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            with (root / path).open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except OSError as error:
        fix = "Some of the files may be there: delete them, and try again where you may write."
        raise UsageError(f"{error.filename or root} cannot be written: {error.strerror}", fix) from error


def refuse_outside(root: Path, *paths: str) -> None:
    """Refuse paths that a link leads out of `root`, or that a file is in the way of.

    Raises:
        UsageError: there is one.
    """
    for path in paths:
        if not within(root / path, root):
            raise UsageError(f"{path} would lie outside {root}: a link leads there.", "Nothing was written.")
        nearest = next(folder for folder in (root / path).parents if os.path.lexists(folder))
        if not nearest.is_dir():
            raise UsageError(f"{nearest} is no folder.", "Nothing was written.")


def refuse_no_name(noun: str, name: str) -> None:
    """Refuse what conf would not take for a name.

    Raises:
        UsageError: it is none.
    """
    if not re.fullmatch(NAME, name):
        raise UsageError(
            f"{noun} {name!r} is not a name: letters, digits and _, at most 100, no digit first.",
            "Nothing was written.",
        )


def schema_line(root: Path, kind: str, folder: str = "conf") -> str:
    """What tells an editor the schema of a conf file in `folder`, where the project has it."""
    path = f"{SCHEMAS}/{kind}.json"
    told = f"# yaml-language-server: $schema={os.path.relpath(path, folder)}\n"
    return told if (root / path).is_file() else ""
