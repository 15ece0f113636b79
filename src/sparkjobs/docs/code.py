"""The code of jobs: where it stands, and its text with words of the language marked."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from markupsafe import Markup, escape

from sparkjobs.config import Conf
from sparkjobs.config.node import MAX_BYTES
from sparkjobs.docs.model import Code
from sparkjobs.plan.explain import shown
from sparkjobs.registry import JobFunction
from sparkjobs.sql_models import Model, files_below

_PYTHON: Final = re.compile(
    r"(?P<c>#[^\n]*)"
    r"|(?P<s>[rbfu]{0,2}(?:'''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"))"
    r"|(?P<d>@[\w.]+)"
    r"|(?P<k>\b(?:and|as|assert|async|await|break|case|class|continue|def|del|elif|else|except|finally|for|from|global"
    r"|if|import|in|is|lambda|match|nonlocal|not|or|pass|raise|return|try|while|with|yield|None|True|False)\b)"
    r"|(?P<n>\b\d[\w.]*)",
    re.DOTALL,
)
_SQL: Final = re.compile(
    r"(?P<c>--[^\n]*|/\*.*?\*/|\{#.*?#\})"
    r"|(?P<s>'(?:''|\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`)"
    r"|(?P<d>\{\{|\}\}|\{%-?|-?%\}|(?<![\w:]):[A-Za-z_]\w*)"
    r"|(?P<k>\b(?:all|and|any|as|asc|between|by|case|cast|cross|desc|distinct|else|end|except|exists|false|from|full"
    r"|group|having|in|inner|intersect|interval|is|join|lateral|left|like|limit|not|null|on|or|order|outer|over"
    r"|partition|qualify|right|rows|select|semi|then|true|union|using|values|view|when|where|window|with|within)\b)"
    r"|(?P<n>\b\d[\w.]*)",
    re.DOTALL | re.IGNORECASE,
)
_LANGUAGES: Final = {"python": _PYTHON, "sql": _SQL}


def of_function(function: JobFunction, root: Path) -> Code | None:
    """The source of a job's function; None where nobody has it."""
    try:
        lines, first = inspect.getsourcelines(function.function)
    except (OSError, TypeError):
        return None
    return Code(f"{shown(Path(function.file), root)}:{first}", "python", first, "".join(lines).rstrip())


def of_query(conf: Conf, name: str, model: Model | None) -> Iterator[Code]:
    """The file of a SQL model as it was written and, where that is a template, what was made of it."""
    files = {path.stem: path for path in files_below(conf.root, conf.project.jobs, ".sql")}
    written = ""
    if (path := files.get(name)) is not None:
        with path.open("rb") as file:
            written = file.read(MAX_BYTES).decode("utf-8-sig", "replace").strip("\n")
        yield Code(shown(path, conf.root), "sql", 1, written)
    if model and model.sql.text.strip() != written.strip():
        yield Code("as Spark gets it", "sql", 1, model.sql.text.strip("\n"))


def marked(text: str, language: Literal["python", "sql"]) -> Markup:
    """`text` with its comments, strings, keywords and numbers marked; no letter is changed."""
    parts: list[Markup] = []
    reached = 0
    for found in _LANGUAGES[language].finditer(text):
        parts += (
            escape(text[reached : found.start()]),
            Markup('<i class="{}">{}</i>').format(found.lastgroup, found[0]),
        )
        reached = found.end()
    return Markup("").join((*parts, escape(text[reached:])))
