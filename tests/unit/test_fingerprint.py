"""Did what a job computes change since it last published?"""

import sys
from pathlib import Path

from sparkjobs.registry import collect
from sparkjobs.state.fingerprint import code_fingerprint, fingerprint
from tests.unit.projects import write

JOB = "from sparkjobs import job\n{}\n\n@job\ndef daily(x): ...\n"


def _code(root: Path, package: str, imported: str, rest: dict[str, str]) -> str:
    """The fingerprint of a job in a package that is imported anew."""
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]
    write(root, {f"{package}/__init__.py": "", f"{package}/daily.py": JOB.format(imported), **rest})
    return code_fingerprint(collect((package,), root).jobs["daily"])


def test_parts_are_kept_apart() -> None:
    assert fingerprint(b"ab", b"c") != fingerprint(b"a", b"bc")
    assert fingerprint(b"a") != fingerprint(b"a", b"")
    assert fingerprint(b"a", b"b") == fingerprint(b"a", b"b")


def test_the_same_sources_have_the_same_fingerprint_wherever_they_lie(tmp_path: Path) -> None:
    first = _code(tmp_path, "print_a", "", {})
    sys.path.remove(str(tmp_path))

    assert _code(tmp_path / "moved", "print_a", "", {}) == first


def test_a_change_in_the_module_or_in_what_it_imports_counts(tmp_path: Path) -> None:
    units, loose = "print_b/units.py", "print_b/loose.py"
    first = _code(tmp_path, "print_b", "from print_b import units", {units: "M = 1\n", loose: "N = 1\n"})

    changed = _code(tmp_path, "print_b", "from print_b import units", {units: "M = 2\nL = 1\n"})
    elsewhere = _code(tmp_path, "print_b", "from print_b import units", {units: "M = 1\n", loose: "N = 22\n"})
    itself = _code(tmp_path, "print_b", "from print_b import units  # same", {})

    assert changed != first
    assert elsewhere == first
    assert itself != first


def test_relative_and_indirect_imports_count(tmp_path: Path) -> None:
    rest = {"print_c/a.py": "from . import b\n", "print_c/b.py": "X = 1\n"}
    first = _code(tmp_path, "print_c", "from .a import b", rest)

    assert _code(tmp_path, "print_c", "from .a import b", {"print_c/b.py": "X = 22\n"}) != first
