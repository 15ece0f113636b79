"""A disk that is full or read-only: the run fails with a named error, readers keep the old rows."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import pytest

from tests.faults.cases import CASES, FORMATS
from tests.faults.trial import Trials
from tests.faults.victims import finished

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
FREE_KB = (0, 4, 16, 32, 64)


@contextmanager
def mounted(folder: Path, *arguments: str) -> Iterator[None]:
    """Mount something at `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    if subprocess.run(["mount", *arguments, str(folder)], check=False, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, free_kb: int) -> Path:
    """Leave about so much free below `folder`; the file that takes the rest."""
    filler = folder / ".filler"
    size = max(0, shutil.disk_usage(folder).free - free_kb * 1024)
    with filler.open("wb") as file:
        try:
            file.write(bytes(size))
        except OSError as error:
            assert error.errno == errno.ENOSPC  # noqa: PT017 (full is what it should be)
    return filler


@needs_root
@pytest.mark.parametrize(
    ("mode", "table_format", "free_kb"),
    [
        pytest.param(*chosen, marks=() if chosen == ("append", "parquet", 16) else pytest.mark.exhaustive)
        for chosen in product(("append", "overwrite", "merge"), FORMATS, FREE_KB)
    ],
)
def test_a_run_on_a_full_disk(
    trials: Trials,
    mode: str,
    table_format: str,
    free_kb: int,
) -> None:
    warehouse = trials.root / "warehouse"
    with mounted(warehouse, "-t", "tmpfs", "-o", "size=2m", "tmpfs"):
        trial = trials.new(mode, table_format)
        trial.begin()
        filler = fill(warehouse, free_kb)
        code, told = finished(trials.root)
        if code == 0:
            trial.look("new")
        else:
            assert code == 1, told
            trial.look_after_any_moment()
        filler.unlink()
        trial.conclude("disk full", (f"{free_kb} kB free, exit code {code}",), trial.run_again())


@needs_root
@pytest.mark.exhaustive
@pytest.mark.parametrize("mode", CASES)
@pytest.mark.parametrize("table_format", FORMATS)
def test_a_run_on_a_read_only_disk(trials: Trials, mode: str, table_format: str) -> None:
    trial = trials.new(mode, table_format)
    trial.begin()
    warehouse = trials.root / "warehouse"
    with mounted(warehouse, "--bind", str(warehouse)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(warehouse)], check=True)
        code, told = finished(trials.root)
        assert code == 1, told
        assert "Read-only file system" in told
        assert "Traceback" not in told
        trial.look("old")
    trial.conclude("disk read-only", ("whole run",), trial.run_again())


@needs_root
@pytest.mark.exhaustive
@pytest.mark.parametrize("table_format", FORMATS)
def test_a_run_whose_record_finds_no_place(trials: Trials, table_format: str) -> None:
    artifacts = trials.root / "target"
    with mounted(artifacts, "-t", "tmpfs", "-o", "size=64k", "tmpfs"):
        trial = trials.new("append", table_format)
        trial.begin()
        filler = fill(artifacts, 0)
        code, told = finished(trials.root)
        assert code != 0, told
        trial.look_after_any_moment()
        filler.unlink()
        trial.conclude("disk full", (f"for the record, exit code {code}",), trial.run_again())
