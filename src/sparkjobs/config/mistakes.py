"""What a model refuses, in the words of who wrote the conf: one line each, with its place."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sparkjobs.config.model import Model, keys_at
from sparkjobs.config.node import Mark, Node, find, plain, written
from sparkjobs.config.output import Mode

_SHOWN = 60
"""Characters of a wrong value that a message repeats."""

_WANTED = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "float_type": "a number",
    "int_type": "a whole number",
    "mapping_type": "a mapping",
    "model_attributes_type": "a mapping",
    "model_type": "a mapping",
    "string_type": "text",
    "tuple_type": "a list",
}


def problems(model: type[Model], node: Node) -> list[tuple[Mark, str]]:
    """Everything in `node` that `model` refuses, and where it was written."""
    try:
        model.model_validate(plain(node))
    except ValidationError as error:
        return [_problem(model, node, one) for one in error.errors()]
    return []


def one_line(text: str) -> str:
    """`text` with whatever would break the line, or drive a terminal, spelled out."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def guess(name: str, known: Iterable[str], otherwise: str) -> str:
    """The known name nearest to `name`, as the end of a message; `otherwise` all of them."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"{otherwise} {', '.join(names) or 'none'}"


def told_of(name: str, one: ErrorDetails) -> str:
    """What is wrong with the value of `name` itself."""
    last = next((str(part) for part in reversed(one["loc"]) if isinstance(part, str)), name)
    return _told(name, last, (), one)


def _problem(model: type[Model], node: Node, one: ErrorDetails) -> tuple[Mark, str]:
    location = tuple(one["loc"])
    if location and location[-1] == "[key]":
        return find(node, location[:-1]), f"{_shown(one['input'])} {_unfit(one)}"
    above = [part for part in written(node, location[:-1]) if isinstance(part, str)]
    owner = above[-1] if above else "the file"
    last = location[-1] if location and isinstance(location[-1], str) else owner
    keys = keys_at(model, location[:-1])
    if last in get_args(Mode):  # the tag of `output`, which nobody wrote there
        last = owner
    return find(node, _tagged(location, one)), _told(owner, last, keys, one)


def _tagged(location: tuple[str | int, ...], one: ErrorDetails) -> tuple[str | int, ...]:
    """The place of a tag that is none, which pydantic says of the mapping around it."""
    if one["type"] != "union_tag_invalid":
        return location
    return (*location, _quoted(one["ctx"]["discriminator"])[0])


def _told(owner: str, last: str, keys: tuple[str, ...], one: ErrorDetails) -> str:
    given = _shown(one["input"])
    match one["type"]:
        case "extra_forbidden":
            told = f"{str(one['loc'][-1])!r} is not a key of {owner}; {guess(last, keys, 'it has')}"
        case "missing":
            told = f"{owner} lacks {str(one['loc'][-1])!r}"
        case "union_tag_not_found":
            told = f"{last} lacks {one['ctx']['discriminator']}"
        case "union_tag_invalid":
            tag, key = str(one["ctx"]["tag"]), _quoted(one["ctx"]["discriminator"])[0]
            told = f"{tag!r} is not a {key}; {guess(tag, _quoted(one['ctx']['expected_tags']), 'there is')}"
        case "literal_error":
            near = guess(str(one["input"]), _quoted(one["ctx"]["expected"]), "it can be")
            told = f"{last}: {given} is not known; {near}"
        case "string_pattern_mismatch" | "string_too_short" | "string_too_long":
            told = f"{last}: {given} {_unfit(one)}"
        case "too_short":
            told = f"{last}: must not be empty"
        case "value_error":
            told = f"{last}: {one['ctx']['error']!s}"
        case kind if kind in _WANTED:
            told = f"{last}: must be {_WANTED[kind]}, not {given}"
        case _:
            told = f"{last}: {one['msg'][:1].lower()}{one['msg'][1:]}, not {given}"
    return told


def _quoted(text: str) -> list[str]:
    return re.findall(r"'([^']+)'", text)


def _unfit(one: ErrorDetails) -> str:
    match one["type"]:
        case "string_too_short":
            return "is too short"
        case "string_too_long":
            return "is too long"
        case _ if "A-Za-z" in one["ctx"]["pattern"]:
            return "is not a name: letters, digits and _, at most 100, no digit first"
        case _:
            return "holds a control character"


def _shown(given: object) -> str:
    text = repr(given)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
