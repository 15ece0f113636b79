"""What planning costs grows with the number of jobs, and not faster: counted in calls of functions, not in time."""

import sys
from pathlib import Path
from types import FrameType

from sparkjobs.plan import Request, as_text, build
from sparkjobs.registry import collect
from tests.unit.projects import conf_of, write

CONF = """inputs: {{rows: {}}}
output: {{format: parquet, path: "${{warehouse}}/{}"}}
checks: [not_null: [a], unique: [a]]
"""


def calls_of_plan(root: Path, package: str, jobs: int) -> int:
    """How many functions of Python are called to plan a chain of `jobs`, all of one module, and to show it."""
    names = [f"job_{place:04}" for place in range(jobs)]
    bodies = [f"@job\ndef {name}(rows): ...\n" for name in names]
    inputs = ["{source: landed}", *(f"{{ref: {name}}}" for name in names)]
    write(
        root,
        {
            "conf/sparkjobs.yml": f"name: big\njobs: [{package}]\npaths: {{landing: landing, warehouse: wh}}\n",
            "conf/sources.yml": 'landed: {format: csv, path: "${landing}/*.csv", columns: {a: int}}\n',
            "landing/a.csv": "a\n1\n",
            f"{package}/__init__.py": "from sparkjobs import job\n\n\n" + "\n\n".join(bodies),
            **{
                f"conf/jobs/{name}.yml": CONF.format(one, name)
                for name, one in zip(names, inputs, strict=False)
            },
        },
    )
    calls = 0

    def count(_frame: FrameType, event: str, _given: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        conf = conf_of(root)
        plan = build(conf, collect((package,), root), Request())
        assert f"{jobs} jobs, {jobs} to run" in as_text(plan)
    finally:
        sys.setprofile(None)
    return calls


def test_a_plan_of_twice_the_jobs_takes_twice_the_work(tmp_path: Path) -> None:
    calls_of_plan(tmp_path / "first", "grown_a", 10)  # what is done once for all plans
    some, more, most = (
        calls_of_plan(tmp_path / package, package, jobs)
        for package, jobs in (("grown_b", 100), ("grown_c", 200), ("grown_d", 300))
    )

    assert most - more < 1.1 * (more - some)
