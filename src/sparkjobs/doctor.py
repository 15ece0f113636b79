"""The doctor: is this machine fit to run the project? Every trouble comes with its fix."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sparkjobs.config import Conf
from sparkjobs.settings import DELTA_JARS, JARS_FOLDER, names_delta

_PINS = {"pyspark": "4.2.0", "delta-spark": "4.4.0"}
_JAVA = (17, 21)
_MIN_PYTHON = (3, 11)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `fix` is None where all is well."""

    subject: str
    found: str
    fix: str | None


def examine(conf: Conf, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Look at everything a run needs. Starts no JVM but `java -version`."""
    yield _java(environment)
    yield _python(environment)
    for package, pin in _PINS.items():
        yield _package(package, pin)
    yield _spark_home(environment)
    yield _jars(conf)
    for name in sorted(conf.project.paths):
        yield _folder(name, conf.path(name, ""))


def _java(environment: Mapping[str, str]) -> Finding:
    home = environment.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    fix = (
        "Install a JDK 17 or 21 (Debian: apt-get install openjdk-17-jre-headless), or point JAVA_HOME to one."
    )
    if java is None or not Path(java).exists():
        return Finding("Java", "none found", fix)
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603 (java itself)
    version = re.search(r'version "(\d+)', told)
    major = int(version[1]) if version else 0
    return Finding("Java", f"{major} at {java}", None if major in _JAVA else fix)


def _python(environment: Mapping[str, str]) -> Finding:
    worker = environment.get("PYSPARK_PYTHON", sys.executable)
    same = shutil.which(worker) is not None and os.path.realpath(
        shutil.which(worker) or ""
    ) == os.path.realpath(sys.executable)
    found = f"{sys.version_info.major}.{sys.version_info.minor} at {sys.executable}"
    if sys.version_info[:2] < _MIN_PYTHON:
        return Finding("Python", found, "Use Python 3.11 or newer.")
    return Finding(
        "Python",
        found,
        None if same else f"Workers would use {worker}: unset PYSPARK_PYTHON, or set it to {sys.executable}.",
    )


def _package(package: str, pin: str) -> Finding:
    try:
        version = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        version = "not installed"
    return Finding(package, version, None if version == pin else f"pip install {package}=={pin}")


def _spark_home(environment: Mapping[str, str]) -> Finding:
    home = environment.get("SPARK_HOME")
    if home is None:
        return Finding("SPARK_HOME", "unset", None)
    ours = importlib.metadata.distribution("pyspark").locate_file("pyspark")
    same = Path(home).resolve() == Path(str(ours)).resolve()
    return Finding("SPARK_HOME", home, None if same else "Unset it: it names another Spark than pip's.")


def _jars(conf: Conf) -> Finding:
    if not names_delta(conf):
        return Finding("Delta jars", "not needed: no source and no output is Delta", None)
    lacking = [name for name in DELTA_JARS if not (conf.root / JARS_FOLDER / name).is_file()]
    found = f"{len(DELTA_JARS) - len(lacking)} of {len(DELTA_JARS)} in {JARS_FOLDER}/"
    return Finding("Delta jars", found, "make setup" if lacking else None)


def _folder(name: str, folder: Path) -> Finding:
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    writable = nearest.is_dir() and os.access(nearest, os.W_OK)
    return Finding(
        f"paths.{name}",
        str(folder),
        None if writable else f"Make {nearest} a folder you can write to.",
    )
