"""What a page that goes from hand to hand must not tell: secrets, and passwords inside of addresses."""

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Final, TypeVar, cast

from sparkjobs.config.inline import inline
from sparkjobs.config.node import Plain
from sparkjobs.config.references import scrubbed

HIDDEN: Final = "********"
_SECRET: Final = re.compile(
    r"passw|passphrase|pwd|secret|token|credential|private_?key|(api|access|account)_?key", re.IGNORECASE
)
_ADDRESS: Final = re.compile(r"(?<=://)[^\s/@:'\"]*:[^\s/@'\"]+(?=@)")

Value = TypeVar("Value")


def hidden(value: Value) -> Value:
    """`value` with nothing secret in any text of it, however deep in tuples and dataclasses."""
    if isinstance(value, str):
        return cast("Value", _ADDRESS.sub(HIDDEN, scrubbed(value)))
    if isinstance(value, tuple):
        return cast("Value", tuple(map(hidden, value)))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: hidden(getattr(value, one.name)) for one in fields(value)})
    return value


def told(values: Mapping[str, object]) -> str:
    """`key: value` for each of `values` as YAML writes it; nothing of what is called a secret."""
    return ", ".join(f"{key}: {_told(key, value)}" for key, value in values.items())


def _told(key: str, value: object) -> str:
    if _SECRET.search(key) and not str(value).startswith("${secret:"):
        return HIDDEN
    if isinstance(value, Mapping):
        return f"{{{told(value)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_told('', one) for one in value)}]"
    return inline(cast("Plain", value))
