"""The JSON Schemas of all conf files, with the checks there are: for editors."""

import json
from collections.abc import Iterable, Mapping

from sparkjobs.config.arguments import ColumnName, Columns
from sparkjobs.config.checks import SHARED
from sparkjobs.config.materialized import VIEW
from sparkjobs.config.model import Name
from sparkjobs.config.models import JobConf, Overlay, Project, Selector
from sparkjobs.config.schema import REFERENCE, REFERENCE_SCHEMA, Schema, schema_of
from sparkjobs.config.sources import Source
from sparkjobs.registry import CheckFunction

_KINDS: Mapping[str, tuple[object, str]] = {
    "sparkjobs": (Project, "conf/sparkjobs.yml: the project"),
    "sources": (Mapping[Name, Source], "conf/sources.yml: what is read, and the contract of each source"),
    "job": (JobConf, "conf/jobs/<job>.yml: one job"),
    "selectors": (Mapping[Name, Selector], "conf/selectors.yml: selections of jobs, by name"),
    "env": (Overlay, "conf/env/<name>.yml: locations, sizes and secrets; never logic"),
}
_COLUMN = {"$ref": "#/$defs/column"}
_COLUMNS = {"$ref": "#/$defs/columns"}
_EXAMPLES = ("green:", "red:")


def schemas(checks: Mapping[str, CheckFunction]) -> dict[str, str]:
    """The schema of each kind of conf file, as JSON text, where conf can name `checks`."""
    return {kind: json.dumps(_file(kind, checks), indent=1, ensure_ascii=False) + "\n" for kind in _KINDS}


def _file(kind: str, checks: Mapping[str, CheckFunction]) -> Schema:
    annotation, title = _KINDS[kind]
    found = schema_of(annotation)
    known = found.pop("$defs", {})
    if "Check" in known:
        shared = known["Check"]["properties"]
        known["columns"], known["column"] = _columns(), schema_of(ColumnName)
        known |= {f"check_{key}": shared[key] for key in SHARED}
        known["Check"] = _rule(checks) if kind == "sources" else _one_of(checks.values())
    if kind == "job":
        _leave_to_the_project(found, known)
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "title": title}
    return {**head, **found, "$defs": {**known, REFERENCE: REFERENCE_SCHEMA}}


def _leave_to_the_project(job: Schema, known: dict[str, Schema]) -> None:
    """Let a job say nothing of its output, or not where it goes: the project does. A view goes nowhere."""
    job["required"].remove("output")
    job["properties"]["output"] = {"anyOf": [job["properties"]["output"], {"enum": [VIEW]}]}
    for name in ("PlainOutput", "MergeOutput", "Scd2Output"):
        known[name]["required"] = [key for key in known[name]["required"] if key not in ("format", "path")]


def _columns() -> Schema:
    """The names of columns, or one."""
    return {"anyOf": [schema_of(Columns), _COLUMN]}


def _one_of(checks: Iterable[CheckFunction]) -> Schema:
    """One `kind: arguments`."""
    return {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {one.name: _entry(one) for one in checks},
    }


def _rule(checks: Mapping[str, CheckFunction]) -> Schema:
    """A check of one row, or `{name, expr}`."""
    rules = [one for one in checks.values() if one.judges_rows and not {"history", "inputs"} & set(one.given)]
    condition = {**_arguments(checks["expression"]), "required": ["expr"]}
    return {"anyOf": [condition, _one_of(rules)]}


def _entry(check: CheckFunction) -> Schema:
    """What may stand behind the kind of a check: its arguments, or what is short for them."""
    required = [one for one in check.arguments.values() if one.required]
    short: list[Schema] = []
    if check.columns in (("column",), ("columns",)) and not required and not check.one_of:
        short = [_COLUMNS]
    elif not check.columns and len(required) == 1 and not check.one_of:
        short = [schema_of(required[0].annotation)]
    told = " ".join(line for line in check.description.splitlines() if not line.strip().startswith(_EXAMPLES))
    return {"description": " ".join(told.split()), "anyOf": [_arguments(check), *short]}


def _arguments(check: CheckFunction) -> Schema:
    """The long form: columns, arguments, and what every check takes."""
    one_by_one = check.columns == ("column",)
    columns = {name: _COLUMNS if name == "columns" else _COLUMN for name in check.columns}
    needed = [
        *(() if one_by_one else columns),
        *(name for name, one in check.arguments.items() if one.required),
    ]
    choices = [
        [{"required": [name]} for name in names]
        for names in ((("column", "columns") if one_by_one else ()), check.one_of)
        if names
    ]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **columns,
            **({"columns": _COLUMNS} if one_by_one else {}),
            **{name: schema_of(one.annotation) for name, one in check.arguments.items()},
            **{
                key: {"$ref": f"#/$defs/check_{key}"}
                for key in SHARED
                if key != "group_by" or check.aggregates
            },
        },
        **({"required": needed} if needed else {}),
        **({"allOf": [{"anyOf": one} for one in choices]} if choices else {}),
    }
