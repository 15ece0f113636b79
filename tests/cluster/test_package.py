"""The zip for --py-files."""

import os
import zipfile
from pathlib import Path

from scripts.package import PACKAGES, pack
from tests.cluster.submit import ROOT


def test_the_same_sources_make_the_same_bytes(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "labels.py").write_text("NAME = 1\n", encoding="utf-8")
    pack(tmp_path / "first.zip", package, ROOT / "src/sparkjobs")
    os.utime(package / "labels.py", (0, 0))
    (package / "labels.py").chmod(0o600)

    pack(tmp_path / "second.zip", ROOT / "src/sparkjobs", package)

    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()


def test_the_zip_holds_code_and_nothing_else(tmp_path: Path) -> None:
    pack(tmp_path / "code.zip", *(ROOT / package for package in PACKAGES))

    names = zipfile.ZipFile(tmp_path / "code.zip").namelist()

    assert {"sparkjobs/__init__.py", "sparkjobs/session.py", "jobs/__init__.py"} <= set(names)
    assert {Path(name).suffix for name in names} <= {".py", ".sql", ".html", ".css", ".js", ".txt"}
    assert {
        "sparkjobs/docs/page.html",
        "sparkjobs/docs/page.js",
        "sparkjobs/report/page.html",
        "sparkjobs/report/page.css",
    } <= set(names)
    assert {name.partition("/")[0] for name in names} == {"sparkjobs", "jobs"}
