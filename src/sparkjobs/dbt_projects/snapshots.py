"""Snapshots: histories of keys, which are jobs of mode scd2 here."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from sparkjobs.config.node import Node, Plain, members
from sparkjobs.dbt_projects.model import Names, Remark, Remarks, Settings, Text
from sparkjobs.dbt_projects.project import Project, listed
from sparkjobs.dbt_projects.reading import said
from sparkjobs.dbt_projects.rewriting import Read, config_of, rewritten
from sparkjobs.dbt_projects.settings import name_of

_BLOCK: Final = re.compile(
    r"\{%[-+]?\s*snapshot\s+(?P<name>[\w-]+)\s*[-+]?%\}(?P<body>.*?)\{%[-+]?\s*endsnapshot\s*[-+]?%\}",
    re.DOTALL,
)
_HARD: Final = ("invalidate_hard_deletes", "hard_deletes")
_KNOWN: Final = frozenset(
    {"check_cols", "enabled", "invalidate_hard_deletes", "hard_deletes", "strategy", "tags", "unique_key"}
) | {
    "database",
    "meta",
    "schema",
    "snapshot_meta_column_names",
    "target_database",
    "target_schema",
    "updated_at",
}
_NAMES: Final = {"dbt_valid_from": "valid_from", "dbt_valid_to": "valid_to"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot as it is taken over."""

    name: str
    path: str
    text: str
    read: Read
    conf: Mapping[str, Plain]


def texts_of(files: Iterator[Text]) -> Iterator[Text]:
    """The SQL of each snapshot in `files`."""
    for file in files:
        for found in _BLOCK.finditer(file.text):
            above = "\n" * file.text.count("\n", 0, found.start("body"))
            yield replace(file, text=above + found["body"], called=found["name"])


def declared(nodes: Mapping[str, Node]) -> Iterator[Text]:
    """The same of snapshots that a properties file declares."""
    for name, node in nodes.items():
        relation = members(node).get("relation")
        if relation is not None and isinstance(relation.value, str):
            above = "\n" * (relation.mark.line - 1)
            sql = f"select * from {{{{ {relation.value} }}}}\n"  # noqa: S608 (a template, shut in when it is rendered)
            yield Text(node.mark.file, above + sql, called=name)


def snapshot_of(
    file: Text, node: Node | None, project: Project, names: Names, remarks: Remarks
) -> Snapshot | None:
    """The snapshot of a text, with its entry at `node`; None where it has no equal."""
    name, at = names.models[file.name], file.place
    folder = project.of("snapshots", file.folders, file.name)
    settings = {**folder, **said(node, "config"), **config_of(file, remarks)}
    if settings.get("enabled") is False:
        remarks.append(Remark(at, f"{name} is not enabled, and did not come along"))
        return None
    output = _output(name, at, settings, remarks)
    if output is None:
        return None
    remarks += _told(name, at, settings)
    text, read = rewritten(file, names, remarks, ())
    conf: dict[str, Plain] = {"output": output}
    if tags := listed(settings.get("tags")):
        conf["tags"] = tuple(dict.fromkeys(name_of(str(one)) for one in tags))
    description = members(node).get("description")
    if description is not None and isinstance(description.value, str):
        conf["description"] = description.value
    path = "/".join(("snapshots", *file.folders, f"{name}.sql"))
    return Snapshot(name, path, text.strip("\n") + "\n", read, conf)


def _output(name: str, at: str, settings: Settings, remarks: Remarks) -> dict[str, Plain] | None:
    """The mode of its table; None, and the reason told, where no mode does the same."""
    keys, since = listed(settings.get("unique_key")), settings.get("updated_at")
    if not keys or not all(re.fullmatch(r"\w+", str(one)) for one in keys):
        remarks.append(
            Remark(
                at,
                f"the snapshot {name} has no column as `unique_key`",
                "Make it a job of mode scd2 with `keys`",
            )
        )
        return None
    if not isinstance(since, str) or not re.fullmatch(r"\w+", since):
        told = (
            f"the snapshot {name} does not tell since when a row holds: `check` takes the moment of the run"
        )
        remarks.append(
            Remark(at, told, "Bring a column that says it, and make it a job of mode scd2 with `sequence_by`")
        )
        return None
    output: dict[str, Plain] = {"mode": "scd2", "keys": keys, "sequence_by": since}
    columns = listed(settings.get("check_cols"))
    if settings.get("strategy") != "check":
        output["track"] = (since,)
    elif columns != ("all",):
        output["track"] = columns
    called = settings.get("snapshot_meta_column_names")
    given = called if isinstance(called, dict) else {}
    return output | {ours: given.get(theirs, theirs) for theirs, ours in _NAMES.items()}


def _told(name: str, at: str, settings: Settings) -> Iterator[Remark]:
    yield Remark(
        at,
        f"{name} has `is_current` beside its dbt_valid_from and dbt_valid_to, and no dbt_scd_id",
    )
    if (
        settings.get("hard_deletes") in ("invalidate", "new_record")
        or settings.get("invalidate_hard_deletes") is True
    ):
        fix = (
            f"`delete_when`, or `absent_keys: close` where a run has whole snapshots, in conf/jobs/{name}.yml"
        )
        yield Remark(at, f"{name}: keys that are gone stay open", fix)
    for key in sorted(settings.keys() - _KNOWN):
        yield Remark(
            at, f"{name}: `{key}` is not known here", f"See whether conf/jobs/{name}.yml has a word for it"
        )
