"""Jinja text of dbt's by its tokens: the calls in it, and the same text with some of them changed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from jinja2 import Environment, TemplateSyntaxError, meta, nodes

CALLED: Final = ("config", "env_var", "ref", "source", "var")
"""Words of dbt's whose calls are looked at."""
_OURS: Final = frozenset({"config", "is_incremental", "ref", "source", "this", "var"})
"""Words that templates have here."""
_BLANK: Final = ("whitespace",)
_OPENS, _CLOSES = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a template, from `start` to `end` of its text."""

    kind: str
    value: str
    start: int
    line: int

    @property
    def end(self) -> int:
        """Where the next one may begin."""
        return self.start + len(self.value)


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call: its key, if it has one, and its text where it is a constant."""

    key: str
    text: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Call:
    """A call of one of dbt's words."""

    word: str
    start: int
    end: int
    line: int
    arguments: tuple[Argument, ...]
    alone: tuple[int, int] | None
    """From where to where the `{{ }}` reaches in which nothing else stands."""
    between_quotes: bool
    """Whether an odd number of quotes stands before it on its line."""

    @property
    def texts(self) -> tuple[str, ...]:
        """Its arguments, where all of them are texts without a key."""
        plain = [one.text for one in self.arguments if not one.key and one.text is not None]
        return tuple(plain) if len(plain) == len(self.arguments) else ()


@dataclass(frozen=True, slots=True)
class Edit:
    """Other words for a part of a text."""

    start: int
    end: int
    text: str


def edited(text: str, edits: Iterable[Edit]) -> str:
    """`text` with `edits` made, of which none meets another."""
    pieces, end = [], 0
    for edit in sorted(edits, key=lambda one: one.start):
        pieces += [text[end : edit.start], edit.text]
        end = edit.end
    return "".join([*pieces, text[end:]])


def calls(text: str) -> tuple[Call, ...]:
    """The calls of dbt's words in a template; none where it is no template."""
    try:
        tokens = list(_tokens(text))
    except TemplateSyntaxError:
        return ()
    return tuple(_calls(tokens, text))


def strange(text: str) -> Iterator[tuple[int, str]]:
    """The words in a template that templates do not have here, each with the line where it stands first.

    Raises:
        TemplateSyntaxError: it is none.
    """
    tree = Environment(extensions=["jinja2.ext.do"]).parse(text)  # noqa: S701 (nothing is rendered)
    unknown = meta.find_undeclared_variables(tree) - _OURS
    told: set[str] = set()
    for word, line in _named(tree):
        if word.partition(".")[0] in unknown and word not in told:
            told.add(word)
            yield line, word


def _named(tree: nodes.Template) -> Iterator[tuple[str, int]]:
    """Names, with the one after their dot."""
    dotted = {
        id(one.node): f"{one.node.name}.{one.attr}"
        for one in tree.find_all(nodes.Getattr)
        if isinstance(one.node, nodes.Name)
    }
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load":
            yield dotted.get(id(name), name.name), name.lineno


def _tokens(text: str) -> Iterator[Token]:
    env = Environment(keep_trailing_newline=True)  # noqa: S701 (nothing is rendered)
    end = 0
    for _, kind, value in env.lex(text):
        start = text.index(value, end)  # white space that is stripped is no token
        yield Token(kind, value, start, text.count("\n", 0, start) + 1)
        end = start + len(value)


def _calls(tokens: list[Token], text: str) -> Iterator[Call]:
    code = [one for one in tokens if one.kind not in _BLANK]
    for index, token in enumerate(code[:-1]):
        before, after = code[index - 1] if index else None, code[index + 1]
        dotted = before is not None and before.value in (".", "|")
        if token.kind != "name" or token.value not in CALLED or dotted or after.value != "(":
            continue
        last = _closing(code, index + 1)
        if last is None:
            continue
        behind = code[last + 1] if last + 1 < len(code) else None
        around = (
            before is not None
            and before.kind == "variable_begin"
            and behind is not None
            and behind.kind == "variable_end"
        )
        alone = (before.start, behind.end) if around and before and behind else None
        opening = alone[0] if alone else token.start
        quotes = text.count("'", text.rfind("\n", 0, opening) + 1, opening)
        yield Call(
            token.value,
            token.start,
            code[last].end,
            token.line,
            tuple(_arguments(code[index + 2 : last], code[last].start)),
            alone,
            quotes % 2 == 1,
        )


def _closing(code: list[Token], opening: int) -> int | None:
    depth = 0
    for index in range(opening, len(code)):
        if code[index].kind == "operator":
            depth += (code[index].value in _OPENS) - (code[index].value in _CLOSES)
        if depth == 0:
            return index
    return None


def _arguments(code: list[Token], end: int) -> Iterator[Argument]:
    """The arguments that the tokens between two brackets make; each reaches to the next one's beginning."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in code:
        if token.kind == "operator":
            depth += (token.value in _OPENS) - (token.value in _CLOSES)
            if token.value == "," and depth == 0:
                parts.append([])
                continue
        parts[-1].append(token)
    full = [part for part in parts if part]
    for index, part in enumerate(full):
        until = full[index + 1][0].start if index + 1 < len(full) else end
        keyed = len(part) > 1 and part[0].kind == "name" and part[1].value == "="
        value = part[2:] if keyed else part
        constant = value[0].value[1:-1] if len(value) == 1 and value[0].kind == "string" else None
        yield Argument(part[0].value if keyed else "", constant, part[0].start, until)
