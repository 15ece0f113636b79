"""`@check` marks a function from columns to what is to be asked of the rows."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from sparkjobs.registry.jobs import MARK, Function

Where = Literal["plan", "history", "footer", "scan", "keys", "pass"]
"""What answers a check, cheapest first: the schema or the plan, the profiles of this run and of earlier ones,
Parquet's footers, the one scan that all checks share, a pass over some key columns, a pass of its own."""

_GIVEN = ("history", "inputs", "now", "rows", "schema")
_WHERE: dict[str, Where] = {
    "Finding": "plan",
    "Column": "scan",
    "Measure": "scan",
    "Groups": "keys",
    "Pass": "pass",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A keyword-only parameter of a check function: an argument that conf can give."""

    name: str
    annotation: object
    required: bool


@dataclass(frozen=True, slots=True)
class CheckFunction:
    """A marked function: positional parameters are columns, keyword-only ones are arguments."""

    name: str
    function: Callable[..., Any]
    columns: tuple[str, ...]
    """Names of its column parameters; `columns`, the last, takes as many as conf names."""
    given: tuple[str, ...]
    """What it is handed before its columns: `history` (the result's profile, and the runs to compare it
    with), `inputs` (of the job, by name), `now` (the run's), `rows` (a condition: which are looked at),
    `schema` (of the rows)."""
    arguments: Mapping[str, Parameter]
    one_of: tuple[str, ...]
    """Arguments of which conf gives at least one."""
    unfit: Callable[..., str | None] | None
    """What says which of its arguments do not go together."""
    footer: Callable[..., Any] | None
    """What may answer it from Parquet's footers."""
    where: Where
    file: str
    line: int
    description: str

    @property
    def place(self) -> str:
        """file:line of the definition."""
        return f"{self.file}:{self.line}"

    @property
    def judges_rows(self) -> bool:
        """Whether each row can be told to break it, so that it can be a rule of a contract too."""
        return _returned(self.function) == "Column"


def check(
    *,
    one_of: tuple[str, ...] = (),
    unfit: Callable[..., str | None] | None = None,
    footer: Callable[..., Any] | None = None,
) -> Callable[[Function], Function]:
    """Mark a function from columns to what is to be asked of the rows as a check.

    It is returned unchanged. `one_of` are arguments of which conf gives at least one; `unfit` is given all of
    them and says what does not go together; `footer` answers the check from Parquet's footers where it can.

    Raises:
        TypeError: it does not say what it returns, or something else than what can be asked.
    """

    def mark(function: Function) -> Function:
        setattr(function, MARK, _spec(function, one_of, unfit, footer))
        return function

    return mark


def _spec(
    function: Callable[..., Any],
    one_of: tuple[str, ...],
    unfit: Callable[..., str | None] | None,
    footer: Callable[..., Any] | None,
) -> CheckFunction:
    if _returned(function) not in _WHERE:
        raise TypeError(f"{function.__qualname__}: a check says that it returns {', '.join(_WHERE)}")
    given: list[str] = []
    columns: list[str] = []
    arguments: dict[str, Parameter] = {}
    for parameter in inspect.signature(function, eval_str=True).parameters.values():
        required = parameter.default is parameter.empty
        match parameter.kind:
            case parameter.KEYWORD_ONLY:
                arguments[parameter.name] = Parameter(parameter.name, parameter.annotation, required)
            case _ if parameter.name in _GIVEN:
                given.append(parameter.name)
            case _:
                columns.append(parameter.name)
    where = _WHERE[_returned(function)]
    return CheckFunction(
        name=function.__name__,
        function=function,
        columns=tuple(columns),
        given=tuple(given),
        arguments=MappingProxyType(arguments),
        one_of=one_of,
        unfit=unfit,
        footer=footer,
        where="history" if where == "plan" and "history" in given else where,
        file=function.__code__.co_filename,
        line=function.__code__.co_firstlineno,
        description=inspect.getdoc(function) or "",
    )


def _returned(function: Callable[..., Any]) -> str:
    """The name of what a function says it returns."""
    returned = inspect.signature(function, eval_str=True).return_annotation
    return getattr(returned, "__name__", "")
