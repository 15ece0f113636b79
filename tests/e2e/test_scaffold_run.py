"""A project that `init` has made runs at once, without Delta's jars, and its test passes."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sparkjobs.scaffold import new_project


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "shop"
    new_project(folder, None, {})
    return folder


def python(folder: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    inherited = {
        key: value for key, value in os.environ.items() if not key.startswith(("SPARK_CONF", "PYTEST"))
    }
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env={**inherited, "SPARK_LOCAL_IP": "127.0.0.1", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_it_runs_and_does_without_pandas(shop: Path) -> None:
    done = python(shop, "sparkjobs", "run", PYTHONPROFILEIMPORTTIME="1")

    assert done.returncode == 0, done.stderr
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert ("pyspark.testing.utils" in imported, "pandas.core" in imported) == (True, False)
    sales = pq.read_table(shop / "data/warehouse/daily_sales").sort_by("ordered_on").to_pylist()
    assert [(str(one["ordered_on"]), one["orders"], str(one["sales_eur"])) for one in sales] == [
        ("2026-01-02", 2, "51.90"),
        ("2026-01-03", 2, "71.40"),
        ("2026-01-04", 2, "36.00"),
        ("2026-01-05", 1, "8.80"),
        ("2026-01-06", 1, "36.00"),
    ]


def test_its_test_passes(shop: Path) -> None:
    done = python(shop, "pytest")

    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout
