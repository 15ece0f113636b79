"""Singular tests: a query that is to find nothing is a job here, which counts what it finds and fails."""

import re
from dataclasses import dataclass
from typing import Final

from sparkjobs.config.node import Plain
from sparkjobs.dbt_projects.blocks import block
from sparkjobs.dbt_projects.model import Names, Remark, Remarks, Settings, Text
from sparkjobs.dbt_projects.rewriting import Read, config_of, rewritten
from sparkjobs.dbt_projects.settings import name_of

TAG: Final = "dbt_test"
"""Of all such jobs."""
_USUAL: Final = ("enabled", "meta", "severity", "store_failures", "tags")
_GENERIC: Final = re.compile(r"\{%-?\s*test\s+(\w+)")


@dataclass(frozen=True, slots=True)
class Test:
    """A test as it is taken over."""

    name: str
    path: str
    text: str
    read: Read
    conf: str


def test_of(file: Text, names: Names, remarks: Remarks) -> Test | None:
    """The job of a test; None where it is switched off, or is called for by others."""
    if generic := _GENERIC.search(file.text):
        line = file.text.count("\n", 0, generic.start()) + 1
        told = f"the test `{generic[1]}` of your own did not come along"
        remarks.append(Remark(f"{file.path}:{line}", told, "Write a check of your own: docs/checks.md"))
        return None
    settings = config_of(file, remarks)
    for key in sorted(settings.keys() - set(_USUAL)):
        fix = "A check has `severity` and `where`"
        remarks.append(Remark(file.place, f"{file.name}: `{key}` did not come along", fix))
    name = name_of(file.name)
    if settings.get("enabled") is False or name.casefold() in {
        one.casefold() for one in names.models.values()
    }:
        why = "is not enabled" if settings.get("enabled") is False else "is called as a model"
        remarks.append(Remark(file.place, f"the test {file.name} {why}, and did not come along"))
        return None
    text, read = rewritten(file, names, remarks, ())
    query = text.strip().removesuffix(";").rstrip()
    sql = f"select count(*) as failures\nfrom (\n{query}\n)\n"
    return Test(name, f"tests/{name}.sql", sql, read, _conf(settings))


def _conf(settings: Settings) -> str:
    check: dict[str, Plain] = {"expr": "failures = 0", "name": "finds_nothing"}
    if str(settings.get("severity", "error")).lower() == "warn":
        check["severity"] = "warn"
    return block({"tags": (TAG,), "checks": ({"expression": check},)})
