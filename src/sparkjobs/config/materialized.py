"""What dbt's `config` of a model says, as the conf of a job."""

from collections.abc import Mapping
from typing import Final

from sparkjobs.config.mistakes import guess
from sparkjobs.config.node import Mark, MistakeError, Node, nested
from sparkjobs.sql_models import FlawError

VIEW: Final = "view"
"""What `output` says of a model that is no table."""
_KEPT = {
    "partition_by": ("output", "partition_by"),
    "file_format": ("output", "format"),
    "unique_key": ("output", "keys"),
    "tags": ("tags",),
    "description": ("description",),
}
_STRATEGIES = {"append": "append", "merge": "merge", "insert_overwrite": "overwrite_partitions"}
_KINDS = ("ephemeral", "incremental", "table", "view")
_KEYS = (*_KEPT, "incremental_strategy", "materialized")
_OF_INCREMENTAL = ("incremental_strategy", "unique_key")
_LISTS = ("partition_by", "tags", "unique_key")


def configured(shown: str, text: str) -> Node | None:
    """The conf of a job that the template `text`, in the file `shown`, says itself.

    Raises:
        MistakeError: it says what means nothing here.
    """
    from sparkjobs.sql_models.template import settings_of  # noqa: PLC0415 (a project without SQL does not pay for it)

    nodes: dict[str, Node] = {}
    try:
        for one in settings_of(text):
            mark = Mark(shown, one.line, 1)
            if one.key in nodes:
                raise MistakeError(mark, f"{one.key!r} stands at {nodes[one.key].mark} too")
            nodes[one.key] = _node(one.value, mark)
    except FlawError as flaw:
        raise MistakeError(Mark(shown, flaw.line, flaw.column), str(flaw)) from flaw
    return job_of(nodes, {key: node.mark for key, node in nodes.items()})


def _node(value: object, mark: Mark) -> Node:
    if isinstance(value, list | tuple):
        return Node(tuple(_node(one, mark) for one in value), mark)
    return Node(value if isinstance(value, str | int | float) else str(value), mark, quoted=True)


def job_of(settings: Mapping[str, Node], keys: Mapping[str, Mark]) -> Node | None:
    """The conf of a job as `settings` say it, with the places of their `keys`; None where they say nothing.

    Raises:
        MistakeError: a key or its value means nothing here.
    """
    for key in settings:
        if key not in _KEYS:
            raise MistakeError(keys[key], f"{key!r} is not a key of config; {guess(key, _KEYS, 'it has')}")
    kind, place = _word(settings, keys, "materialized", _KINDS, "table")
    strategy, chosen = _word(settings, keys, "incremental_strategy", tuple(_STRATEGIES), "")
    parts: list[Node] = []
    if place and kind in ("view", "ephemeral"):
        parts.append(nested(("output",), Node(VIEW, place)))
    elif place and kind == "incremental":
        keyed = "merge" if "unique_key" in settings else "append"
        parts.append(nested(("output", "mode"), Node(_STRATEGIES.get(strategy, keyed), chosen or place)))
    for key in _OF_INCREMENTAL:
        if key in settings and kind != "incremental":
            raise MistakeError(keys[key], f"{key!r} is of `materialized: incremental`")
    for key, path in _KEPT.items():
        if key in settings:
            parts.append(nested(path, Node(_listed(key, settings[key]).value, keys[key])))
    return _together(parts)


def _together(parts: list[Node]) -> Node | None:
    whole = None
    for part in parts:
        whole = joined(whole, part) if whole else part
    return whole


def joined(base: Node, over: Node, path: tuple[str, ...] = ()) -> Node:
    """`base` and `over`, which say different things of one job.

    Raises:
        MistakeError: they say the same thing.
    """
    if isinstance(base.value, Mapping) and isinstance(over.value, Mapping):
        members, keys = dict(base.value), dict(base.keys)
        for key, node in over.value.items():
            if key in members:
                members[key] = joined(_at(members[key], keys[key]), _at(node, over.keys[key]), (*path, key))
            else:
                members[key], keys[key] = node, over.keys[key]
        return Node(members, base.mark, keys)
    told = ".".join(path)
    raise MistakeError(over.mark, f"{told!r} stands at {base.mark} too; say it in one place")


def _at(node: Node, mark: Mark) -> Node:
    return Node(node.value, mark, node.keys, node.quoted)


def _word(
    settings: Mapping[str, Node], keys: Mapping[str, Mark], key: str, known: tuple[str, ...], default: str
) -> tuple[str, Mark | None]:
    node = settings.get(key)
    if node is None:
        return default, None
    if node.value not in known:
        near = guess(str(node.value), known, "it can be")
        raise MistakeError(keys[key], f"{key}: {node.value!r} is not known; {near}")
    return str(node.value), keys[key]


def _listed(key: str, node: Node) -> Node:
    """A list of one where dbt takes a word for it."""
    return Node((node,), node.mark) if key in _LISTS and isinstance(node.value, str) else node
