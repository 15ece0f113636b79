"""`@check` marks a function from columns to what is to be asked of the rows."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sparkjobs.registry.jobs import MARK, Function, Marked, told
from sparkjobs.results import AnsweredBy

_GIVEN = ("history", "inputs", "now", "rows", "schema")
_ANSWERED_BY: dict[str, AnsweredBy] = {
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFunction(Marked):
    """A check: positional parameters are columns, keyword-only ones are arguments."""

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
    distinct: bool
    """Whether it passes where no two rows agree in its columns, which the plan may prove."""
    answered_by: AnsweredBy

    @property
    def judges_rows(self) -> bool:
        """Whether each row can be told to break it, so that it can be a rule of a contract too."""
        return _returned(self.function) == "Column"

    @property
    def aggregates(self) -> bool:
        """Whether it asks for one value of all rows, or of each group of them."""
        return _returned(self.function) == "Measure"


def check(
    *,
    one_of: tuple[str, ...] = (),
    unfit: Callable[..., str | None] | None = None,
    footer: Callable[..., Any] | None = None,
    distinct: bool = False,
) -> Callable[[Function], Function]:
    """Mark a function from columns to what is to be asked of the rows as a check.

    It is returned unchanged. `one_of` are arguments of which conf gives at least one; `unfit` is given all of
    them and says what does not go together; `footer` answers the check from Parquet's footers where it can; a
    `distinct` one passes where the plan proves that no two rows agree in its columns.

    Raises:
        TypeError: it does not say what it returns, or something else than what can be asked.
    """

    def mark(function: Function) -> Function:
        columns, given, arguments = _parameters(function)
        returned = _ANSWERED_BY[_returned(function)]
        spec = CheckFunction(
            columns=columns,
            given=given,
            arguments=arguments,
            one_of=one_of,
            unfit=unfit,
            footer=footer,
            distinct=distinct,
            answered_by="history" if returned == "plan" and "history" in given else returned,
            **told(function),
        )
        setattr(function, MARK, spec)
        return function

    return mark


def _parameters(
    function: Callable[..., Any],
) -> tuple[tuple[str, ...], tuple[str, ...], Mapping[str, Parameter]]:
    """The columns of a check's function, what it is handed, and its arguments."""
    columns: list[str] = []
    given: list[str] = []
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
    return tuple(columns), tuple(given), MappingProxyType(arguments)


def _returned(function: Callable[..., Any]) -> str:
    """The name of what a function says it returns.

    Raises:
        TypeError: it does not say, or it is nothing that can be asked.
    """
    name = getattr(inspect.signature(function, eval_str=True).return_annotation, "__name__", "")
    if name not in _ANSWERED_BY:
        raise TypeError(f"{function.__qualname__}: a check says that it returns {', '.join(_ANSWERED_BY)}")
    return name
