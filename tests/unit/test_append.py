"""Appends: never the same rows twice, never on top of a history that is lost."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from sparkjobs.errors import AppendAgainError, LostManifestError
from tests.unit.projects import (
    CODE,
    DAILY,
    SOURCES,
    mistakes_of,
    plan_of,
    project,
    publish_as_a_run_would,
    published,
    write,
)

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

    assert caught.value.found == "1 files that were appended before, such as landing/sales/a.csv"


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


def test_a_full_refresh_heals_a_lost_manifest(tmp_path: Path) -> None:
    published(tmp_path, APPEND)
    (tmp_path / "warehouse/daily/_sparkjobs/manifests/1.json").unlink()
    publish_as_a_run_would(plan_of(tmp_path, full_refresh=True).jobs[0])
    (tmp_path / "landing/sales/a.csv").unlink()
    write(tmp_path, {"landing/sales/b.csv": "id,amount\n"})

    assert plan_of(tmp_path).jobs[0].reasons == ("sales has other files (1 new, 1 gone)",)


def test_what_a_full_refresh_has_replaced_may_be_appended_again(tmp_path: Path) -> None:
    published(tmp_path, APPEND)
    first = (tmp_path / "landing/sales/a.csv").rename(tmp_path / "a.csv")
    write(tmp_path, {"landing/sales/b.csv": "id,amount\n"})
    publish_as_a_run_would(plan_of(tmp_path, full_refresh=True).jobs[0])
    (tmp_path / "landing/sales/b.csv").unlink()
    first.rename(tmp_path / "landing/sales/a.csv")

    assert plan_of(tmp_path).jobs[0].runs


def test_a_renamed_file_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    published(tmp_path, APPEND)
    (tmp_path / "landing/sales/a.csv").rename(tmp_path / "landing/sales/b.csv")

    with pytest.raises(AppendAgainError) as caught:
        plan_of(tmp_path)

    assert caught.value.found == (
        "landing/sales/b.csv, which has size and time of landing/sales/a.csv, appended before"
    )


def test_an_input_of_another_name_does_not_make_its_files_new(tmp_path: Path) -> None:
    published(tmp_path, {**APPEND, "conf/sources.yml": SOURCES + SOURCES.replace("sales:", "sold:", 1)})
    daily = str(APPEND["conf/jobs/daily.yml"]).replace("{sales: {source: sales}}", "{sold: {source: sold}}")
    code = CODE.replace("sales", "sold")
    (next(tmp_path.glob("jobs_*")) / "__init__.py").write_text(code)
    write(tmp_path, {"conf/jobs/daily.yml": daily})
    del sys.modules[next(tmp_path.glob("jobs_*")).name]

    with pytest.raises(AppendAgainError):
        plan_of(tmp_path)


SHOPS_CODE = CODE + "\n\n@job\ndef sold(sales, shops):\n    return sales\n"


def _with_shops(lookup: str, shops: str = "source: shops") -> Mapping[str, str | bytes]:
    """A project whose job `sold` appends sales, and reads shops beside them."""
    return {
        "conf/sources.yml": SOURCES + SOURCES.replace("sales", "shops"),
        "landing/shops/s.csv": "id,amount\n7,7\n",
        "conf/jobs/sold.yml": (
            f"inputs: {{sales: {{source: sales}}, shops: {{{shops}{lookup}}}}}\n"
            "output: {mode: append, format: parquet, path: '${warehouse}/sold'}\n"
        ),
    }


def _new_sales(root: Path) -> None:
    (root / "landing/sales/a.csv").unlink()
    write(root, {"landing/sales/b.csv": "id,amount\n"})


@pytest.mark.parametrize("change", ["nothing", "content", "one more"])
def test_a_lookup_may_be_as_it_was_or_not(tmp_path: Path, change: str) -> None:
    published(tmp_path, _with_shops(", lookup: true"), SHOPS_CODE)
    _new_sales(tmp_path)
    if change != "nothing":
        name = "s" if change == "content" else "t"
        write(tmp_path, {f"landing/shops/{name}.csv": "id,amount\n7,8.5\n"})

    assert plan_of(tmp_path, "sold").jobs[0].runs


def test_a_lookup_may_be_a_table(tmp_path: Path) -> None:
    published(tmp_path, _with_shops(", lookup: true", "ref: daily"), SHOPS_CODE)
    _new_sales(tmp_path)

    assert [job.runs for job in plan_of(tmp_path).jobs] == [True, True]


@pytest.mark.parametrize("shops", ["source: shops", "ref: daily"])
def test_an_unchanged_input_that_is_no_lookup_would_be_appended_again(tmp_path: Path, shops: str) -> None:
    published(tmp_path, _with_shops("", shops), SHOPS_CODE)
    _new_sales(tmp_path)

    with pytest.raises(AppendAgainError) as caught:
        plan_of(tmp_path, "sold")

    assert caught.value.input == "shops"


def test_a_changed_lookup_alone_does_not_append_the_rest_again(tmp_path: Path) -> None:
    published(tmp_path, _with_shops(", lookup: true"), SHOPS_CODE)
    write(tmp_path, {"landing/shops/s.csv": "id,amount\n7,8.5\n"})

    with pytest.raises(AppendAgainError) as caught:
        plan_of(tmp_path)

    assert caught.value.input == "sales"


def test_a_job_of_nothing_but_lookups_is_a_mistake(tmp_path: Path) -> None:
    daily = DAILY.replace("{source: sales}", "{source: sales, lookup: true}")

    (told,) = mistakes_of(project(tmp_path, {"conf/jobs/daily.yml": daily}))

    assert "every input is a `lookup`" in told
