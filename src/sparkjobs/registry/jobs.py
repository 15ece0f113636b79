"""`@job` marks a pure function from DataFrames to one DataFrame."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from sparkjobs.sql_models import Model

Function = TypeVar("Function", bound=Callable[..., Any])
MARK = "__sparkjobs__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A function that conf can name, and where it stands."""

    name: str
    function: Callable[..., Any]
    file: str
    line: int
    description: str

    @property
    def place(self) -> str:
        """file:line of the definition."""
        return f"{self.file}:{self.line}"


def told(function: Callable[..., Any]) -> dict[str, Any]:
    """What `Marked` says of `function`."""
    return {
        "name": function.__name__,
        "function": function,
        "file": function.__code__.co_filename,
        "line": function.__code__.co_firstlineno,
        "description": inspect.getdoc(function) or "",
    }


@dataclass(frozen=True, slots=True)
class Param:
    """A keyword-only parameter of a job function."""

    name: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFunction(Marked):
    """A job: positional parameters are inputs, keyword-only ones are params."""

    inputs: tuple[str, ...]
    params: tuple[Param, ...]
    sql: Model | None = None
    """The query that Spark is asked instead of the function."""


def job_of(model: Model) -> JobFunction:
    """The job that `model` is."""

    def function(**frames: object) -> NoReturn:
        raise TypeError(f"{model.name} is SQL, which Spark is asked: {sorted(frames)}")

    params = tuple(Param(name, required=False) for name in model.params)
    return JobFunction(
        name=model.name,
        function=function,
        file=model.file,
        line=1,
        description="",
        inputs=model.inputs,
        params=params,
        sql=model,
    )


def job(function: Function) -> Function:
    """Mark `function`, a pure function from DataFrames to one DataFrame, as a job.

    It is returned unchanged, so a test calls it like any other function.

    Raises:
        TypeError: it takes `*args` or `**kwargs`, which no conf could name.
    """
    inputs: list[str] = []
    params: list[Param] = []
    for parameter in inspect.signature(function).parameters.values():
        match parameter.kind:
            case parameter.POSITIONAL_ONLY | parameter.POSITIONAL_OR_KEYWORD:
                inputs.append(parameter.name)
            case parameter.KEYWORD_ONLY:
                params.append(Param(parameter.name, required=parameter.default is parameter.empty))
            case _:
                raise TypeError(f"{function.__qualname__}: *{parameter.name} cannot be named in conf")
    spec = JobFunction(inputs=tuple(inputs), params=tuple(params), **told(function))
    setattr(function, MARK, spec)
    return function
