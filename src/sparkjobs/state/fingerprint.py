"""Fingerprints of code and conf: did what a job computes change since it last published?"""

import ast
import hashlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

from sparkjobs.registry import JobFunction


def fingerprint(*parts: bytes) -> str:
    """A short name for exactly these bytes."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:16]


def code_fingerprint(function: JobFunction, root: Path) -> str:
    """The sources of the function's module and of all modules of the project it imports."""
    waiting, sources = [function.function.__module__], dict[str, bytes]()
    while waiting:
        name = waiting.pop()
        source = _source(name, root)
        if name in sources or source is None:
            continue
        sources[name] = source
        waiting.extend(_imports(name, source))
    return fingerprint(*(part for name in sorted(sources) for part in (name.encode(), sources[name])))


def _source(name: str, root: Path) -> bytes | None:
    file = getattr(sys.modules.get(name), "__file__", None)
    if file is None or not Path(file).is_relative_to(root):
        return None
    return Path(file).read_bytes()


def _imports(name: str, source: bytes) -> Iterator[str]:
    package = name if hasattr(sys.modules[name], "__path__") else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                target = importlib.util.resolve_name("." * level + (module or ""), package) if level else module or ""
                yield target
                yield from (f"{target}.{alias.name}" for alias in names)
