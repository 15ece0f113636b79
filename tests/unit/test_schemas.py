"""The JSON Schemas of conf: they take what we take, and are kept current."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from scripts.schema_files import FOLDER
from sparkjobs.config.node import parse, plain
from sparkjobs.schemas import schemas
from tests.checks import registry
from tests.unit.projects import DAILY, MAIN, SOURCES, project
from tests.unit.test_cli import sparkjobs

ROOT = Path(__file__).parents[2]
CHECKS = (
    "inputs: {a: {source: a}, b: {ref: b, for_checks: true}}\n"
    "params: {least: 1, names: [x, y], share: '${env:SHARE:-0.5}'}\n"
    "output: {format: delta, path: p, mode: merge, keys: [id]}\n"
    "incremental: {by: interval, column: day, every: day, start: 2013-01-01, lookback: 2}\n"
    "freshness: {max_age: 2h, severity: warn}\n"
    "profile: ${env:PROFILE:-false}\n"
    "checks:\n"
    "  - not_null: [a, b]\n"
    "  - not_null: a\n"
    "  - positive: {columns: [a, b], mostly: 0.9}\n"
    "  - unique: {columns: a, where: b > 0}\n"
    "  - expression: a > b\n"
    "  - sum: {column: a, max: 3, group_by: [b]}\n"
    "  - foreign_key: {columns: [a], input: b, key: [id]}\n"
    "  - not_in_future: {column: day, tolerance: 2h}\n"
    "  - column_types: {types: {a: [int, bigint]}}\n"
    "  - accepted_values: {column: a, values: [1, x, true]}\n"
)
CONTRACT = (
    "a:\n"
    "  format: csv\n"
    "  path: p\n"
    "  columns: {a: int, 'b c': {type: 'decimal(10, 2)', between: [0, 1.5]}, d: {type: '${env:TYPE}'}}\n"
    "  rules: [{name: r, expr: a > 0, severity: warn}, {positive: a}, {expression: {expr: a > 0}}]\n"
    "  unique: {keys: [a], order_by: [d]}\n"
    "  bad_rows: {max_share: '${env:SHARE}'}\n"
    "b: {format: parquet, path: p}\n"
    "c: {format: text, path: p}\n"
)


@pytest.fixture(scope="module")
def validators() -> dict[str, Draft7Validator]:
    found = {kind: json.loads(text) for kind, text in schemas(registry().checks).items()}
    for one in found.values():
        Draft7Validator.check_schema(one)
    return {kind: Draft7Validator(one) for kind, one in found.items()}


def complaints(validator: Draft7Validator, text: str) -> list[str]:
    read: Any = json.loads(json.dumps(plain(parse("conf.yml", text.encode()))))
    return [one.message for one in validator.iter_errors(read)]


def kind_of(file: Path) -> str:
    return {"jobs": "job", "env": "env"}.get(file.parent.name, file.stem)


FILES = sorted(
    file for top in (".", "bench", "examples/incremental") for file in (ROOT / top / "conf").rglob("*.yml")
)


def test_the_conf_files_of_the_demo_of_bench_and_of_examples_are_looked_at() -> None:
    assert {kind_of(file) for file in FILES} == {"sparkjobs", "sources", "job", "env"}
    assert len(FILES) > 14


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_conf_file_of_ours_is_as_its_schema_has_it(
    validators: dict[str, Draft7Validator], file: Path
) -> None:
    assert complaints(validators[kind_of(file)], file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("sparkjobs", MAIN + "spark: {a: 8, b: true, c: text}\nretries: {times: 3, wait_s: 0.5}\n"),
        ("sources", SOURCES),
        ("sources", CONTRACT),
        ("job", DAILY),
        ("job", CHECKS),
        ("job", "params: {a: 1}\n"),
        ("job", "output: {mode: merge, keys: [id]}\n"),
        ("job", "output: view\n"),
        ("selectors", 'a: "tag:x"\nb: {select: [c], exclude: [d], description: e}\n'),
        ("env", "paths: {a: b}\nspark: {c: 1}\nsources: {d: {path: e}}\njobs: {f: {params: {g: [1, 2]}}}\n"),
    ],
)
def test_short_forms_and_references_are_taken(
    validators: dict[str, Draft7Validator], kind: str, text: str
) -> None:
    assert complaints(validators[kind], text) == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("sparkjobs", MAIN + "nmae: x\n"),
        ("sparkjobs", MAIN.replace("demo", "my-demo")),
        ("sparkjobs", MAIN + "retries: {times: 11}\n"),
        ("sources", SOURCES.replace("csv", "cvs", 1)),
        ("sources", SOURCES.replace("id: int", "id: in")),
        ("sources", SOURCES.replace("id: int", "id: {type: int, nul_values: [NA]}")),
        ("sources", SOURCES + "  options: {delimeter: x}\n"),
        ("sources", SOURCES + "  rules: [{unique: [id]}]\n"),
        ("sources", SOURCES.replace("sales:", "my-sales:")),
        ("job", DAILY + "chekcs: []\n"),
        ("job", "output: veiw\n"),
        ("job", "output: {mode: merge}\n"),
        ("job", DAILY.replace("{source: sales}", "{source: sales, ref: x}")),
        ("job", DAILY.replace("{source: sales}", "{}")),
        ("job", DAILY.replace("{format", "{mode: merge, format")),
        ("job", DAILY.replace("{format", "{target_file_size: 128, format")),
        ("job", DAILY.replace("least: 1", "least: null")),
        ("job", DAILY + "checks: [unique]\n"),
        ("job", DAILY + "checks: [{uniqe: [a]}]\n"),
        ("job", DAILY + "checks: [{not_null: [a], unique: [a]}]\n"),
        ("job", DAILY + "checks: [{accepted_values: [a]}]\n"),
        ("job", DAILY + "checks: [{between: {column: a}}]\n"),
        ("job", DAILY + "checks: [{not_null: {columns: [a], group_by: [b]}}]\n"),
        ("job", DAILY + "checks: [{not_null: {columns: [a], severity: wran}}]\n"),
        ("job", DAILY + "freshness: {max_age: 2 hours}\n"),
        ("selectors", "a: {selct: [b]}\n"),
        ("selectors", "a: [b]\n"),
        ("env", "jobs: {a: {checks: []}}\n"),
    ],
)
def test_a_mistake_is_one_to_the_schema_too(
    validators: dict[str, Draft7Validator], kind: str, text: str
) -> None:
    assert complaints(validators[kind], text)


def test_every_example_of_a_check_is_taken(validators: dict[str, Draft7Validator]) -> None:
    found = [
        f"{DAILY}checks: [{{{name}: {example[1]}}}]\n"
        for name, check in registry().checks.items()
        for line in check.description.splitlines()
        if (example := re.match(r" *(?:green|red): +(\{.*\}) on ", line))
    ]

    assert len(found) > 150
    assert [text for text in found if complaints(validators["job"], text)] == []


def test_a_key_is_described_by_its_docstring_and_a_check_by_its_own(
    validators: dict[str, Draft7Validator],
) -> None:
    known: Any = validators["job"].schema["$defs"]

    assert known["MergeOutput"]["properties"]["on_schema_change"]["description"] == (
        "What to do when the result has other columns than the table."
    )
    assert known["Check"]["properties"]["not_null"]["description"] == "Every row holds a value."


def test_the_schemas_of_the_docs_are_current() -> None:
    found = {file.stem: file.read_text(encoding="utf-8") for file in FOLDER.glob("*")}

    assert found == schemas(registry().checks), "python scripts/schema_files.py"


def test_a_project_of_its_own_checks_has_schemas_that_know_them(tmp_path: Path) -> None:
    own = "from sparkjobs import check, job\nfrom pyspark.sql import Column\n\n\n@check()\ndef even(column) -> Column:\n    return column.value % 2 == 0\n"
    project(tmp_path, code=own)

    done = sparkjobs("schema", "--write", str(tmp_path / "made"), "--project", str(tmp_path))

    assert done.returncode == 0
    made = json.loads((tmp_path / "made/job.json").read_text())
    assert {"even", "not_null"} <= set(made["$defs"]["Check"]["properties"])
    assert sorted(file.stem for file in (tmp_path / "made").iterdir()) == [
        "env",
        "job",
        "selectors",
        "sources",
        "sparkjobs",
    ]


def test_one_schema_is_printed_outside_of_a_project_too(tmp_path: Path) -> None:
    done = sparkjobs("schema", "env", "--project", str(tmp_path))

    assert json.loads(done.stdout)["title"].startswith("conf/env/<name>.yml")
    assert sparkjobs("schema", "envs", "--project", str(tmp_path)).returncode == 2
