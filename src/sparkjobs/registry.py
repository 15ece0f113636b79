"""Job functions: `@job` marks them, `collect` finds them. There is no global registry.

Here: what a function is called, what it asks for, where it stands.
Not here: conf (config), whether the two fit (plan).
"""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb
from types import MappingProxyType, ModuleType
from typing import Any, TypeVar

from sparkjobs.errors import ConfigError

Function = TypeVar("Function", bound=Callable[..., Any])
_MARK = "__sparkjob__"


@dataclass(frozen=True, slots=True)
class Param:
    """A keyword-only parameter of a job function."""

    name: str
    required: bool


@dataclass(frozen=True, slots=True)
class JobFunction:
    """A marked function: positional parameters are inputs, keyword-only ones are params."""

    name: str
    function: Callable[..., Any]
    inputs: tuple[str, ...]
    params: tuple[Param, ...]
    file: str
    line: int
    description: str

    @property
    def place(self) -> str:
        """file:line of the definition."""
        return f"{self.file}:{self.line}"


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
    spec = JobFunction(
        name=function.__name__,
        function=function,
        inputs=tuple(inputs),
        params=tuple(params),
        file=function.__code__.co_filename,
        line=function.__code__.co_firstlineno,
        description=inspect.getdoc(function) or "",
    )
    setattr(function, _MARK, spec)
    return function


def collect(packages: tuple[str, ...], root: Path) -> Mapping[str, JobFunction]:
    """The job functions of `packages`, by name. `root` comes first on the import path.

    Raises:
        ConfigError: a package cannot be imported, or two functions share a name.
    """
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    found: dict[str, JobFunction] = {}
    mistakes: list[str] = []
    for package in packages:
        for module in _modules(package, mistakes):
            for spec in _marked(module):
                first = found.setdefault(spec.name, spec)
                if first != spec:
                    mistakes.append(f"{spec.place}: {spec.name!r} is already a job, at {first.place}")
    if mistakes:
        raise ConfigError(tuple(mistakes))
    return MappingProxyType(found)


def _modules(package: str, mistakes: list[str]) -> list[ModuleType]:
    top = _imported(package, mistakes)
    if top is None:
        return []
    inner = sorted(
        info.name
        for info in pkgutil.walk_packages(getattr(top, "__path__", ()), f"{package}.", onerror=lambda _: None)
    )
    return [top, *(module for name in inner if (module := _imported(name, mistakes)))]


def _imported(name: str, mistakes: list[str]) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except Exception as error:  # noqa: BLE001 (a job's module is the user's code: anything may come)
        frames = [
            frame
            for frame in extract_tb(error.__traceback__)
            if frame.filename != __file__ and "importlib" not in frame.filename
        ]
        place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "conf/sparkjobs.yml:1:1"
        if isinstance(error, SyntaxError):
            place = f"{error.filename}:{error.lineno}"
        told = " ".join(str(error).split())
        mistakes.append(f"{place}: {name} cannot be imported: {type(error).__name__}: {told}")
        return None


def _marked(module: ModuleType) -> list[JobFunction]:
    """The marked functions that `module` itself defines, in the order they stand there."""
    specs = [
        spec
        for value in vars(module).values()
        if isinstance(spec := getattr(value, _MARK, None), JobFunction)
        and value.__module__ == module.__name__
    ]
    return sorted(specs, key=lambda spec: spec.line)
