"""`collect` imports the packages that conf names and finds what is marked in them."""

import importlib
import pkgutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb
from types import MappingProxyType, ModuleType

from sparkjobs.config import Conf
from sparkjobs.errors import ConfigError
from sparkjobs.registry.checks import CheckFunction
from sparkjobs.registry.jobs import MARK, JobFunction, job_of
from sparkjobs.sql_models import Model

_OWN_CHECKS = "sparkjobs.checks"


@dataclass(frozen=True, slots=True)
class Registry:
    """All functions that the conf of a project can name."""

    jobs: Mapping[str, JobFunction]
    checks: Mapping[str, CheckFunction]


def registry_of(conf: Conf) -> Registry:
    """The functions and SQL models of a project, its checks and our own.

    Raises:
        ConfigError: as `collect` does.
    """
    return collect(conf.project.jobs, conf.root, conf.models.values())


def collect(packages: tuple[str, ...], root: Path, models: Iterable[Model] = ()) -> Registry:
    """The functions of `packages`, `models` and our own checks, by name. `root` is where imports look first.

    Raises:
        ConfigError: a package cannot be imported, or two of them share a name.
    """
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    mistakes: list[str] = []
    jobs = {model.name: job_of(model) for model in models}
    checks: dict[str, CheckFunction] = {}
    for package in (_OWN_CHECKS, *packages):
        for spec in (spec for module in _modules(package, mistakes) for spec in _marked(module)):
            first: JobFunction | CheckFunction
            if isinstance(spec, JobFunction):
                first, noun = jobs.setdefault(spec.name, spec), "job"
            else:
                first, noun = checks.setdefault(spec.name, spec), "check"
            if first != spec:
                mistakes.append(f"{spec.place}: {spec.name!r} is already a {noun}, at {first.place}")
    if mistakes:
        raise ConfigError(tuple(mistakes))
    return Registry(MappingProxyType(jobs), MappingProxyType(checks))


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


def _marked(module: ModuleType) -> list[JobFunction | CheckFunction]:
    """The marked functions that `module` itself defines, in the order they stand there."""
    specs = [
        spec
        for value in vars(module).values()
        if isinstance(spec := getattr(value, MARK, None), JobFunction | CheckFunction)
        and value.__module__ == module.__name__
    ]
    return sorted(specs, key=lambda spec: spec.line)
