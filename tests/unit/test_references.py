"""`${…}`: paths, the environment, and secrets that stay references."""

import json
from pathlib import Path

import pytest

from sparkjobs.config.references import UnknownReferenceError, resolved, revealed, scrubbed
from sparkjobs.plan import as_json, as_text
from tests.unit.projects import DAILY, MAIN, SOURCES, conf_of, mistakes_of, plan_of, project

PATHS = {"landing": "/data/landing", "warehouse": "/data/warehouse"}
ENVIRONMENT = {"N": "5", "WORD": "hello", "EMPTY": "", "OFF": "false", "ZEROS": "007", "PASSWORD": "hunter2"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("${landing}", "/data/landing"),
        ("${landing}/x/${warehouse}", "/data/landing/x//data/warehouse"),
        ("${env:WORD}", "hello"),
        ("${env:N}", 5),
        ("n=${env:N}", "n=5"),
        ("${env:OFF}", False),
        ("${env:NOPE:-3}", 3),
        ("${env:NOPE:-}", None),
        ("${env:NOPE:-a:-b}", "a:-b"),
        ("${env:WORD:-other}", "hello"),
        ("${env:EMPTY:-other}", None),
        ("${secret:env:PASSWORD}", "${secret:env:PASSWORD}"),
        ("${secret:file:/run/x}", "${secret:file:/run/x}"),
        ("$landing {landing}", "$landing {landing}"),
    ],
)
def test_a_reference_becomes_what_it_names(text: str, expected: object) -> None:
    assert resolved(text, PATHS, ENVIRONMENT) == expected


def test_a_quoted_reference_stays_text() -> None:
    assert resolved("${env:ZEROS}", PATHS, ENVIRONMENT, typed=False) == "007"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("${landin}", "'${landin}' is not a key of `paths:`; did you mean '${landing}'?"),
        ("${zzz}", "'${zzz}' is not a key of `paths:`; `paths:` has landing, warehouse"),
        ("${}", "'${}' is not a key of `paths:`; `paths:` has landing, warehouse"),
        ("${env:NOPE}", "the environment has no 'NOPE'; `${env:NOPE:-default}` allows that"),
        ("${landing", "'${landing': a reference ends with } and holds no other"),
        (
            "${env:NOPE:-${env:WORD}}",
            "'${env:NOPE:-${env:WORD}}': a reference ends with } and holds no other",
        ),
    ],
)
def test_a_reference_that_leads_nowhere_says_so(text: str, told: str) -> None:
    with pytest.raises(UnknownReferenceError) as caught:
        resolved(text, PATHS, ENVIRONMENT)

    assert str(caught.value) == told


def test_revealed_secrets_are_scrubbed_from_then_on(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0ps3cret\n")
    environment = {"LONG": "correct horse", "PART": "correct"}

    clear = revealed(
        f"${{secret:env:LONG}} ${{secret:env:PART}} ${{secret:file:{tmp_path}/token}}", environment
    )

    assert clear == "correct horse correct t0ps3cret"
    assert scrubbed(f"said {clear}!") == "said ******** ******** ********!"


def test_a_secret_is_scrubbed_as_json_and_errors_write_it_too() -> None:
    secret = 'pa"ss\\wörd'  # noqa: S105 (of a test)
    revealed("${secret:env:QUOTED}", {"QUOTED": secret})

    told = [
        scrubbed(text) for text in (json.dumps({"a": secret}, ensure_ascii=False), repr(KeyError(secret)))
    ]

    assert told == ['{"a": "********"}', "KeyError('********')"]


def test_an_empty_secret_does_not_scrub_everything() -> None:
    revealed("${secret:env:EMPTY}", {"EMPTY": ""})

    assert scrubbed("nothing to hide here") == "nothing to hide here"


@pytest.mark.parametrize("reference", ["${secret:env:NOPE}", "${secret:file:/no/such/file}", "${secret:x:y}"])
def test_a_secret_that_is_not_there_is_named_by_its_reference(reference: str) -> None:
    with pytest.raises(UnknownReferenceError, match="there is no secret at"):
        revealed(reference, {})


def test_conf_types_a_bare_reference_and_leaves_a_quoted_one_text(tmp_path: Path) -> None:
    job = DAILY.replace("{least: 1}", '\n  least: ${env:ZEROS}\n  code: "${env:ZEROS}"')
    project(tmp_path, {"conf/jobs/daily.yml": job})

    conf = conf_of(tmp_path, environment=ENVIRONMENT)

    assert conf.jobs["daily"].params == {"least": 7, "code": "007"}


def test_a_path_is_text_and_may_use_those_above_it(tmp_path: Path) -> None:
    paths = "paths: {root: 'd', landing: '${root}/in', warehouse: '${env:ZEROS}'}\n"
    project(tmp_path, {"conf/sparkjobs.yml": f"name: demo\njobs: [PACKAGE]\n{paths}"})

    conf = conf_of(tmp_path, environment=ENVIRONMENT)

    assert dict(conf.project.paths) == {"root": "d", "landing": "d/in", "warehouse": "007"}
    assert conf.sources["sales"].path == f"{tmp_path}/d/in/sales/*.csv"
    assert conf.jobs["daily"].output.path == f"{tmp_path}/007/daily"


def test_each_bad_reference_is_told_once_with_its_place(tmp_path: Path) -> None:
    project(
        tmp_path,
        {
            "conf/sparkjobs.yml": MAIN.replace("landing: landing", "landing: '${env:NOPE}'"),
            "conf/jobs/daily.yml": DAILY.replace("${warehouse}", "${warehose}"),
        },
    )

    assert mistakes_of(tmp_path) == (
        "conf/sparkjobs.yml:3:18: the environment has no 'NOPE'; `${env:NOPE:-default}` allows that",
        "conf/jobs/daily.yml:3:33: '${warehose}' is not a key of `paths:`; did you mean '${warehouse}'?",
    )


def test_a_secret_appears_in_no_plan_and_no_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", "hunter2")
    job = DAILY.replace("{least: 1}", "{least: 1, pin: '${secret:env:PASSWORD}'}")
    code = "from sparkjobs import job\n\n\n@job\ndef daily(sales, *, least, pin):\n    return sales\n"
    project(tmp_path, {"conf/jobs/daily.yml": job}, code)

    plan = plan_of(tmp_path)
    told = mistakes_of(
        project(tmp_path / "b", {"conf/sources.yml": SOURCES + "  on_empty: '${secret:env:PASSWORD}'\n"}),
        environment=ENVIRONMENT,
    )

    assert "${secret:env:PASSWORD}" in as_json(plan)
    assert "hunter2" not in as_json(plan) + as_text(plan) + "".join(told)
    assert len(told) == 1
