"""Values of conf on their way into SQL text: opaque to a template, and quoted where they come out."""

import re
from collections.abc import Iterator
from typing import Final, NoReturn

from sparkjobs.sql_models.model import FlawError

MARK: Final = "\x1e"
"""Stands around the number of a value in a rendered text. No file may hold it."""
_NUMBER = re.compile(f"{MARK}([0-9]+){MARK}")
_PIECES = re.compile(
    r"""
    (?P<comment> --(?:\\(?:\x1f[^\x1f]*\x1f)?\n|[^\n])* | /\*.*?\*/ )
    | (?P<raw> (?<!\w)[rR](?:'[^']*'|"[^"]*") ) | (?P<dollars> \$\w*\$ )
    | '(?P<text>(?:[^'\\]|\\.)*)'
    | (?P<name> "(?:[^"\\]|\\.)*" | `[^`]*` )
    | \x1e(?P<value>[0-9]+)\x1e
    """,
    re.VERBOSE | re.DOTALL,
)
_NOT_IN = {
    "comment": "a value in a comment could end it; leave it out",
    "raw": "a value in a raw text could end it; write it between plain quotes",
    "dollars": "a value between dollars could end them; write it between plain quotes",
    "name": "a value between \" or ` is no name; write `| identifier` after it, or quote it with '",
}


class Opaque:
    """A text that a template can compare and pass on, but not read: it comes out as a literal."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __eq__(self, other: object) -> bool:
        return self._text == (other._text if isinstance(other, Opaque) else other)

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __str__(self) -> NoReturn:
        raise TypeError("a value of conf cannot become part of a text; write {{ … }} where it belongs")

    __repr__ = __str__


def text_of(value: Opaque) -> str:
    """What `value` holds, for code that quotes it."""
    return value._text  # noqa: SLF001 (a template's sandbox keeps it from there)


def escaped(text: str) -> str:
    """`text` as it stands between single quotes, whatever it holds."""
    text = text.replace("\\", "\\\\").replace("'", "\\'")
    # control characters for our marks, ${ for settings, which Spark puts into a text before it reads it
    return re.sub(r"[\x00-\x1f]|\$(?=\{)", lambda found: f"\\u{ord(found[0]):04x}", text)


def identifier(name: str) -> str:
    """`name` as one SQL identifier, whatever it holds."""
    return "`" + name.replace("`", "``") + "`"


def literal(value: Opaque | float) -> str:
    """`value` as a SQL literal."""
    return f"'{escaped(text_of(value))}'" if isinstance(value, Opaque) else bare(value)


def bare(value: Opaque | float) -> str:
    """`value` as it stands within quotes."""
    if isinstance(value, Opaque):
        return escaped(text_of(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def put_in(rendered: str, values: list[Opaque | float]) -> str:
    """`rendered` with its marked values as SQL.

    Raises:
        FlawError: one stands where it cannot be quoted; the line is that of `rendered`.
    """
    done = "".join(_put(rendered, values))
    if (cut := done.find(MARK)) >= 0:
        raise FlawError(done.count("\n", 0, cut) + 1, 1, "a value was cut apart by a filter")
    return done


def _nested(piece: str) -> bool:
    return piece.startswith("/*") and "/*" in piece[2:]


def _put(rendered: str, values: list[Opaque | float]) -> Iterator[str]:
    end = 0
    for found in _PIECES.finditer(rendered):
        yield rendered[end : found.start()]
        end = found.end()
        kind, inner = str(found.lastgroup), found[found.lastgroup or 0]
        if kind == "value":
            value = literal(values[int(inner)])
            # two dashes would begin a comment
            yield f" {value}" if value.startswith("-") and rendered[: found.start()].endswith("-") else value
        elif kind == "text":
            yield "'" + _NUMBER.sub(lambda one: bare(values[int(one[1])]), inner) + "'"
        elif MARK in inner or (values and (kind == "dollars" or _nested(inner))):
            line = rendered.count("\n", 0, found.start() + max(inner.find(MARK), 0)) + 1
            raise FlawError(line, 1, _NOT_IN[kind])
        else:
            yield inner
    yield rendered[end:]
