"""Fingerprints of code and conf: did what a job computes change since it last published?"""

import ast
import hashlib
import importlib.util
import sys
from collections.abc import Iterator
from functools import cache

from sparkjobs.registry import JobFunction
from sparkjobs.sql_models import View


def fingerprint(*parts: bytes) -> str:
    """A short name for exactly these bytes."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:16]


def code_fingerprint(function: JobFunction, views: tuple[View, ...] = ()) -> str:
    """The sources of the module and of what it imports from its package, or the query; and `views`."""
    said = [text.encode() for view in views for text in (view.name, *view.model.said())]
    if function.sql:
        return fingerprint(*(text.encode() for text in function.sql.said()), *said)
    waiting, sources = [function.function.__module__], dict[str, bytes]()
    top = waiting[0].partition(".")[0]
    while waiting:
        name = waiting.pop()
        if name.partition(".")[0] == top and name not in sources and (source := _source(name)) is not None:
            sources[name] = source
            waiting.extend(_imports(_package(name), source))
    parts = [part for name in sorted(sources) for part in (name.encode(), sources[name])]
    return fingerprint(*parts, *said)


def _source(name: str) -> bytes | None:
    """The source of a loaded module, from a folder or from a zip; None where it has none."""
    spec = getattr(sys.modules.get(name), "__spec__", None)
    if spec is None or not spec.has_location:
        return None
    return bytes(spec.loader.get_data(spec.origin))


def _package(name: str) -> str:
    return name if hasattr(sys.modules[name], "__path__") else name.rpartition(".")[0]


@cache
def _imports(package: str, source: bytes) -> tuple[str, ...]:
    """What a module of `package` imports; jobs of one module have it parsed once."""
    return tuple(_imported(package, ast.parse(source)))


def _imported(package: str, module_body: ast.Module) -> Iterator[str]:
    for node in ast.walk(module_body):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                target = (
                    importlib.util.resolve_name("." * level + (module or ""), package)
                    if level
                    else module or ""
                )
                yield target
                yield from (f"{target}.{alias.name}" for alias in names)
