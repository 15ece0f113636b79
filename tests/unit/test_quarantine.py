"""Which rejected rows wait, and what is told of them: the verbs need no JVM, and no pyspark."""

import gzip
import json
from pathlib import Path

from sparkjobs.state.manifest import Manifest, begin
from sparkjobs.state.outcome import Outcome, write_outcome
from sparkjobs.state.quarantine import discard, waiting
from tests.unit.projects import DAILY, plan_of, project, publish_as_a_run_would, write
from tests.unit.test_cli import sparkjobs

ROWS = [("1,x", ["type int"]), ("2,y", ["positive(id)", "known"])]
APPEND = DAILY.replace("{format", "{mode: append, format")


def reject(
    folder: Path, number: int, name: str, rows: list[tuple[str, list[str]]], file: str = "file:///in/b.csv"
) -> None:
    """Leave what a run leaves in the quarantine of a table."""
    path = folder / "quarantine" / str(number) / name / "part-0.json.gz"
    path.parent.mkdir(parents=True)
    with gzip.open(path, "wt", encoding="utf-8") as out:
        for raw, rules in rows:
            reasons = [{"rule": rule, "column": None, "value": None} for rule in rules]
            out.write(json.dumps({"file": file, "raw": raw, "reasons": reasons}) + "\n")


def commit(
    folder: Path, base: int, mode: str = "append", replayed: tuple[int, ...] = (), files: tuple[str, ...] = ()
) -> int:
    """A manifest that goes on from `base` and, where it says so, replays the rows of earlier ones."""
    part = {"part": {"replayed": list(replayed)}} if replayed else {}
    entry: dict[str, object] = {
        "name": "sales",
        "source": "sales",
        "version": None,
        "files": [[path, base, 0] for path in files],
        **part,
    }
    wanted = Manifest("daily", 0, base, f"run-{base + 1}-{len(part)}", "c", "f", (entry,), mode)
    number = begin(folder, wanted).number
    write_outcome(folder, number, Outcome())
    return number


def numbers(folder: Path, committed: int, whole: frozenset[str] = frozenset()) -> list[int]:
    return [one.number for one in waiting(folder, committed, whole)]


def test_rows_wait_from_the_first_run_on(tmp_path: Path) -> None:
    first = commit(tmp_path, 0)
    second = commit(tmp_path, first)
    reject(tmp_path, first, "sales", ROWS)
    reject(tmp_path, second, "sales", ROWS)
    assert numbers(tmp_path, second) == [1, 2]


def test_rows_of_a_run_that_did_not_commit_do_not_wait(tmp_path: Path) -> None:
    first = commit(tmp_path, 0)
    second = commit(tmp_path, first)
    reject(tmp_path, second, "sales", ROWS)
    assert numbers(tmp_path, first) == []


def test_a_replay_takes_rows_out_once_it_is_committed(tmp_path: Path) -> None:
    first = commit(tmp_path, 0)
    reject(tmp_path, first, "sales", ROWS)
    second = commit(tmp_path, first, replayed=(first,))
    reject(tmp_path, second, "sales", ROWS[:1])
    assert numbers(tmp_path, first) == [1]
    assert numbers(tmp_path, second) == [2]
    assert numbers(tmp_path, commit(tmp_path, second)) == [2]


def test_a_table_that_was_made_anew_has_forgotten_older_rows(tmp_path: Path) -> None:
    first = commit(tmp_path, 0)
    reject(tmp_path, first, "sales", ROWS)
    second = commit(tmp_path, first, mode="overwrite")
    assert numbers(tmp_path, second) == []


def test_of_an_input_that_is_read_whole_only_the_last_run_counts(tmp_path: Path) -> None:
    first = commit(tmp_path, 0)
    reject(tmp_path, first, "sales", ROWS)
    assert numbers(tmp_path, first, frozenset({"sales"})) == [1]
    adopted = commit(tmp_path, first, mode="adopt")
    assert numbers(tmp_path, adopted, frozenset({"sales"})) == [1]
    assert numbers(tmp_path, commit(tmp_path, adopted), frozenset({"sales"})) == []


def test_a_row_of_a_file_that_was_read_again_waits_no_more(tmp_path: Path) -> None:
    first = commit(tmp_path, 0, files=("in/a b.csv", "old/in/a b.csv"))
    reject(tmp_path, first, "sales", ROWS, "file:///project/in/a%20b.csv")
    (kept,) = waiting(tmp_path, commit(tmp_path, first, files=("in/a b.csv",)), frozenset())
    assert list(kept.rows()) == []


def test_a_file_below_another_folder_is_another_file(tmp_path: Path) -> None:
    first = commit(tmp_path, 0, files=("in/a b.csv", "old/in/a b.csv"))
    reject(tmp_path, first, "sales", ROWS, "file:///project/old/in/a%20b.csv")
    (kept,) = waiting(tmp_path, commit(tmp_path, first, files=("in/a b.csv",)), frozenset())
    assert [row["raw"] for row in kept.rows()] == ["1,x", "2,y"]


def test_a_replay_has_not_read_the_files_that_it_goes_on_from(tmp_path: Path) -> None:
    first = commit(tmp_path, 0, files=("in/a b.csv",))
    second = commit(tmp_path, first, replayed=(first,), files=("in/a b.csv",))
    reject(tmp_path, second, "sales", ROWS, "file:///project/in/a%20b.csv")
    third = commit(tmp_path, second, replayed=(99,), files=("in/a b.csv",))
    (kept,) = waiting(tmp_path, third, frozenset())
    assert len(list(kept.rows())) == 2
    (kept,) = waiting(tmp_path, commit(tmp_path, third, files=("in/a b.csv",)), frozenset())
    assert list(kept.rows()) == []


def test_discarded_rows_stay_on_disk_and_wait_no_more(tmp_path: Path) -> None:
    first = commit(tmp_path, 0)
    reject(tmp_path, first, "sales", ROWS)
    discard(tmp_path, first, "me")
    assert numbers(tmp_path, first) == []
    assert list(tmp_path.glob("quarantine/1/sales/*.json.gz"))


def published(root: Path) -> Path:
    project(root, {"conf/jobs/daily.yml": APPEND, "landing/sales/a.csv": "id,amount\n1,2\n"})
    (job,) = plan_of(root).jobs
    publish_as_a_run_would(job)
    write(root, {})
    reject(job.table / "_sparkjobs", 1, "sales", ROWS)
    return root


def test_list_tells_how_many_wait_and_why(tmp_path: Path) -> None:
    done = sparkjobs("quarantine", "list", "--project", str(published(tmp_path)))
    assert done.returncode == 0, done.stderr
    head, line = done.stdout.splitlines()
    assert head.split() == ["job", "input", "manifest", "rows", "run", "reasons"]
    assert line.split() == ["daily", "sales", "1", "2", "run", "type", "int,", "positive(id),", "known"]
    assert done.stderr == "pyspark absent, JVM False\n"


def test_show_prints_rows_as_they_are(tmp_path: Path) -> None:
    done = sparkjobs("quarantine", "show", "daily", "--limit", "1", "--project", str(published(tmp_path)))
    (row,) = map(json.loads, done.stdout.splitlines())
    assert row["raw"] == "1,x"


def test_discard_asks_for_rows_that_wait(tmp_path: Path) -> None:
    root = str(published(tmp_path))
    wrong = sparkjobs("quarantine", "discard", "daily", "--manifest", "7", "--project", root)
    assert (wrong.returncode, wrong.stderr.splitlines()[0]) == (2, "Of manifest 7 no row waits.")
    done = sparkjobs("quarantine", "discard", "daily", "--project", root)
    assert done.stdout == "daily: the rejected rows of manifests 1 are discarded\n"
    assert sparkjobs("quarantine", "list", "--project", root).stdout == "no row waits in quarantine\n"


def test_a_job_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = sparkjobs("quarantine", "list", "dayly", "--project", str(published(tmp_path)))
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "There is no job 'dayly'.")
