"""Values as YAML on one line: what `parse` reads, written."""

import re
from typing import Final

from sparkjobs.config.node import Plain, scalar

_BYTE: Final = 0x100
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def inline(value: Plain) -> str:
    """`value` in YAML's flow style, on one line."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return value if _WORD.fullmatch(value) and scalar(value) == value else _in_quotes(value)
        case tuple():
            return f"[{', '.join(map(inline, value))}]"
        case dict():
            return f"{{{', '.join(f'{inline(key)}: {inline(one)}' for key, one in value.items())}}}"
    return repr(value)


def _in_quotes(text: str) -> str:
    if text.isprintable() and ("\\" in text or '"' in text):
        return "'" + text.replace("'", "''") + "'"
    letters = (letter if letter.isprintable() else _escaped(letter) for letter in text.replace("\\", "\\\\"))
    return '"' + "".join(letters).replace('"', '\\"') + '"'


def _escaped(letter: str) -> str:
    code = ord(letter)
    return "\\n" if letter == "\n" else f"\\x{code:02x}" if code < _BYTE else f"\\U{code:08x}"
