"""What a page that goes from hand to hand must not tell: secrets, and passwords inside of addresses."""

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Final, TypeVar, cast

from sparkjobs.config.inline import inline
from sparkjobs.config.node import Plain
from sparkjobs.config.references import scrubbed
from sparkjobs.lineage import Node

HIDDEN: Final = "********"
_SECRET: Final = re.compile(
    r"passw|passphrase|pwd|secret|token|credential|private_?key|(api|access|account)_?key", re.IGNORECASE
)
_REFERENCE: Final = "${secret:"
_SHORTEST: Final = 4
_ADDRESS: Final = re.compile(r"(?<=://)[^\s/@:'\"]*:[^\s/@'\"]+(?=@)")

Value = TypeVar("Value")


def hidden(value: Value, secrets: frozenset[str] = frozenset()) -> Value:
    """`value` with nothing secret in any text of it, however deep in tuples and dataclasses.

    What is secret beside that which was revealed and passwords in addresses: each of `secrets`.
    """
    if isinstance(value, str):
        text = scrubbed(value)
        for secret in sorted(secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return cast("Value", _ADDRESS.sub(HIDDEN, text))
    if isinstance(value, tuple):
        return cast("Value", tuple(hidden(one, secrets) for one in value))
    # the names of jobs and sources are no secrets, whatever somebody has for a password
    if is_dataclass(value) and not isinstance(value, type | Node):
        parts = {one.name: hidden(getattr(value, one.name), secrets) for one in fields(value)}
        return replace(value, **parts)
    return value


def secrets_of(values: Mapping[str, object]) -> frozenset[str]:
    """The texts among `values` that are called secrets, as a query may have got them; not short ones."""
    return frozenset(
        one
        for key, value in values.items()
        if _SECRET.search(key)
        for one in (value if isinstance(value, list | tuple) else (value,))
        if isinstance(one, str) and len(one) >= _SHORTEST and not one.startswith(_REFERENCE)
    )


def told(values: Mapping[str, object]) -> str:
    """`key: value` for each of `values` as YAML writes it; nothing of what is called a secret."""
    return ", ".join(f"{key}: {_told(key, value)}" for key, value in values.items())


def _told(key: str, value: object) -> str:
    if _SECRET.search(key) and not str(value).startswith(_REFERENCE):
        return HIDDEN
    if isinstance(value, Mapping):
        return f"{{{told(value)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_told('', one) for one in value)}]"
    return inline(cast("Plain", value))
