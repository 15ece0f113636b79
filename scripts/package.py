"""Zip our code for `spark-submit --py-files`: the package sparkjobs and the project's jobs.

A zip, since a wheel there imports on the driver and fails on executors. The same sources make the same bytes.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path

TARGET = Path("target/sparkjobs.zip")
PACKAGES = (Path("src/sparkjobs"), Path("jobs"))

_PACKED = {".py", ".sql", ".html", ".css", ".js", ".txt"}
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o100644 << 16
_UNIX = 3


def main() -> None:
    """Write target/sparkjobs.zip."""
    print(f"{pack(TARGET, *PACKAGES)} files in {TARGET}")


def pack(target: Path, *packages: Path) -> int:
    """Write the code of `packages`, each under its own name, into the zip `target`.

    Returns:
        How many files it holds.
    """
    files = sorted(found for package in packages for found in _code(package))
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for name, path in files:
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.create_system, entry.external_attr = _UNIX, _READABLE
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return len(files)


def _code(package: Path) -> Iterator[tuple[str, Path]]:
    for path in package.rglob("*"):
        if path.suffix in _PACKED and path.is_file():
            yield path.relative_to(package.parent).as_posix(), path


if __name__ == "__main__":
    main()
