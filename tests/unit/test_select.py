"""Selectors, in dbt's grammar, over a → b → c → d and a lone e."""

from pathlib import Path

import pytest

from sparkjobs.errors import UsageError
from sparkjobs.plan import graph_of
from sparkjobs.plan.select import selected
from tests.unit.projects import conf_of, project, registry_of

CODE = "from sparkjobs import job\n\n\n@job\ndef {}(x):\n    return x\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("select")
    inputs = {"a": "source: sales", "b": "ref: a", "c": "ref: b", "d": "ref: c", "e": "source: stores"}
    tags = {"a": "[staging]", "b": "[nightly]", "c": "[]", "d": "[nightly, mart]", "e": "[staging]"}
    files: dict[str, str | bytes] = {
        f"conf/jobs/{job}.yml": (
            f"inputs: {{x: {{{one}}}}}\ntags: {tags[job]}\n"
            f"output: {{format: parquet, path: '${{warehouse}}/{job}'}}\n"
        )
        for job, one in inputs.items()
    }
    source = "{format: csv, path: '${landing}/x', columns: {i: int}}"
    files["conf/sources.yml"] = f"sales: {source}\nstores: {source}\n"
    project(folder, files, "\n\n".join(CODE.format(job) for job in inputs))
    (folder / "conf/jobs/daily.yml").unlink()
    return folder


def _selected(root: Path, *terms: str, exclude: tuple[str, ...] = ()) -> str:
    conf = conf_of(root)
    registry = registry_of(conf)
    return "".join(sorted(selected(terms, exclude, conf, graph_of(conf, registry), registry.jobs)))


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ((), "abcde"),
        (("c",), "c"),
        (("+c",), "abc"),
        (("c+",), "cd"),
        (("+b+",), "abcd"),
        (("1+c",), "bc"),
        (("2+d",), "bcd"),
        (("a+1",), "ab"),
        (("1+b+1",), "abc"),
        (("0+c",), "c"),
        (("99+c",), "abc"),
        (("a", "e"), "ae"),
        (("a e",), "ae"),
        (("+c,b+",), "bc"),
        (("+c,d+",), ""),
        (("+b c,c+",), "abc"),
        (("tag:nightly",), "bd"),
        (("tag:nightly,tag:mart",), "d"),
        (("tag:staging+",), "abcde"),
        (("source:sales",), "a"),
        (("source:sales+",), "abcd"),
        (("[ab]",), "ab"),
        (("*",), "abcde"),
        (("?",), "abcde"),
        (("name:c",), "c"),
        (("tag:s*",), "ae"),
        (("path:jobs_*",), "abcde"),
    ],
)
def test_a_selector_selects(root: Path, terms: tuple[str, ...], expected: str) -> None:
    assert _selected(root, *terms) == expected


def test_a_path_is_a_file_or_any_folder_above_it(root: Path) -> None:
    package = next(root.glob("jobs_*")).name

    assert _selected(root, f"path:{package}") == "abcde"
    assert _selected(root, f"path:{package}/__init__.py") == "abcde"


@pytest.mark.parametrize(
    ("exclude", "expected"),
    [(("c",), "abde"), (("c+",), "abe"), (("tag:staging", "d"), "bc"), (("tag:nightly,d",), "abce")],
)
def test_what_is_excluded_is_left_out(root: Path, exclude: tuple[str, ...], expected: str) -> None:
    assert _selected(root, exclude=exclude) == expected


def test_exclusion_beats_selection(root: Path) -> None:
    assert _selected(root, "+c", exclude=("b",)) == "ac"


@pytest.mark.parametrize(
    ("term", "told"),
    [
        ("z", "No job is selected by 'z'.\nThere is: a, b, c, d, e."),
        ("tag:nightli", "No job is selected by 'tag:nightli'.\nDid you mean 'nightly'?"),
        ("source:sale", "No job is selected by 'source:sale'.\nDid you mean 'sales'?"),
        ("tags:x", "'tags' is not a selector method.\nDid you mean 'tag:'?"),
        ("state:modified", "'state' is not a selector method.\n"),
        ("+", "'+' is not a selector."),
        ("a++", "'a++' is not a selector."),
        ("a+b", "'a+b' is not a selector."),
        ("a,", "'' is not a selector."),
        ("@a", "No job is selected by '@a'."),
        ("A", "No job is selected by 'A'."),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(root: Path, term: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        _selected(root, term)

    assert str(caught.value).startswith(told)


def test_an_unknown_name_is_told_even_where_it_is_excluded(root: Path) -> None:
    with pytest.raises(UsageError, match="No job is selected by 'z'"):
        _selected(root, exclude=("z",))
