"""SQL of a dbt model as it is read here: what it calls by name is called as here, all else stays as it is."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from jinja2 import TemplateSyntaxError

from sparkjobs.config.node import Plain
from sparkjobs.dbt_projects.model import Names, Remark, Remarks, Settings, Text
from sparkjobs.dbt_projects.templates import Call, Edit, calls, edited, strange
from sparkjobs.sql_models import FlawError
from sparkjobs.sql_models.template import settings_of

_FIXES: Final = {
    "adapter": "Write what it would say of the table",
    "dbt": "Write the SQL of Spark that this macro makes",
    "dbt_utils": "Write the SQL that this macro makes",
    "env_var": "Give it a name in quotes and a default of letters, digits and ./:@+_-",
    "execute": "A template asks nothing of a database: write the values, or a `var`",
    "graph": "A template knows no graph",
    "log": "Leave it out: a template prints nothing",
    "run_query": "A template asks nothing of a database: write the values, or a `var`",
    "target": "Write `var('target')`, with a value under `vars:` and another in conf/env/NAME.yml",
}
_MACRO: Final = "Copy the macro into this file, above its use: a template has the macros of its own file"


@dataclass(frozen=True, slots=True)
class Read:
    """What a template refers to."""

    refs: frozenset[str]
    """The models here that it reads."""
    variables: Mapping[str, str | None]
    """Variables of the environment that it asks for, with their defaults."""
    bare: frozenset[str]
    """Those of them that stand in SQL without quotes around them."""


def rewritten(
    file: Text, names: Names, remarks: Remarks, stay: Collection[str] | None = None
) -> tuple[str, Read]:
    """The text of `file` with the names that things have here, and what it refers to.

    Of what `config(…)` says, the keys `stay` do; all of them if there are none given.
    """
    found = calls(file.text)
    changes = [(call, edit) for call in found for edit in _edit(call, file.text, names, stay)]
    edits = [edit for _, edit in changes]
    remarks += (
        Remark(
            f"{file.path}:{call.line}", f"`{_shown(file.text[call.start : call.end])}` is `{edit.text}` here"
        )
        for call, edit in changes
        if call.word != "config"
    )
    remarks += (*_strange(file, names), *_bare(file, found, names))
    used = {one.texts[0]: one for one in found if _is_variable(one)}
    read = Read(
        frozenset(
            names.models[call.texts[-1]]
            for call in found
            if call.word == "ref" and call.texts and call.texts[-1] in names.models
        ),
        {name: call.texts[1] if len(call.texts) > 1 else None for name, call in used.items()},
        frozenset(
            one.texts[0] for one in found if _is_variable(one) and one.alone and not one.between_quotes
        ),
    )
    return edited(file.text, edits), read


def config_of(file: Text, remarks: Remarks) -> Settings:
    """What `config(…)` says in a template; where that is not known before it is rendered, it is told."""
    try:
        return {one.key: _plain(one.value) for one in settings_of(file.text)}
    except FlawError as flaw:
        fix = "Say it in constants, or in conf/jobs"
        remarks.append(Remark(f"{file.path}:{flaw.line}", f"{flaw}; it did not come along", fix))
        return {}


def variable_of(name: str, names: Names) -> str:
    """What the value of a variable of the environment is called here."""
    return f"env_{name}" if name in names.values else name


def _plain(value: object) -> Plain:
    match value:
        case list() | tuple():
            return tuple(map(_plain, value))
        case dict():
            return {str(key): _plain(one) for key, one in value.items()}
        case str() | int() | float() | bool() | None:
            return value
    return str(value)


def _is_variable(call: Call) -> bool:
    return call.word == "env_var" and len(call.texts) in (1, 2) and call.texts[0].isidentifier()


def _edit(call: Call, text: str, names: Names, stay: Collection[str] | None) -> Iterator[Edit]:
    match call.word, call.texts:
        case "ref", (name,) | (_, name) if name in names.seeds:
            yield Edit(call.start, call.end, f"source('{names.seeds[name]}')")
        case "ref", (name,) | (_, name) if names.models.get(name, name) != name:
            yield Edit(call.start, call.end, f"ref('{names.models[name]}')")
        case "source", (source, table) if names.sources.get(
            (source, table), ""
        ) != f"{source}_{table}" or table in _known(names):
            if (source, table) in names.sources:
                yield Edit(call.start, call.end, f"source('{names.sources[source, table]}')")
        case "env_var", (name, *_) if _is_variable(call):
            yield Edit(call.start, call.end, f"var('{variable_of(name, names)}')")
        case "config", _ if stay is not None:
            yield from _config(call, text, stay)


def _shown(call: str) -> str:
    return " ".join(call.split())


def _known(names: Names) -> frozenset[str]:
    return frozenset((*names.seeds.values(), *names.sources.values()))


def _config(call: Call, text: str, stay: Collection[str]) -> Iterator[Edit]:
    """A call of `config(…)` without the keys that are said elsewhere."""
    kept = [one for one in call.arguments if one.key in stay]
    if len(kept) == len(call.arguments):
        return
    if kept:
        said = ", ".join(text[one.start : one.end].rstrip().rstrip(",").rstrip() for one in kept)
        yield Edit(call.start, call.end, f"config({said})")
    elif call.alone:
        yield Edit(*call.alone, "")
    else:
        yield Edit(call.start, call.end, "config()")


def _strange(file: Text, names: Names) -> Iterator[Remark]:
    try:
        for line, word in strange(file.text):
            first = word.partition(".")[0]
            if first == "env_var" and all(
                map(_is_variable, (one for one in calls(file.text) if one.word == first))
            ):
                continue
            where = names.macros.get(first)
            told = f"`{word}`, the macro at {where}," if where else f"`{word}`"
            yield Remark(f"{file.path}:{line}", f"{told} is no word of a template here", _fix(first, where))
    except TemplateSyntaxError as error:
        fix = "A template has the tags of Jinja itself; say it with those"
        yield Remark(f"{file.path}:{error.lineno}", f"{error.message}", fix)


def _bare(file: Text, found: Iterable[Call], names: Names) -> Iterator[Remark]:
    """Texts of `var` that are code in dbt: nothing quotes them there."""
    for call in found:
        if call.word != "var" or not call.arguments or not call.alone or call.between_quotes:
            continue
        first, *more = call.arguments
        value = names.values.get(first.text or "", more[0].text if more else None)
        if first.text and isinstance(value, str):
            told = f"`var({first.text!r})` is the text {value!r}, which comes out here as a literal in quotes"
            fix = "Write `| identifier` after it if it is a name; other SQL stands in the template itself"
            yield Remark(f"{file.path}:{call.line}", told, fix)


def _fix(word: str, where: str | None) -> str:
    return (
        _MACRO
        if where
        else _FIXES.get(word, "Write what it would make: packages and their macros stay behind")
    )
