"""Appends: never the same rows twice, never on top of a history that is lost."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from sparkjobs.errors import AppendAgainError, LostManifestError
from tests.unit.projects import CODE, DAILY, SOURCES, plan_of, publish_as_a_run_would, published, write

WEEKLY = (
    "inputs: {days: {ref: daily}}\noutput: {mode: append, format: parquet, path: '${warehouse}/weekly'}\n"
)
WEEKLY_CODE = CODE + "\n\n@job\ndef weekly(days):\n    return days\n"
APPEND: Mapping[str, str | bytes] = {"conf/jobs/daily.yml": DAILY.replace("{format", "{mode: append, format")}


def test_an_append_of_only_new_files_is_planned(tmp_path: Path) -> None:
    published(tmp_path, APPEND)
    (tmp_path / "landing/sales/a.csv").unlink()
    write(tmp_path, {"landing/sales/b.csv": "id,amount\n"})

    (job,) = plan_of(tmp_path).jobs

    assert (job.mode, job.reasons) == ("append", ("sales has other files (1 new, 1 gone)",))


@pytest.mark.parametrize("text", ["id,amount\n1,2.5\n", "id,amount\n1,2.5\n2,3\n"])
def test_an_append_of_a_file_that_was_appended_before_is_refused(tmp_path: Path, text: str) -> None:
    published(tmp_path, APPEND)
    write(tmp_path, {"landing/sales/b.csv": "id,amount\n", "landing/sales/a.csv": text})

    with pytest.raises(AppendAgainError) as caught:
        plan_of(tmp_path)

    assert caught.value.found == "1 files that were appended before, such as landing/sales/a.csv"


def test_an_append_remembers_every_commit_not_only_the_last(tmp_path: Path) -> None:
    published(tmp_path, APPEND)
    first = (tmp_path / "landing/sales/a.csv").rename(tmp_path / "a.csv")
    write(tmp_path, {"landing/sales/b.csv": "id,amount\n"})
    publish_as_a_run_would(plan_of(tmp_path).jobs[0])
    (tmp_path / "landing/sales/b.csv").unlink()
    first.rename(tmp_path / "landing/sales/a.csv")

    with pytest.raises(AppendAgainError):
        plan_of(tmp_path)


@pytest.mark.parametrize("change", ["code", "conf"])
def test_an_append_of_the_same_files_with_other_code_or_conf_is_refused(tmp_path: Path, change: str) -> None:
    published(tmp_path, APPEND)
    if change == "code":
        (next(tmp_path.glob("jobs_*")) / "__init__.py").write_text(CODE + "\n# changed\n")
    else:
        write(tmp_path, {"conf/sources.yml": SOURCES + "  bad_rows: {max_share: 1}\n"})

    with pytest.raises(AppendAgainError) as caught:
        plan_of(tmp_path)

    assert caught.value.found == "only what was appended before"


def test_an_append_of_a_table_is_planned_once(tmp_path: Path) -> None:
    published(tmp_path, {"conf/jobs/weekly.yml": WEEKLY}, WEEKLY_CODE)
    write(tmp_path, {"landing/sales/b.csv": "id,amount\n"})

    with pytest.raises(AppendAgainError) as caught:
        plan_of(tmp_path)

    assert (caught.value.job, caught.value.input) == ("weekly", "days")


def test_a_table_whose_manifest_is_lost_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    published(tmp_path, APPEND)
    (tmp_path / "warehouse/daily/_sparkjobs/manifests/1.json").unlink()

    with pytest.raises(LostManifestError):
        plan_of(tmp_path)
    assert plan_of(tmp_path, full_refresh=True).jobs[0].mode == "overwrite"


def test_an_append_needs_every_manifest_since_the_first(tmp_path: Path) -> None:
    published(tmp_path, APPEND)
    (tmp_path / "landing/sales/a.csv").unlink()
    write(tmp_path, {"landing/sales/b.csv": "id,amount\n"})
    publish_as_a_run_would(plan_of(tmp_path).jobs[0])
    (tmp_path / "landing/sales/b.csv").rename(tmp_path / "landing/sales/c.csv")
    (tmp_path / "warehouse/daily/_sparkjobs/manifests/1.json").unlink()

    with pytest.raises(LostManifestError) as caught:
        plan_of(tmp_path)

    assert caught.value.number == 1
