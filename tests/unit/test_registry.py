"""`@job` marks functions, `collect` finds them."""

from pathlib import Path

import pytest

from sparkjobs.errors import ConfigError
from sparkjobs.registry import Param, collect, job
from tests.unit.projects import write


def test_job_returns_the_function_unchanged() -> None:
    def daily(sales: int, *, least: int = 0) -> int:
        return sales + least

    assert job(daily) is daily
    assert daily(1, least=2) == 3


def test_positional_parameters_are_inputs_and_keyword_only_ones_params(tmp_path: Path) -> None:
    code = (
        "from sparkjobs import job\n\n\n@job\ndef daily(a, b, *, c, d=1):\n"
        '    """One line.\n\n    Grain: (day).\n    """\n'
    )
    write(tmp_path, {"registry_a/__init__.py": code})

    spec = collect(("registry_a",), tmp_path).jobs["daily"]

    assert spec.inputs == ("a", "b")
    assert spec.params == (Param("c", required=True), Param("d", required=False))
    assert spec.place == f"{tmp_path}/registry_a/__init__.py:4"
    assert spec.description == "One line.\n\nGrain: (day)."


@pytest.mark.parametrize("parameters", ["*args", "**kwargs"])
def test_parameters_that_no_conf_could_name_are_refused(tmp_path: Path, parameters: str) -> None:
    package = f"registry_b{len(parameters)}"
    write(
        tmp_path, {f"{package}/__init__.py": f"from sparkjobs import job\n@job\ndef f({parameters}): ...\n"}
    )

    with pytest.raises(ConfigError) as caught:
        collect((package,), tmp_path)

    assert "cannot be named in conf" in caught.value.mistakes[0]


def test_collect_walks_the_package_and_passes_over_what_is_only_imported(tmp_path: Path) -> None:
    code = "from sparkjobs import job\n\n\n@job\ndef {name}(x): ...\n"
    write(
        tmp_path,
        {
            "registry_c/__init__.py": "",
            "registry_c/one.py": code.format(name="one"),
            "registry_c/sub/__init__.py": "from registry_c.one import one\n",
            "registry_c/sub/two.py": "from registry_c.one import one\n" + code.format(name="two"),
        },
    )

    assert sorted(collect(("registry_c",), tmp_path).jobs) == ["one", "two"]


def test_a_job_of_another_package_is_none_of_this_one(tmp_path: Path) -> None:
    code = "from sparkjobs import job\n\n\n@job\ndef other(x): ...\n"
    write(tmp_path, {"registry_k.py": code, "registry_j/__init__.py": "from registry_k import other\n"})

    assert dict(collect(("registry_j",), tmp_path).jobs) == {}


def test_the_mapping_cannot_be_changed(tmp_path: Path) -> None:
    write(tmp_path, {"registry_d/__init__.py": ""})

    with pytest.raises(TypeError):
        collect(("registry_d",), tmp_path).jobs["x"] = None  # type: ignore[index]  # the very thing that must fail


def test_a_clash_names_both_places(tmp_path: Path) -> None:
    code = "from sparkjobs import job\n\n\n@job\ndef same(x): ...\n"
    write(tmp_path, {"registry_e/__init__.py": "", "registry_e/a.py": code, "registry_e/b.py": "\n" + code})

    with pytest.raises(ConfigError) as caught:
        collect(("registry_e",), tmp_path)

    assert caught.value.mistakes == (
        f"{tmp_path}/registry_e/b.py:5: 'same' is already a job, at {tmp_path}/registry_e/a.py:4",
    )


@pytest.mark.parametrize(
    ("package", "code", "told"),
    [
        (
            "registry_f",
            "x = 1\nraise ValueError('first\\nsecond')\n",
            "__init__.py:2: registry_f cannot be imported",
        ),
        ("registry_g", "x = 1\ndef (\n", "__init__.py:2: registry_g cannot be imported: SyntaxError"),
        (
            "registry_h",
            "\nimport no_such_thing\n",
            "__init__.py:2: registry_h cannot be imported: ModuleNotFound",
        ),
    ],
)
def test_a_module_that_cannot_be_imported_is_told_in_one_line_at_its_place(
    tmp_path: Path, package: str, code: str, told: str
) -> None:
    write(tmp_path, {f"{package}/__init__.py": code})

    with pytest.raises(ConfigError) as caught:
        collect((package,), tmp_path)

    (mistake,) = caught.value.mistakes
    assert mistake.startswith(f"{tmp_path}/{package}/{told}")
    assert mistake.isprintable()


def test_a_package_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        collect(("no_such_package",), tmp_path)

    (mistake,) = caught.value.mistakes
    assert mistake.startswith(
        "conf/sparkjobs.yml:1:1: no_such_package cannot be imported: ModuleNotFoundError"
    )


def test_all_modules_that_cannot_be_imported_are_told_at_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "registry_i/__init__.py": "",
            "registry_i/a.py": "raise ValueError\n",
            "registry_i/b.py": "raise KeyError\n",
        },
    )

    with pytest.raises(ConfigError) as caught:
        collect(("registry_i",), tmp_path)

    assert len(caught.value.mistakes) == 2
