"""Jinja in SQL files, rendered in a sandbox: values of conf stay values, and lines keep their numbers."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import isfinite
from traceback import extract_tb
from typing import NoReturn

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, Undefined, UndefinedError, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sparkjobs.sql_models.model import THIS, FlawError, Sql
from sparkjobs.sql_models.values import MARK, Opaque, UnreadableError, Value, kind_of, put_in, text_of

_LINE = "\x1f"
_DIGITS = "".join(map(chr, range(0x2000, 0x200A)))
"""Spaces that stand for digits: where a template strips white space, the mark of a line goes with its end."""
_NUMBER = re.compile(f"{_LINE}([{_DIGITS}]+){_LINE}")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f]")
_FORGED = re.compile(r"[\x00-\x08\x0b-\x1e]")
"""What no text has that a template makes; the marks of lines come with a part that was rendered already."""


class UnansweredError(Exception):
    """A name that a template asks for means nothing; the text says so."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the words of a template mean."""

    ref: Callable[..., str]
    source: Callable[..., str]
    var: Callable[..., object]


class _This:
    __slots__ = ()

    def __str__(self) -> NoReturn:
        raise TypeError("`this` is a table, which cannot become part of a text")

    __repr__ = __str__


@dataclass(frozen=True, slots=True)
class Setting:
    """One argument of a `config(…)`, and its line."""

    key: str
    value: object
    line: int


def settings_of(text: str) -> tuple[Setting, ...]:
    """What the calls of `config(…)` in a template say.

    Raises:
        FlawError: it is no template, or something there is not known before it is rendered.
    """
    return tuple(_settings(_parsed(text)))


def rendered(text: str, answers: Answers, *, incremental: bool) -> Sql:
    """The SQL that a template makes.

    Raises:
        FlawError: it fails, or puts a value where it could not be quoted.
    """
    values: list[Value] = []
    env = _environment(values, incremental=incremental)
    names = {
        "config": lambda **_: "",
        "is_incremental": lambda: incremental,
        "ref": answers.ref,
        "source": answers.source,
        "this": _This(),
        "var": answers.var,
    }
    try:
        made = env.from_string(_numbered(env, text), globals=names).render()
    except TemplateSyntaxError as error:
        raise FlawError(error.lineno, 1, str(error.message)) from error
    except Exception as error:  # a template is the user's code: anything may come
        raise FlawError(_line_of(error), 1, _told(error, names)) from error
    # without the marks of lines, which would stand between what Spark reads as one word
    sql = _settled(made if isinstance(made, str) else text_of(made))
    try:
        return Sql(put_in(sql.text, values), sql.lines)
    except FlawError as flaw:
        raise FlawError(sql.line_at(flaw.line), 1, str(flaw)) from flaw


class _Generator(CodeGenerator):
    """Sees to it that blocks of `call` and `filter` and recursive loops come out as `{{ … }}` does."""

    def start_write(self, frame: Frame, node: nodes.Node | None = None) -> None:
        super().start_write(frame, node)
        self.write("environment.finalize(")

    def end_write(self, frame: Frame) -> None:
        self.write(")")
        super().end_write(frame)

    def simple_write(self, s: str, frame: Frame, node: nodes.Node | None = None) -> None:
        """What a block wrote, which has come out already."""
        super().start_write(frame, node)
        self.write(s)
        super().end_write(frame)


class _Environment(ImmutableSandboxedEnvironment):
    """Whatever a template puts together of values cannot be read either."""

    code_generator_class = _Generator

    @staticmethod
    def concat(parts: Iterable[str]) -> str | Opaque:  # type: ignore[override]  # render() hands it on
        return _together("".join(parts))


def _together(text: str) -> str | Opaque:
    return Opaque(text, "sql") if MARK in text else text


def _environment(values: list[Value], *, incremental: bool) -> ImmutableSandboxedEnvironment:
    def out(value: object) -> str:
        match value:
            case str():
                return _printable(value)
            case None | bool():
                return "null" if value is None else str(value).lower()
            case Opaque():
                return text_of(value) if kind_of(value) == "sql" else _marked(values, value)
            case int() | float():
                return _counted(values, value)
            case Undefined():
                return str(value)
            case _This():
                if incremental:
                    return THIS
                raise UnansweredError("`this` is there only where is_incremental() is true")
            case _:
                raise TypeError(f"a {type(value).__name__} is no SQL; write `| join(', ')` after a list")

    def join(several: Iterable[object], between: str = "") -> str | Opaque:
        return _together(_printable(between).join(map(out, several)))

    env = _Environment(undefined=StrictUndefined, finalize=out, keep_trailing_newline=True, autoescape=False)
    env.globals.clear()
    env.filters |= {"identifier": _quoted, "join": join}
    del env.filters["random"]
    return env


def _printable(text: str) -> str:
    if _FORGED.search(text):
        raise UnansweredError("control characters are not allowed")
    return text


def _counted(values: list[Value], number: float) -> str:
    """`number`; a whole one may be part of a name, where 0.5, -5 and 1e+16 would be several words."""
    if isinstance(number, float) and not isfinite(number):
        raise UnansweredError(f"{number} is no number that SQL can write")
    return str(number) if isinstance(number, int) and number >= 0 else _marked(values, number)


def _marked(values: list[Value], value: Value) -> str:
    values.append(value)
    return f"{MARK}{len(values) - 1}{MARK}"


def _quoted(name: object) -> Opaque:
    text = text_of(name) if isinstance(name, Opaque) and kind_of(name) == "text" else str(name)
    if not text.isprintable():
        raise UnansweredError("a name holds a character that cannot be printed")
    return Opaque(text, "name")


def _parsed(text: str) -> nodes.Template:
    if found := _CONTROLS.search(text):
        raise FlawError(text.count("\n", 0, found.start()) + 1, 1, "control characters are not allowed")
    try:
        return ImmutableSandboxedEnvironment().parse(text)
    except TemplateSyntaxError as error:
        raise FlawError(error.lineno, 1, str(error.message)) from error
    except RecursionError as error:
        raise FlawError(1, 1, "its brackets are too deep to be read") from error


def _settings(tree: nodes.Template) -> Iterator[Setting]:
    outputs = [one for output in tree.body if isinstance(output, nodes.Output) for one in output.nodes]
    calls = [one for one in outputs if isinstance(one, nodes.Call) and _is_config(one.node)]
    spoken = {id(call.node) for call in calls}
    for name in tree.find_all(nodes.Name):
        if _is_config(name) and id(name) not in spoken:
            raise FlawError(name.lineno, 1, "config(…) stands by itself, outside of `if`, `for` and `set`")
    for call in calls:
        if call.args or call.dyn_args or call.dyn_kwargs:
            raise FlawError(call.lineno, 1, "config() takes `key=value`, nothing else")
        for one in call.kwargs:
            try:
                yield Setting(one.key, one.value.as_const(), one.lineno)
            except nodes.Impossible:
                problem = f"config() is read before anything is rendered: {one.key} must be a constant"
                raise FlawError(one.lineno, 1, problem) from None


def _is_config(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "config"


def _numbered(env: ImmutableSandboxedEnvironment, text: str) -> str:
    """`text` with the number of each line at its end, and where SQL follows also at its beginning."""
    pieces, line, end = [], 1, 0
    tokens = list(env.lex(text))
    following = [kind for _, kind, _ in tokens[1:]] + [""]
    for (_, kind, value), after in zip(tokens, following, strict=True):
        start = text.index(value, end)  # white space that is stripped is no token
        line += text.count("\n", end, start)
        pieces.append(text[end:start])
        first, *more = value.split("\n")
        pieces.append(first)
        for index, part in enumerate(more, 1):
            follows = part.strip() or (index == len(more) and after == "variable_begin")
            marks = (_mark(line), _mark(line + 1) if follows else "") if kind == "data" else ("", "")
            pieces += [marks[0], "\n", marks[1], part]
            line += 1
        end = start + len(value)
    return "".join([*pieces, text[end:], _mark(line)])


def _mark(line: int) -> str:
    return _LINE + "".join(_DIGITS[int(digit)] for digit in str(line)) + _LINE


def _settled(marked: str) -> Sql:
    """A text without the marks of its lines, and these."""
    lines: list[int] = []
    number = 1
    for line in reversed(marked.split("\n")):
        if found := _NUMBER.search(line):
            number = int("".join(str(_DIGITS.index(digit)) for digit in found[1]))
        lines.append(number)
    return Sql(_NUMBER.sub("", marked), tuple(reversed(lines)))


def _line_of(error: Exception) -> int:
    lines = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == "<template>"]
    return (lines or [None])[-1] or 1


def _told(error: Exception, names: Iterable[str]) -> str:
    match error:
        case UnansweredError() | UnreadableError():
            return str(error)
        case UndefinedError():
            return f"{error}; a template has {', '.join(sorted(names))}"
        case TemplateError():
            return str(error)
        case _:
            return f"{type(error).__name__}: {error}"
