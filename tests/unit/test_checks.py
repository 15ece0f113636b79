"""An entry of `checks:` is compared with the function that judges it before anything runs."""

import json
from pathlib import Path

import pytest

from scripts.checks_page import PAGE, page
from sparkjobs.errors import ConfigError
from sparkjobs.plan import Request, as_json, build, graph_of
from tests.checks import checks_of, registry
from tests.unit.projects import CODE, DAILY, SOURCES, conf_of, project, registry_of

OWN = """

from pyspark.sql import Column
from sparkjobs import check


@check()
def even(column, *, offset: int = 0) -> Column:
    return (column.value + offset) % 2 == 0
"""


def told(root: Path, entries: str, code: str = CODE) -> list[str]:
    conf = conf_of(project(root, {"conf/jobs/daily.yml": f"{DAILY}checks:\n{entries}"}, code))
    try:
        graph_of(conf, registry_of(conf))
    except ConfigError as error:
        return list(error.mistakes)
    return []


@pytest.mark.parametrize(
    ("entry", "mistake"),
    [
        (
            "unique: {columns: [id], mosty: 0.9}",
            "5:29: 'mosty' is not a key of unique; did you mean 'mostly'?",
        ),
        ("uniqe: [a]", "5:5: there is no check 'uniqe'; did you mean 'unique'?"),
        ("unique: []", "5:5: unique needs 'columns'"),
        ("not_null: []", "5:5: not_null needs 'columns'"),
        ("not_null: {column: a, columns: [b]}", "5:16: not_null takes 'column' or 'columns', not both"),
        ("between: {column: a}", "5:5: between needs 'min' or 'max'"),
        ("between: {min: 1}", "5:5: between needs 'column'"),
        ("accepted_values: {column: a}", "5:5: accepted_values needs 'values'"),
        (
            "accepted_values: {column: a, values: [1, null]}",
            "5:34: values: must be text, a number, true or false",
        ),
        ("accepted_values: {column: a, values: []}", "5:34: values: must not be empty"),
        ("matches: {column: a, pattern: '('}", "5:26: pattern: '(' is not a regular expression"),
        ("row_count: {min: -1}", "5:17: min: input should be greater than or equal to 0"),
        ("row_count: {min: many}", "5:17: min: must be a whole number, not 'many'"),
        ("row_count: text", "5:5: row_count takes no text; write its arguments as `key: value`"),
        ("not_in_future: {column: a, tolerance: 1 day}", "5:32: tolerance: '1 day' is not a duration"),
        ("letter_case: {column: a, case: uper}", "5:30: case: 'uper' is not known; did you mean 'upper'?"),
        ("unique: {columns: [a], group_by: [b]}", "5:28: unique is no aggregate; `group_by` is for those"),
        ("correlation: {column: a, min: 0}", "5:5: correlation needs 'other'"),
        ("anomaly: {of: rows, min: 1}", "5:15: of: 'rows' is not known; it can be bytes, maximum"),
        ("anomaly: {of: row_count}", "5:5: anomaly needs 'min' or 'max' or 'max_absolute_change' or"),
        ("anomaly: {of: minimum, min: 1}", "5:5: anomaly of minimum needs 'column'"),
        ("anomaly: {of: bytes, column: a, min: 1}", "5:5: anomaly of bytes takes no 'column'"),
        ("anomaly: {of: bytes, min: 1, season: day_of_week}", "5:5: 'season' is for max_absolute_change"),
        ("anomaly: {of: bytes, min: 1, min_runs: 3}", "5:5: 'min_runs' is for max_absolute_change"),
        ("anomaly: {of: bytes, max_change: 1, min_runs: 0}", "5:41: min_runs: input should be greater"),
        ("anomaly: {of: bytes, max_change: -1}", "5:26: max_change: input should be greater"),
        ("anomaly: {of: bytes, min: 1, where: a > 1}", "5:34: anomaly looks at the whole result; it takes"),
        ("anomaly: {of: bytes, min: 1, mostly: 0.9}", "5:34: anomaly looks at the whole result; it takes"),
        ("anomaly: {of: bytes, min: 1, group_by: [a]}", "5:34: anomaly is no aggregate"),
        (
            "foreign_key: {columns: [a], input: sale}",
            "5:33: daily has no input 'sale'; did you mean 'sales'?",
        ),
    ],
)
def test_what_does_not_fit_is_a_mistake_with_its_place(tmp_path: Path, entry: str, mistake: str) -> None:
    (found,) = told(tmp_path, f"  - {entry}\n")
    assert found.startswith(f"conf/jobs/daily.yml:{mistake}")


def test_all_checks_that_do_not_fit_are_told_at_once(tmp_path: Path) -> None:
    assert len(told(tmp_path, "  - uniqe: [a]\n  - between: {column: a}\n")) == 2


def test_a_project_s_own_check_is_used_like_ours(tmp_path: Path) -> None:
    assert told(tmp_path, "  - even: {column: id, offset: 1}\n", CODE + OWN) == []


def test_a_project_s_own_check_may_not_take_the_name_of_ours(tmp_path: Path) -> None:
    (mistake,) = told(tmp_path, "  - unique: [id]\n", CODE + OWN.replace("def even", "def unique"))
    assert "'unique' is already a check, at " in mistake


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        ("not_null: [a, b]", ["not_null(a)", "not_null(b)"]),
        ("unique: [a, b]", ["unique(a, b)"]),
        ("unique: a", ["unique(a)"]),
        ("expression: a > b", ["expression(a > b)"]),
        ("row_count: {min: 1}", ["row_count"]),
        ("row_count: {min: 1, name: some_rows}", ["some_rows"]),
        ("unique: {columns: [a, b], name: key}", ["key"]),
        ("not_null: {columns: [a, b], name: filled}", ["filled(a)", "filled(b)"]),
        ("between: {column: a, min: 1, name: sane}", ["sane"]),
    ],
)
def test_a_check_of_one_column_stands_for_each_of_its_columns(entry: str, names: list[str]) -> None:
    assert [one.name for one in checks_of(entry)] == names


@pytest.mark.parametrize(
    ("entry", "source"),
    [
        ("not_null: [a]", "footer or scan"),
        ("not_null: {column: a, where: b > 1}", "scan"),
        ("row_count: {min: 1}", "footer or scan"),
        ("expression: a > b", "scan"),
        ("unique: [a]", "plan or keys"),
        ("mean: {column: a, min: 1}", "scan"),
        ("mean: {column: a, min: 1, group_by: [b]}", "keys"),
        ("iqr: [a]", "pass"),
        ("column_count: {min: 1}", "plan"),
    ],
)
def test_what_answers_a_check_is_told_before_it_runs(entry: str, source: str) -> None:
    (check,) = checks_of(entry)
    assert check.source == source


@pytest.mark.parametrize(
    ("entries", "mistake"),
    [
        (
            "rules: [{name: a, expr: id > 0, exprs: b}]",
            "5:35: 'exprs' is not a key of expression; did you mean 'expr'?",
        ),
        (
            "rules: [{betwen: {column: id, min: 1}}]",
            "5:12: there is no check 'betwen'; did you mean 'between'?",
        ),
        ("rules: [{positive: [idd]}]", "5:12: sales has no column 'idd'; did you mean 'id'?"),
        ("rules: [{anomaly: {of: bytes, min: 1}}]", "5:12: anomaly is no condition on one row, as a rule is"),
        ("rules: [{row_count: {min: 1}}]", "5:12: row_count is no condition on one row, as a rule is"),
        (
            "rules: [{positive: {column: id, mostly: 0.9}}]",
            "5:35: of a rule, `bad_rows: max_share` says how many",
        ),
        ("unique: {keys: [nr]}", "5:3: sales has no column 'nr'; it has "),
    ],
)
def test_a_rule_of_a_contract_is_a_check_of_one_row(tmp_path: Path, entries: str, mistake: str) -> None:
    conf = conf_of(project(tmp_path, {"conf/sources.yml": f"{SOURCES}  {entries}\n"}))
    with pytest.raises(ConfigError) as caught:
        graph_of(conf, registry_of(conf))
    (found,) = caught.value.mistakes
    assert found.startswith(f"conf/sources.yml:{mistake}")


def test_the_page_of_checks_tells_of_the_checks_there_are() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "python scripts/checks_page.py"


def test_a_plan_tells_the_arguments_of_its_checks(tmp_path: Path) -> None:
    checks = "checks:\n  - not_in_future: {column: id, tolerance: 2h}\n  - column_types: {types: {id: [int, bigint]}}\n"
    conf = conf_of(project(tmp_path, {"conf/jobs/daily.yml": DAILY + checks}, CODE))
    (tmp_path / "landing").mkdir(exist_ok=True)
    (tmp_path / "landing/sales.csv").write_text("id,amount\n1,2\n")
    plan = json.loads(as_json(build(conf, registry_of(conf), Request())))
    first, second = plan["jobs"][0]["checks"]
    assert (first["columns"], first["arguments"]) == (["id"], {"tolerance": "7200s"})
    assert second["arguments"] == {"types": {"id": ["int", "bigint"]}}


def test_every_check_says_what_it_means_with_a_green_and_a_red_example() -> None:
    for name, check in registry().checks.items():
        words = [line.split()[0] for line in check.description.splitlines() if line.strip()]
        assert {"green:", "red:"} <= set(words), name
