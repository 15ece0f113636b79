"""`${…}` in conf: paths, the environment, and secrets that stay references until they are used.

`${name}` is a key of `paths:`, `${env:NAME}` and `${env:NAME:-default}` the environment,
`${secret:env:NAME}` and `${secret:file:/path}` secrets. A reference that is the whole unquoted
value takes the type its text has in YAML.
"""

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from sparkjobs.config.node import Scalar, scalar

_REFERENCE = re.compile(r"\$\{([^{}]*)\}")
_SHORTEST = 4
_revealed: set[str] = set()


class UnknownReferenceError(Exception):
    """A reference that leads nowhere; its text says so."""


def resolved(
    text: str, paths: Mapping[str, str], environment: Mapping[str, str], *, typed: bool = True
) -> Scalar:
    """`text` with every reference but secrets replaced; `typed` where a whole one may change its type.

    Raises:
        UnknownReferenceError: one of them leads nowhere.
    """
    if "${" in _REFERENCE.sub("", text):
        raise UnknownReferenceError(f"{text!r}: a reference ends with }} and holds no other")
    whole = _REFERENCE.fullmatch(text)
    replaced = _REFERENCE.sub(lambda match: _meaning(match[1], paths, environment), text)
    return scalar(replaced) if typed and whole and replaced != text else replaced


def revealed(text: str, environment: Mapping[str, str]) -> str:
    """`text` with its secrets in clear; from now on `scrubbed` knows them and each of their lines.

    What is shorter than four characters is never scrubbed: it stands in too many innocent texts.

    Raises:
        UnknownReferenceError: a secret is not where the reference says.
    """
    return _REFERENCE.sub(lambda match: _secret(match[1], environment), text)


def scrubbed(text: str) -> str:
    """`text` without the secrets that were revealed so far."""
    for secret in sorted(_revealed, key=len, reverse=True):
        text = text.replace(secret, "********")
    return text


def scrubbed_leaves(value: object) -> object:
    """`value` with each text in it scrubbed, however deep; numbers and keys stay what they are."""
    match value:
        case str():
            return scrubbed(value)
        case Mapping():
            return {key: scrubbed_leaves(member) for key, member in value.items()}
        case list() | tuple():
            return [scrubbed_leaves(item) for item in value]
        case _:
            return value


def _meaning(reference: str, paths: Mapping[str, str], environment: Mapping[str, str]) -> str:
    if reference.startswith("secret:"):
        return f"${{{reference}}}"
    if reference.startswith("env:"):
        name, given, default = reference.removeprefix("env:").partition(":-")
        if name in environment:
            return environment[name]
        if given:
            return default
        raise UnknownReferenceError(
            f"the environment has no {name!r}; `${{env:{name}:-default}}` allows that"
        )
    if reference in paths:
        return paths[reference]
    near = get_close_matches(reference, paths, n=1)
    hint = f"; did you mean '${{{near[0]}}}'?" if near else f"; `paths:` has {', '.join(sorted(paths))}"
    raise UnknownReferenceError(f"'${{{reference}}}' is not a key of `paths:`{hint}")


def _secret(reference: str, environment: Mapping[str, str]) -> str:
    kind, _, name = reference.removeprefix("secret:").partition(":")
    if kind == "env" and name in environment:
        secret = environment[name]
    elif kind == "file" and Path(name).is_file():
        secret = Path(name).read_text(encoding="utf-8").rstrip("\n")
    else:
        raise UnknownReferenceError(f"there is no secret at '${{{reference}}}'")
    written = json.dumps(secret, ensure_ascii=False)[1:-1]  # as samples of rows tell it
    told = (
        secret,
        repr(secret)[1:-1],
        written,
        *map(str.strip, secret.splitlines()),
    )  # a KeyError tells its repr
    _revealed.update(text for text in told if len(text) >= _SHORTEST)
    return secret
