"""Values of conf on their way into SQL text: opaque to a template, and quoted where they come out."""

import re
from collections.abc import Iterator
from typing import Final, Literal, NoReturn

from sparkjobs.sql_models.model import FlawError

MARK: Final = "\x01"
"""Stands around the number of a value in a rendered text. No text of a template may hold it."""
_NUMBER = re.compile(f"{MARK}([0-9]+){MARK}")
_PIECES = re.compile(
    r"""
    (?P<comment> --(?:\\\n|[^\n])* | (?<!\*)/\*(?!\+).*?\*/ )
    | (?P<unclear> (?<=[0-9])[rR]['"] | (?<=\w):// )
    | (?P<raw> (?<!\w)[rR](?:'[^']*'|"[^"]*") ) | (?P<dollars> \$\w*\$ )
    | '(?P<text>(?:[^'\\]|\\.)*)'
    | (?P<name> "(?:[^"\\]|\\.)*" | `[^`]*` )
    | \x01(?P<value>[0-9]+)\x01
    | (?P<open> ['"`] | (?<!\*)/\*(?!\+) )
    """,
    re.VERBOSE | re.DOTALL,
)
_JOINS = re.compile(r"[\w'\"`\x01]")
"""What stands beside a value in code and would make one word of both: Spark reads 'a''b' as a'b."""
_WORD = re.compile(r"\w")
_BESIDE = "a value right beside a word, a quote or a value could change what it says; write a space there"
_OPAQUE = "a value of conf cannot become part of a text; write {{ … }} where it belongs"
_NOT_IN = {
    "comment": "a value in a comment could end it; leave it out",
    "raw": "a value in a raw text could end it; write it between plain quotes",
    "dollars": "a value between dollars could end them; write it between plain quotes",
    "name": "a value between \" or ` is no name; write `| identifier` after it, or quote it with '",
}


class UnreadableError(Exception):
    """A template would read what it can only pass on."""


class Opaque:
    """What a template can pass on, but not read.

    A `text` of conf comes out as a literal, and can be compared. A `name` comes out as an identifier.
    A `sql` is a part of the template that was rendered already and holds values; it comes out as it is.
    """

    __slots__ = ("_kind", "_text")

    def __init__(self, text: str, kind: Literal["text", "name", "sql"] = "text") -> None:
        self._text = text
        self._kind = kind

    def __eq__(self, other: object) -> bool:
        if self._kind != "text":
            raise UnreadableError(_OPAQUE)
        return self._text == (other._text if isinstance(other, Opaque) else other)

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __str__(self) -> NoReturn:
        raise UnreadableError(_OPAQUE)

    __repr__ = __int__ = __float__ = __len__ = __iter__ = __str__


Value = Opaque | float


def text_of(value: Opaque) -> str:
    """What `value` holds, for code that quotes it."""
    return value._text  # noqa: SLF001 (a template's sandbox keeps it from there)


def kind_of(value: Opaque) -> str:
    """How `value` comes out."""
    return value._kind  # noqa: SLF001


def escaped(text: str) -> str:
    """`text` as it stands between single quotes, whatever it holds."""
    text = text.replace("\\", "\\\\").replace("'", "\\'")
    return re.sub(r"[\x00-\x1f]", lambda found: f"\\u{ord(found[0]):04x}", text)


def identifier(name: str) -> str:
    """`name` as one SQL identifier, whatever it holds."""
    return "`" + name.replace("`", "``") + "`"


def literal(value: Value) -> str:
    """`value` as SQL."""
    if not isinstance(value, Opaque):
        return bare(value)
    return identifier(text_of(value)) if kind_of(value) == "name" else f"'{escaped(text_of(value))}'"


def bare(value: Value) -> str:
    """`value` as it stands within quotes."""
    if isinstance(value, Opaque):
        return escaped(text_of(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def put_in(rendered: str, values: list[Value]) -> str:
    """`rendered` with its marked values as SQL, on as many lines.

    Raises:
        FlawError: one stands where it cannot be quoted; the line is that of `rendered`.
    """
    return "".join(_put(rendered, values)) if values else rendered


def _put(rendered: str, values: list[Value]) -> Iterator[str]:
    end = 0
    for found in _PIECES.finditer(rendered):
        yield rendered[end : found.start()]
        end = found.end()
        if problem := _problem(found, values):
            inner = found[found.lastgroup or 0]
            raise FlawError(rendered.count("\n", 0, found.start() + max(inner.find(MARK), 0)) + 1, 1, problem)
        if found.lastgroup == "value":
            value = literal(values[int(found["value"])])
            # two dashes would begin a comment
            yield f" {value}" if value.startswith("-") and _before(found) == "-" else value
        else:
            yield _NUMBER.sub(lambda one: bare(values[int(one[1])]), found[0])
    yield rendered[end:]


def _before(found: re.Match[str]) -> str:
    return found.string[max(found.start() - 1, 0) : found.start()]


def _problem(found: re.Match[str], values: list[Value]) -> str | None:
    """Why nothing may be put into this piece of SQL, if there is anything to put."""
    kind = str(found.lastgroup)
    inside = [values[int(number)] for number in _NUMBER.findall(found[0])]
    texts = [one for one in inside if isinstance(one, Opaque)]
    match kind:
        case "value":
            after = found.string[found.end() : found.end() + 1]
            if _JOINS.match(_before(found)) or _JOINS.match(after):
                return _BESIDE
        case "text":
            if inside and _WORD.match(_before(found)):
                return _BESIDE
            if any(kind_of(one) == "name" for one in texts):
                return "a name between ' is no name; leave the quotes out"
        case "open":
            return f"{found[0]} is never closed, so that it is not known where a value would stand"
        case "unclear":
            return f"{found[0]} right after a word reads in two ways; write a space between them, or quotes"
        case "dollars":
            return _NOT_IN[kind]
        case _:
            return _NOT_IN[kind] if texts or _nested(found[0]) else None
    return None


def _nested(piece: str) -> bool:
    return piece.startswith("/*") and "/*" in piece[2:]
