"""Paths in conf: whatever they look like, they lie inside the roots or are refused."""

from pathlib import Path

import pytest

from sparkjobs.errors import ConfigError, InputError
from tests.unit.projects import DAILY, MAIN, conf_of, mistakes_of, plan_of, project

HOSTILE = [
    "..",
    "../x",
    "../../../../etc",
    "../../../../../../../../../../etc/passwd",
    "landing/../../x",
    "landing/../..",
    "landing/./../../etc/passwd",
    "${landing}/../../x",
    "${landing}/../../../etc/passwd",
    "${landing}/..",
    "${landing}/*/../../../etc",
    "${landing}/{a,b}/../../../etc",
    "${landing}/a/b/c/../../../../../x",
    "${landing}//../..//x",
    "${landing}-evil/x",
    "landings/x",
    "/",
    "//",
    "///",
    "/etc/passwd",
    "//etc/passwd",
    "/etc/../etc/passwd",
    "/proc/self/environ",
    "/proc/self/cwd/../../etc/passwd",
    "/dev/stdin",
    "/*",
    "/e*/passwd",
    "/[e]tc/passwd",
    "file:/etc/passwd",
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    "file:etc/passwd",
    "file:../x",
    "file:",
    "FILE:/etc/passwd",
    "File:///etc/passwd",
    "s3a://bucket/x",
    "s3://bucket/x",
    "hdfs://node:8020/x",
    "hdfs:/x",
    "http://example.com/x",
    "https://example.com/x.csv",
    "ftp://example.com/x",
    "jar:file:/x.zip",
    "jdbc:sqlite:x",
    "har:///x",
    "viewfs:/x",
    "abfss://a@b.dfs.core.windows.net/x",
    "gs://b/x",
    "dbfs:/x",
    "webhdfs://h/x",
    "${landing}/\\0x",
    "${landing}/x\\0.csv",
    "${landing}/x\\ny",
    "${landing}/x\\r",
    "\\tx",
    "${landing}/\\x1b[31m",
    "",
    " ",
    "~/x",
    "$HOME/x",
    "%2e%2e/x",
    "..\\\\x",
    ". ./x",
    "C:/x",
    "\\u2024\\u2024/x",
    "link/x",
    "link/../x",
    "${landing}/link",
    "${landing}/link/x",
    "${landing}/link/*.csv",
    "${landing}/link/../link/passwd",
    "${landing}/chain/x",
    "${landing}/up/x",
]


def _with_links(root: Path) -> Path:
    (root / "landing").mkdir(parents=True, exist_ok=True)
    (root / "landing" / "link").symlink_to("/etc")
    (root / "landing" / "chain").symlink_to("link")
    (root / "landing" / "up").symlink_to("..")
    (root / "link").symlink_to("/etc")
    return root


@pytest.mark.parametrize("text", HOSTILE)
def test_a_source_path_never_leaves_the_roots(tmp_path: Path, text: str) -> None:
    source = f'sales:\n  format: csv\n  path: "{text}"\n  columns: {{id: int}}\n'
    project(_with_links(tmp_path / "p"), {"conf/sources.yml": source})

    mistakes = mistakes_of(tmp_path / "p")

    assert len(mistakes) == 1
    assert mistakes[0].startswith("conf/sources.yml:3:9: ")
    assert mistakes[0].isprintable()


@pytest.mark.parametrize(
    "text", [*HOSTILE, "${landing}/*", "${landing}/a?", "${landing}/[ab]", "${landing}/{a}"]
)
def test_an_output_path_never_leaves_the_roots_and_is_no_glob(tmp_path: Path, text: str) -> None:
    output = f'inputs: {{sales: {{source: sales}}}}\noutput:\n  format: parquet\n  path: "{text}"\n'
    project(_with_links(tmp_path / "p"), {"conf/jobs/daily.yml": output})

    mistakes = mistakes_of(tmp_path / "p")

    assert mistakes
    assert all(one.startswith("conf/jobs/daily.yml:4:9: ") for one in mistakes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${landing}/x.csv", "landing/x.csv"),
        ("landing/x.csv", "landing/x.csv"),
        ("landing/../landing/x.csv", "landing/x.csv"),
        ("${landing}//x/./y/", "landing/x/y"),
        ("${landing}/..x", "landing/..x"),
        ("${landing}/x..", "landing/x.."),
        ("${landing}/*/x[0-9].csv", "landing/*/x[0-9].csv"),
        ("${landing}/a b#c%20d", "landing/a b#c%20d"),
        ("${landing}/größe", "landing/größe"),
        ("${landing}", "landing"),
    ],
)
def test_a_path_inside_the_roots_becomes_absolute(tmp_path: Path, text: str, expected: str) -> None:
    source = f'sales:\n  format: csv\n  path: "{text}"\n  columns: {{id: int}}\n'
    project(tmp_path, {"conf/sources.yml": source})

    assert conf_of(tmp_path).sources["sales"].path == f"{tmp_path}/{expected}"


def test_an_absolute_root_elsewhere_is_allowed_where_it_is_declared(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    main = MAIN.replace("landing: landing", f"landing: 'file://{tmp_path}/elsewhere'")
    project(tmp_path / "p", {"conf/sparkjobs.yml": main})

    conf = conf_of(tmp_path / "p")

    assert conf.sources["sales"].path == f"{tmp_path}/elsewhere/sales/*.csv"
    assert conf.path("landing", "") == tmp_path / "elsewhere"


def test_a_root_may_be_a_link_and_so_may_the_project(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "landing").symlink_to(tmp_path / "disk")
    (tmp_path / "p").symlink_to(tmp_path / "real")

    assert mistakes_of(project(tmp_path / "p")) == ()


@pytest.mark.parametrize("text", ["s3a://bucket/x", "x\\0y", ""])
def test_a_root_that_is_no_folder_is_told_at_its_place(tmp_path: Path, text: str) -> None:
    project(tmp_path, {"conf/sparkjobs.yml": MAIN.replace("landing: landing", f'landing: "{text}"')})

    assert mistakes_of(tmp_path)[0].startswith("conf/sparkjobs.yml:3:9: ")


def test_without_paths_the_project_itself_is_the_root(tmp_path: Path) -> None:
    files = {
        "conf/sparkjobs.yml": "name: demo\njobs: [PACKAGE]\n",
        "conf/sources.yml": "sales: {format: csv, path: landing/sales, columns: {id: int}}\n",
        "conf/jobs/daily.yml": DAILY.replace("${warehouse}", "../out"),
    }

    assert mistakes_of(project(tmp_path, files)) == (
        "conf/jobs/daily.yml:3:33: '../out/daily' leads outside every folder of `paths:`",
    )


@pytest.mark.parametrize("name", ["secret.csv", "folder"])
def test_a_link_among_the_files_is_not_followed_out_of_the_roots(tmp_path: Path, name: str) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.csv").write_text("id,amount\n1,1\n")
    project(
        tmp_path / "p",
        {"conf/sources.yml": "sales: {format: csv, path: landing/sales, columns: {id: int}}\n"},
    )
    target = tmp_path / "outside" / ("secret.csv" if name == "secret.csv" else "")
    (tmp_path / "p/landing/sales" / name).symlink_to(target)

    with pytest.raises(InputError, match="a link leads it outside every folder"):
        plan_of(tmp_path / "p")


def test_a_link_that_stays_inside_the_roots_is_followed(tmp_path: Path) -> None:
    project(tmp_path, {"landing/other.csv": "id,amount\n2,2\n"})
    (tmp_path / "landing/sales/b.csv").symlink_to("../other.csv")

    (job,) = plan_of(tmp_path).jobs

    assert len(job.inputs[0].files) == 2  # type: ignore[union-attr]  # a source


def test_a_link_to_nothing_is_told(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / "landing/sales/b.csv").symlink_to("nowhere")

    with pytest.raises((InputError, ConfigError), match="cannot be read"):
        plan_of(tmp_path)
