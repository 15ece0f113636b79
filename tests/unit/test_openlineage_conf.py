"""What conf may say of OpenLineage."""

from pathlib import Path

import pytest

from sparkjobs.config.openlineage import OpenLineage
from tests.unit.projects import MAIN, conf_of, mistakes_of, project

REFERENCE = "${secret:env:TOKEN}"
ENDPOINT = "{url: 'http://localhost:5000', token: '${secret:env:TOKEN}', namespace: here}"


def told(root: Path, body: str) -> tuple[str, ...]:
    return mistakes_of(project(root, {"conf/sparkjobs.yml": f"{MAIN}openlineage: {body}\n"}))


def test_events_go_into_a_file_or_to_an_endpoint(tmp_path: Path) -> None:
    file = conf_of(
        project(tmp_path / "a", {"conf/sparkjobs.yml": MAIN + "openlineage: {file: '${landing}/e'}\n"})
    )
    http = conf_of(project(tmp_path / "b", {"conf/sparkjobs.yml": f"{MAIN}openlineage: {ENDPOINT}\n"}))

    assert file.project.openlineage == OpenLineage(file=str(tmp_path / "a/landing/e"))
    assert http.project.openlineage == OpenLineage(
        url="http://localhost:5000", token=REFERENCE, namespace="here"
    )
    assert conf_of(project(tmp_path / "c")).project.openlineage is None


def test_an_overlay_says_where_events_go(tmp_path: Path) -> None:
    root = project(tmp_path, {"conf/env/prod.yml": f"openlineage: {ENDPOINT}\n"})

    assert conf_of(root).project.openlineage is None
    found = conf_of(root, "prod", ("openlineage.timeout_s=1",)).project.openlineage
    assert found == OpenLineage(url="http://localhost:5000", token=REFERENCE, namespace="here", timeout_s=1)


@pytest.mark.parametrize(
    ("body", "mistake"),
    [
        ("{}", "events go either into a `file` or to a `url`"),
        ("{file: '${landing}/e', url: 'http://x'}", "events go either into a `file` or to a `url`"),
        ("{file: ../e}", "leads outside every folder of `paths:`"),
        ("{file: '${landing}/e', token: '${secret:env:T}'}", "a `token` goes with a `url`"),
        ("{url: 'http://x', token: abc}", "a token is a secret"),
        ("{url: 'http://me:secret@x'}", "holds no user or password"),
        ("{url: 'ftp://x'}", "begins with http:// or https://"),
        ("{url: 'http://x', timeout_s: 0}", "greater than 0"),
        ("{ulr: 'http://x'}", "did you mean 'url'"),
    ],
)
def test_a_mistake_has_its_place(tmp_path: Path, body: str, mistake: str) -> None:
    found = told(tmp_path, body)

    assert found
    assert all(one.startswith("conf/sparkjobs.yml:4:") for one in found)
    assert mistake in found[0]
