"""Models: their SQL, what conf/jobs says of them, and their properties files as they are read here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from sparkjobs.config.node import MistakeError, Node, Plain, members, parse, plain
from sparkjobs.dbt_projects.blocks import block
from sparkjobs.dbt_projects.checks import Graph, Judged, is_tested, judged
from sparkjobs.dbt_projects.model import Names, Remark, Remarks, Text
from sparkjobs.dbt_projects.project import Project
from sparkjobs.dbt_projects.properties import File
from sparkjobs.dbt_projects.reading import entries, having, key_place, place, said, without
from sparkjobs.dbt_projects.rewriting import Read, config_of, rewritten
from sparkjobs.dbt_projects.settings import Home, Said, home
from sparkjobs.dbt_projects.unsaid import unsaid
from sparkjobs.suites.writing import Functions

_MODEL: Final = frozenset(
    {
        "columns",
        "config",
        "constraints",
        "data_tests",
        "data_type",
        "description",
        "docs",
        "meta",
        "name",
        "quote",
    }
) | {"tests"}
_COLUMN: Final = _MODEL - {"columns", "config"}
_UNSAID: Final = frozenset(
    {"access", "config", "deprecation_date", "docs", "group", "latest_version", "tags"}
)
_HEAD: Final = "# From {path}, without what stands elsewhere here.\n"


@dataclass(frozen=True, slots=True)
class Model:
    """A model as it is taken over."""

    name: str
    path: str
    """Its file below `jobs/`."""
    text: str
    read: Read
    home: Home
    node: Node | None
    """Its entry in a properties file, as it can stand here but for tests."""


def model_of(file: Text, node: Node | None, project: Project, names: Names, remarks: Remarks) -> Model | None:
    """The model of a file, with its entry at `node`; None where it is switched off."""
    name = names.models[file.name]
    told = Said(
        name=name,
        place=f"{file.path}:1",
        file=config_of(file, remarks),
        properties=_config(node),
        folder=project.of("models", file.folders, file.name),
        tested=is_tested(node),
    )
    if told.all.get("enabled") is False:
        remarks.append(Remark(told.place, f"{name} is not enabled, and did not come along"))
        return None
    if name != file.name:
        remarks.append(
            Remark(told.place, f"{file.name} is called {name}, for a job's name is one of Python's")
        )
    remarks += unsaid(told)
    found = home(told, remarks)
    text, read = rewritten(file, names, remarks, found.file)
    path = (*file.folders, f"{name}.sql")
    return Model(name, "/".join(path), text.lstrip("\n"), read, found, _entry(node, name, found, remarks))


def confs(
    models: Mapping[str, Model], names: Names, functions: Functions, remarks: Remarks
) -> tuple[Mapping[str, str], Mapping[str, Node]]:
    """What conf/jobs says of each of `models`, and their entries in properties files."""
    graph = Graph({name: set(one.read.refs) for name, one in models.items()})
    texts, nodes = {}, {}
    for name, model in models.items():
        done = Judged(model.node, "") if model.node is not None else None
        if model.node is not None and is_tested(model.node):
            done = judged(name, model.node, names, graph, functions, remarks)
        if done is not None:
            nodes[name] = done.node
        text = (block(dict(model.home.conf)) if model.home.conf else "") + (done.conf if done else "")
        if text:
            texts[name] = text
    return texts, nodes


def properties_of(file: File, nodes: Mapping[str, Node], names: Names) -> str:
    """The text of a properties file here: its own, where all of it may stand; empty where nothing may."""
    kept = [
        nodes[here]
        for name, _ in entries(file.tree, "models")
        if (here := names.models.get(name, "")) in nodes
    ]
    if not kept:
        return ""
    models = members(file.tree)["models"]
    tree = without(file.tree, *(key for key in members(file.tree) if key not in ("models", "version")))
    whole = having(tree, "models", replace(models, value=tuple(kept)))
    try:
        if plain(parse(file.path, file.text.encode())) == plain(whole):
            return file.text
    except MistakeError:
        pass
    return _HEAD.format(path=file.path) + block(plain(whole))


def _config(node: Node | None) -> Mapping[str, Plain]:
    """What a properties file says of a model's settings: under `config`, and two of them beside it."""
    found = said(node, "config")
    tags = members(node).get("tags")
    return {**found, **({"tags": plain(tags)} if tags is not None else {})}


def _entry(node: Node | None, name: str, found: Home, remarks: Remarks) -> Node | None:
    """An entry of a properties file with the keys that may stand here."""
    if node is None:
        return None
    remarks += _strange(node, _MODEL, name)
    config = members(node).get("config")
    kept = without(node, *(key for key in members(node) if key not in _MODEL))
    if config is not None:
        gone = (key for key in members(config) if key.removeprefix("+") not in found.properties)
        left = without(config, *gone)
        kept = having(kept, "config", left) if members(left) else without(kept, "config")
    kept = having(kept, "name", Node(name, node.mark))
    columns = members(kept).get("columns")
    if columns is None or not isinstance(columns.value, tuple):
        return without(kept, "columns")
    several = []
    for column, one in entries(kept, "columns"):
        remarks += _strange(one, _COLUMN, f"{name}.{column}")
        several.append(without(one, *(key for key in members(one) if key not in _COLUMN)))
    return having(kept, "columns", replace(columns, value=tuple(several)))


def _strange(node: Node, known: frozenset[str], name: str) -> Iterator[Remark]:
    for key in members(node):
        if key == "versions":
            fix = "Give each version a model of its own name"
            yield Remark(key_place(node, key), f"{name}: `versions` did not come along", fix)
        elif key not in known | _UNSAID:
            yield Remark(
                place(node),
                f"{name}: `{key}` did not come along",
                "It is not known here: see whether it matters",
            )
