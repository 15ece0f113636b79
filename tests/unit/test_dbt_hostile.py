"""dbt projects that are broken, strange or hostile: nothing is written outside, overwritten, or left untold."""

import os
from pathlib import Path

import pytest

from sparkjobs import dbt_projects
from sparkjobs.errors import ConfigError, UsageError
from tests.checks import registry
from tests.dbt import MAIN, apart, from_files
from tests.unit.projects import conf_of, write
from tests.unit.test_cli import sparkjobs
from tests.unit.test_hostile_yaml import HOSTILE

A_TABLE = "{{ config(materialized='table') }}\nselect 1 as id\n"
EVIL = "${secret:file:/etc/passwd}"


def refusal(root: Path) -> str:
    with pytest.raises(UsageError) as raised:
        dbt_projects.taken_over(root, registry().checks)
    return str(raised.value)


@pytest.mark.parametrize(
    ("main", "told"),
    [
        ("name: [\n", "dbt_project.yml:2:1: while parsing a flow node"),
        ("version: 2\n", "dbt_project.yml:1: it lacks 'name'."),
        ("name: x\nmodel-paths: [../up]\n", "dbt_project.yml: the folder '../up' lies outside the project."),
        ("name: x\nseed-paths: [/etc]\n", "dbt_project.yml: the folder '/etc' lies outside the project."),
        ("name: &a x\n", "anchors and aliases are not allowed"),
        ("name: !!python/object:os.system x\n", "tags are not allowed"),
        ("name: x\nname: y\n", "'name' stands twice"),
        (b"\xff", "the file is not UTF-8"),
    ],
)
def test_a_project_file_that_cannot_be_trusted_ends_it(tmp_path: Path, main: str | bytes, told: str) -> None:
    assert told in refusal(write(tmp_path, {"dbt_project.yml": main}))


def test_a_folder_without_a_project_is_none(tmp_path: Path) -> None:
    assert "holds no dbt_project.yml" in refusal(tmp_path)


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_properties_file_stays_behind_and_is_told(tmp_path: Path, kind: str) -> None:
    one = from_files(tmp_path, {"models/m.sql": A_TABLE, "models/evil.yml": HOSTILE[kind][0]})

    assert [place.partition(":")[0] for place, _, _ in one.hands] == ["models/evil.yml"]
    assert not (one.root / "jobs/evil.yml").exists()
    conf_of(apart(one).root)


@pytest.mark.parametrize(
    "text",
    [
        "models: 5",
        "models: [{description: nameless}]",
        "models: [{name: m, columns: 5}]",
        "models: [{name: m, columns: [5]}]",
        "models: [{name: m, tests: 5}]",
        "models: [{name: m, columns: [{name: id, tests: [[unique]]}]}]",
        "models: [{name: m, columns: [{name: id, tests: [{a: 1, b: 2}]}]}]",
        "models: [{name: m, config: 5}]",
        "models: [{name: m, config: {tags: {a: 1}}}]",
        "models: [{name: m, config: {materialized: [a]}}]",
        "models: [{name: m, config: {unique_key: {a: 1}, materialized: incremental}}]",
        "sources: [{name: a, tables: 5}]",
        "sources: [{name: a, tables: [{name: t, columns: [{name: id, tests: 5}]}]}]",
        "seeds: [{name: raw, config: {column_types: [a]}}]",
        "seeds: [{name: raw, columns: [{name: id, tests: [{accepted_values: 5}]}]}]",
        "snapshots: [{name: s, relation: 5}]",
        "snapshots: [{name: s, relation: \"ref('x'\", config: {unique_key: [[1]], strategy: 5, updated_at: [2]}}]",
        "- a\n- b\n",
        "5",
    ],
)
def test_a_properties_file_of_another_shape_ends_in_a_message(tmp_path: Path, text: str) -> None:
    write(
        tmp_path,
        {
            "dbt_project.yml": MAIN,
            "models/m.sql": A_TABLE,
            "models/odd.yml": text,
            "seeds/raw.csv": "id\n1\n",
        },
    )

    try:
        taken = dbt_projects.taken_over(tmp_path, registry().checks)
    except UsageError as error:
        assert "models/odd.yml" in str(error)  # noqa: PT017 (either will do)
    else:
        dbt_projects.write(taken, tmp_path / "ours", {})


@pytest.mark.parametrize(
    "text", ["{{ config(", "{% endif %}", "{{ ref( }}", "{{ ref('a' }}", "{{", "\x00", "\x1e1\x1e"]
)  # fmt: skip
def test_a_broken_template_comes_along_as_it_is_and_is_told(tmp_path: Path, text: str) -> None:
    one = from_files(tmp_path, {"models/m.sql": text})

    assert one.text("jobs/m.sql").strip() == text.strip()
    with pytest.raises(ConfigError) as raised:
        conf_of(apart(one).root)
    assert all("/m.sql:" in told for told in raised.value.mistakes)


def test_a_text_that_conf_would_take_for_a_reference_stays_behind(tmp_path: Path) -> None:
    properties = f"models:\n- name: m\n  description: '{EVIL}'\n  columns:\n  - {{name: id, tests: [{{accepted_values: {{values: ['{EVIL}', a]}}}}]}}\n"
    files = {"models/m.sql": A_TABLE, "models/m.yml": properties}

    one = from_files(tmp_path, files, f"vars: {{a: '{EVIL}', b: 1}}\n")

    assert EVIL not in "".join(one.files.values())
    assert [place for place, what, _ in one.hands if EVIL in what] == [
        "dbt_project.yml:3",
        "models/m.yml:3",
        "models/m.yml:5",
    ]


def test_links_are_not_followed_out_of_the_project(tmp_path: Path) -> None:
    secret = write(tmp_path, {"secret.sql": "select 1", "away/x.sql": "select 1"})
    theirs = write(tmp_path / "theirs", {"models/inner.sql": A_TABLE})
    (theirs / "models/file.sql").symlink_to(secret / "secret.sql")
    (theirs / "models/folder").symlink_to(secret / "away")
    (theirs / "models/same.sql").symlink_to(theirs / "models/inner.sql")
    (theirs / "models/loop").symlink_to(theirs)
    (theirs / "models/gone.sql").symlink_to(tmp_path / "nowhere")
    os.mkfifo(theirs / "models/pipe.sql")

    one = from_files(tmp_path, {})

    assert sorted(path for path in one.files if path.endswith(".sql")) == ["jobs/inner.sql", "jobs/same.sql"]
    assert [place for place, what, _ in one.hands if "link" in what] == [
        "models/file.sql:1",
        "models/folder:1",
        "models/loop:1",
    ]


def test_names_that_meet_are_told_and_the_first_one_holds(tmp_path: Path) -> None:
    files = {
        "models/a-b.sql": A_TABLE,
        "models/deep/a_b.sql": A_TABLE.replace("1", "2"),
        "models/1st.sql": A_TABLE,
        "models/s.yml": "sources: [{name: x_y, tables: [{name: z}]}, {name: x, tables: [{name: y_z}]}]",
        "models/s.yaml": "models: [{name: a-b, description: told}]",
        "tests/a_b.sql": "select 1",
        "tests/one/same.sql": "select 1",
        "tests/two/same.sql": "select 2",
    }

    one = from_files(tmp_path, files)

    assert one.text("jobs/a_b.sql") == A_TABLE
    assert one.text("jobs/_1st.sql") == A_TABLE
    assert "name: a_b" in one.text("jobs/s.yml")
    assert "jobs/deep/a_b.sql" not in one.files
    assert [what for _, what, _ in one.hands if "called" in what] == [
        "a_b would be called a_b, as what stands at models/a-b.sql:1",
        "source('x', 'y_z') would be called x_y_z, as source('x_y', 'z')",
        "another test is called same too",
    ]
    assert "select 1" in one.text("jobs/tests/same.sql")
    assert ("tests/two/same.sql:1", "another test is called same too") in one.told
    assert ("tests/a_b.sql:1", "the test a_b is called as a model, and did not come along") in one.told


def test_nothing_is_written_over_what_is_there(tmp_path: Path) -> None:
    theirs = write(tmp_path / "theirs", {"dbt_project.yml": MAIN, "models/m.sql": A_TABLE})
    taken = dbt_projects.taken_over(theirs, registry().checks)
    write(tmp_path, {"full/mine.txt": "mine", "file": ""})
    (tmp_path / "link").symlink_to(tmp_path / "full")

    for name in ("full", "file", "link"):
        with pytest.raises(UsageError, match="is not an empty folder"):
            dbt_projects.write(taken, tmp_path / name, {})
    assert [one.name for one in (tmp_path / "full").iterdir()] == ["mine.txt"]


def test_what_is_told_cannot_leave_its_cell_or_drive_a_terminal(tmp_path: Path) -> None:
    key = '"a | b\\n<script> [x](y) \\e[31m"'

    one = from_files(tmp_path, {"models/m.sql": A_TABLE}, f"{key}: 1\n")

    told = (one.root / dbt_projects.TOLD).read_text()
    (line,) = [one for one in told.splitlines() if "script" in one]
    assert "`a \\| b\\n&lt;script> \\[x](y) \\x1b\\[31m:`" in line


def test_a_project_that_does_not_hold_together_yet_says_so_and_why(tmp_path: Path) -> None:
    write(tmp_path, {"dbt_project.yml": MAIN, "models/m.sql": "select {{ twice(1) }} as id"})

    done = sparkjobs("import", "dbt", str(tmp_path), "--to", str(tmp_path / "ours"))

    assert done.returncode == 2
    assert "'twice' is undefined" in done.stderr
    assert "Next: sparkjobs validate --project " in done.stdout
    assert "models/m.sql:1: `twice` is no word of a template here" in done.stdout


def test_a_file_and_its_checks_are_imported_as_before(tmp_path: Path) -> None:
    write(tmp_path, {"m.yml": "models: [{name: m, columns: [{name: id, tests: [unique]}]}]"})

    done = sparkjobs("import", "dbt", str(tmp_path / "m.yml"))
    refused = sparkjobs("import", "dbt", str(tmp_path / "m.yml"), "--to", "x")

    assert done.stdout.endswith("# model m\nchecks:\n  - unique: [id]\n")
    assert (refused.returncode, "--to goes with the folder" in refused.stderr) == (2, True)
