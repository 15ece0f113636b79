"""Values as YAML of several lines, as people write it; read back, it is what was meant."""

from collections.abc import Iterable, Iterator

from sparkjobs.config.inline import inline
from sparkjobs.config.node import Plain, parse, plain

_WIDTH = 100


def block(value: Plain) -> str:
    """`value` in YAML's block style; what fits on a line stands on it where it is deep enough."""
    text = "".join(f"{line}\n" for line in _lines(value))
    return text if plain(parse("block", text.encode())) == value else f"{inline(value)}\n"


def _lines(value: Plain) -> Iterator[str]:
    match value:
        case dict() if value:
            for key, one in value.items():
                yield from _entry(f"{inline(key)}:", one)
        case tuple() if value:
            for one in value:
                first, *more = _lines(one)
                yield f"- {first}"
                yield from _deeper(more)
        case _:
            yield inline(value)


def _entry(key: str, value: Plain) -> Iterator[str]:
    if isinstance(value, str) and "\n" in value.strip("\n") and _is_literal(value):
        yield f"{key} {'|' if value.endswith(chr(10)) else '|-'}"
        yield from _deeper(value.removesuffix("\n").split("\n"))
        return
    short = f"{key} {inline(value)}"
    if not isinstance(value, dict | tuple) or (len(short) <= _WIDTH and not _has_blocks(value)):
        yield short
        return
    yield key
    yield from _deeper(_lines(value))


def _deeper(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" if line else "" for line in lines)


def _has_blocks(value: dict[str, Plain] | tuple[Plain, ...]) -> bool:
    """Whether it is better told on lines of its own: it holds more than values and lists of values."""
    several = value if isinstance(value, tuple) else tuple(value.values())
    deep = dict if isinstance(value, dict) else dict | tuple
    within = (inner for one in several if isinstance(one, tuple) for inner in one)
    return any(isinstance(one, deep) or (isinstance(one, str) and "\n" in one) for one in several) or any(
        isinstance(one, dict | tuple) for one in within
    )


def _is_literal(text: str) -> bool:
    lines = text.split("\n")
    return not text.startswith((" ", "\n")) and all(
        one.isprintable() and one == one.rstrip() for one in lines
    )
