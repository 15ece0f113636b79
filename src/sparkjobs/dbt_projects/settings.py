"""dbt's `config` of a model, wherever it is said: what stays there, and what conf/jobs says instead."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sparkjobs.config.model import NAME
from sparkjobs.config.node import Plain
from sparkjobs.dbt_projects.model import Remark, Remarks, Settings
from sparkjobs.dbt_projects.project import listed

KIND: Final = ("materialized", "unique_key", "incremental_strategy")
"""What says together how a table changes."""
KEPT: Final = ("description", "file_format", "partition_by", "tags")
VIEWS: Final = ("ephemeral", "view")
FORMATS: Final = ("delta", "parquet")
WIDER: Final = {"append_new_columns": "add_columns", "fail": "fail"}
OF_TABLES: Final = ("alias", "file_format", "on_schema_change", "partition_by")
"""What says nothing of a view."""
_CALLED: Final = {
    "alias": "path",
    "description": "description",
    "file_format": "format",
    "on_schema_change": "on_schema_change",
    "partition_by": "partition_by",
    "tags": "tags",
}
"""What conf/jobs calls it."""
_WHOLE: Final = (
    "The table is made whole in each run; for parts say `incremental: {{by: …}}` in conf/jobs/{name}.yml"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of one model, in its file, in a properties file, and for its folder."""

    name: str
    place: str
    """Its file, and the line where it begins."""
    file: Settings
    properties: Settings
    folder: Settings
    tested: bool
    """Whether it has data tests."""

    @property
    def all(self) -> Settings:
        """What holds: the file wins, tags add up."""
        tags = [
            str(tag) for one in (self.folder, self.properties, self.file) for tag in listed(one.get("tags"))
        ]
        whole = {**self.folder, **self.properties, **self.file}
        return {**whole, "tags": tuple(dict.fromkeys(tags))} if tags else whole

    @property
    def kind(self) -> str:
        """What dbt makes of it."""
        return str(self.all.get("materialized", "view"))


@dataclass(frozen=True, slots=True)
class Home:
    """Where the settings of a model stand here."""

    file: frozenset[str]
    """The keys that stay in its file."""
    properties: frozenset[str]
    """Those that stay in its properties file."""
    conf: Mapping[str, Plain]
    """What conf/jobs says."""


def home(said: Said, remarks: Remarks) -> Home:
    """Where what is `said` of a model stands here; what cannot be said is told."""
    kind = _kind_here(said, remarks)
    is_view = kind in VIEWS
    stays: dict[str, set[str]] = {"file": set(), "properties": set()}
    conf: dict[str, Plain] = {}
    output: dict[str, Plain] = {}
    if place := _place_of_kind(said, kind):
        stays[place] |= {key for key in KIND if key in said.all}
    elif is_view:
        conf["output"] = "view"
    else:
        output |= _changes(said, kind)
    for key in KEPT:
        value = said.all.get(key)
        if value is None or (is_view and key in OF_TABLES) or (key == "file_format" and value not in FORMATS):
            continue
        if place := _place_of(said, key):
            stays[place].add(key)
        elif key == "partition_by":
            output["partition_by"] = listed(value)
        elif key == "file_format":
            output["format"] = value
        else:
            conf[key] = _tags(value) if key == "tags" else value
    if not is_view:
        output |= _elsewhere(said)
    if output:
        conf["output"] = output
    remarks += _moved(said, stays, conf)
    return Home(frozenset(stays["file"]), frozenset(stays["properties"]), conf)


def _moved(said: Said, stays: Mapping[str, set[str]], conf: Mapping[str, Plain]) -> Iterator[Remark]:
    """What is said of a model at another place than in dbt."""
    output = conf.get("output")
    told = {**conf, **output} if isinstance(output, dict) else conf
    here = {key for key, ours in _CALLED.items() if ours in told}
    here |= set(KIND) if "mode" in told or output == "view" else set()
    moved = here & ({*said.file} | {*said.properties}) - stays["file"] - stays["properties"]
    if moved:
        keys = ", ".join(f"`{key}`" for key in sorted(moved))
        yield Remark(said.place, f"{said.name}: conf/jobs/{said.name}.yml says its {keys}")


def _kind_here(said: Said, remarks: Remarks) -> str:
    """What it is here; where that is not what dbt makes of it, the reason is told."""
    kind = said.kind
    if kind in VIEWS and said.tested:
        told = f"{said.name} is a {kind} with tests: here it is a table, for a view has no rows to judge"
        remarks.append(Remark(said.place, told))
        return "table"
    if kind == "incremental" and (problem := _no_increment(said)):
        remarks.append(Remark(said.place, f"{said.name}: {problem}", _WHOLE.format(name=said.name)))
        return "table"
    if kind not in (*VIEWS, "table", "incremental"):
        told = f"{said.name}: `materialized: {kind}` is not known here; it is a table"
        remarks.append(Remark(said.place, told, "See whether a table does as well"))
        return "table"
    return kind


def _no_increment(said: Said) -> str:
    """Why the table of an incremental model cannot be added to as dbt does it; empty if it can."""
    strategy = str(said.all.get("incremental_strategy") or _usual(said))
    keys = listed(said.all.get("unique_key"))
    match strategy:
        case "merge" if not keys:
            return "a merge without `unique_key` appends, so a run that is repeated would double rows"
        case "merge" if odd := next((one for one in keys if not re.fullmatch(r"\w+", str(one))), None):
            return f"`unique_key` is no column: {odd!r}"
        case "merge":
            return ""
        case "insert_overwrite" if not said.all.get("partition_by"):
            return "`insert_overwrite` without `partition_by` replaces the whole table by what is new"
        case "insert_overwrite":
            return ""
        case "append":
            return "it appends what its filter lets through, so a run that is repeated could double rows"
    return f"`incremental_strategy: {strategy}` has no equal"


def _usual(said: Said) -> str:
    return "merge" if listed(said.all.get("unique_key")) else "append"


def _place_of_kind(said: Said, kind: str) -> str:
    """Where all that says how the table changes may stay; empty where it may not."""
    wanted = {key for key in KIND if key in said.all}
    fits = kind == said.kind and (kind == "incremental" or wanted == {"materialized"})
    named = "unique_key" in said.all or said.all.get("incremental_strategy") == "insert_overwrite"
    places = {"file": said.file, "properties": said.properties}
    strongest = [next(where for where in _order(said) if key in where[1])[0] for key in wanted]
    place = strongest[0] if strongest and len(set(strongest)) == 1 else ""
    if not fits or place not in places or (kind == "incremental" and not named):
        return ""
    return place


def _order(said: Said) -> tuple[tuple[str, Settings], ...]:
    return ("file", said.file), ("properties", said.properties), ("folder", said.folder)


def _place_of(said: Said, key: str) -> str:
    """The same for a single key."""
    places = [name for name, one in _order(said) if key in one]
    if key == "tags" and (
        len(places) > 1 or not all(re.fullmatch(NAME, str(one)) for one in listed(said.all[key]))
    ):
        return ""
    fits = all(isinstance(one, str) for one in listed(said.all[key]))
    return places[0] if places[0] != "folder" and fits else ""


def _changes(said: Said, kind: str) -> dict[str, Plain]:
    """The mode of an incremental model."""
    if kind != "incremental":
        return {}
    if said.all.get("incremental_strategy") == "insert_overwrite":
        return {"mode": "overwrite_partitions"}
    return {"mode": "merge", "keys": listed(said.all.get("unique_key"))}


def _elsewhere(said: Said) -> Iterator[tuple[str, Plain]]:
    """What only conf says of a table."""
    alias = said.all.get("alias")
    if isinstance(alias, str) and re.fullmatch(NAME, alias):
        yield "path", f"${{warehouse}}/{alias}"
    wider = WIDER.get(str(said.all.get("on_schema_change")))
    if wider == "add_columns":
        yield "on_schema_change", wider


def _tags(value: Plain) -> tuple[Plain, ...]:
    """Tags as names of ours."""
    return tuple(dict.fromkeys(name_of(str(one)) for one in listed(value)))


def name_of(text: str) -> str:
    """`text` as a name of ours: a letter or `_` first, then these and digits."""
    named = re.sub(r"\W", "_", text, flags=re.ASCII)[:100]
    return named if re.fullmatch(NAME, named) else f"_{named}"[:100]
