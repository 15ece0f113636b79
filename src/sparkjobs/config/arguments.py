"""What the arguments of a check can be. A check's function says it in its annotations."""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from sparkjobs.config.checks import compiled
from sparkjobs.config.mistakes import told_of
from sparkjobs.config.model import ColumnName, Value

__all__ = [
    "AtLeastOne",
    "ColumnName",
    "Columns",
    "Condition",
    "Count",
    "Duration",
    "Expected",
    "InputName",
    "NotNegative",
    "Number",
    "Pattern",
    "Portion",
    "Query",
    "Texts",
    "Types",
    "Value",
    "Values",
]

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"([1-9][0-9]{0,6})([smhdw])")


def _duration(text: object) -> timedelta:
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError(f"{text!r} is not a duration; for example 90s, 15m, 2h, 1d, 4w")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


Condition = Annotated[str, Field(min_length=1), "condition"]
"""A SQL condition on one row; it is looked at before anything runs."""
InputName = Annotated[str, Field(min_length=1), "input"]
"""An input of the job, whose rows are compared with."""
Query = Annotated[str, Field(min_length=1), "query"]
"""A SELECT in which {rows} stands for the rows, and {name} for those of an input of the job."""
Pattern = Annotated[str, AfterValidator(compiled)]
"""A Java regular expression."""
Values = Annotated[tuple[Value, ...], Field(min_length=1)]
Texts = Annotated[tuple[str, ...], Field(min_length=1)]
Columns = Annotated[tuple[ColumnName, ...], Field(min_length=1)]
Number = int | float
NotNegative = Annotated[int | float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]
AtLeastOne = Annotated[int, Field(ge=1)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Portion = Annotated[float, Field(ge=0, le=1)]
Expected = Annotated[Mapping[str, Portion], Field(min_length=1)]
"""The wanted share of each value."""
Types = Annotated[Mapping[ColumnName, str | Texts], Field(min_length=1)]
"""Spark types by column."""


def typed(annotation: Any, name: str, value: object) -> Any:  # noqa: ANN401 (whatever the annotation says)
    """`value` as the argument `name` takes it.

    Raises:
        ValueError: it does not; says why.
    """
    try:
        return _adapter(annotation).validate_python(value)
    except ValidationError as error:
        raise ValueError(told_of(name, error.errors()[0])) from error


@cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:  # noqa: ANN401 (as above)
    return TypeAdapter(annotation, config=ConfigDict(strict=True, allow_inf_nan=False))


def inputs_in(annotation: object, value: str) -> tuple[str, ...]:
    """The inputs of the job that an argument names."""
    if annotation == Query:
        return tuple(name for name in dict.fromkeys(re.findall(r"\{(\w+)\}", value)) if name != "rows")
    return (value,) if annotation == InputName else ()


def is_condition(annotation: object) -> bool:
    """Whether an argument so annotated is a SQL condition."""
    return annotation == Condition or any(map(is_condition, get_args(annotation)))
