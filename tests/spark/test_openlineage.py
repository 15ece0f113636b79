"""Events of OpenLineage: what is told of real runs, and that no run hangs on them."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_server
from threading import Thread
from typing import Any

import pytest
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from pyspark.sql import SparkSession

from sparkjobs.record import Event
from sparkjobs.results import RunResult
from sparkjobs.run import Orders, execute
from tests.projects import planned, rows, write_project

CODE = """
@job
def sales(raw: DataFrame) -> DataFrame:
    \"\"\"Sales as they came.\"\"\"
    return raw.filter(F.col("amount") > 0).select("id", "region", F.col("amount").alias("eur"))


@job
def totals(sales: DataFrame, *, salt: str) -> DataFrame:
    return sales.groupBy("region").agg(F.sum("eur").alias("eur"), F.max(F.lit(salt)).alias("salted"))
"""
SOURCES = (
    "raw:\n  format: csv\n  path: ${landing}/*.csv\n  columns: {id: int, region: string, amount: double}\n"
)
FILES = {
    "conf/sources.yml": SOURCES,
    "conf/jobs/sales.yml": (
        "inputs: {raw: {source: raw}}\n"
        "output: {format: delta, path: '${warehouse}/sales'}\n"
        "checks:\n  - unique: [id]\n  - row_count: {max: 1, severity: warn}\n"
    ),
    "conf/jobs/totals.yml": (
        "inputs: {sales: {ref: sales}}\n"
        "params: {salt: '${secret:env:SALT}'}\n"
        "output: {format: parquet, path: '${warehouse}/totals'}\n"
    ),
    "landing/a.csv": "id,region,amount\n1,north,2.5\n2,north,1.5\n3,south,0\n",
}


@dataclass(frozen=True, slots=True)
class Ran:
    result: RunResult
    warnings: list[str]
    waited_s: float
    """After the last job had ended."""


def ran(spark: SparkSession, root: Path, openlineage: str | None, *select: str, threads: int = 1) -> Ran:
    """A run of the project in `root`, whose conf says `openlineage`."""
    if not (root / "conf").exists():
        write_project(root, CODE, FILES)
        (root / "conf/sparkjobs.yml.first").write_text((root / "conf/sparkjobs.yml").read_text())
    said = f"openlineage: {openlineage}\n" if openlineage else ""
    (root / "conf/sparkjobs.yml").write_text((root / "conf/sparkjobs.yml.first").read_text() + said)
    conf, plan = planned(root, *select, full_refresh=True)
    events: list[Event] = []
    last = 0.0

    def emit(event: Event) -> None:
        nonlocal last
        events.append(event)
        last = time.monotonic() if event.name == "job_ended" else last

    moment = datetime(2026, 1, 1, tzinfo=UTC)
    orders = Orders(f"r{time.monotonic_ns()}", lambda: moment, emit, threads=threads)
    result = execute(lambda _: spark, conf, plan, orders)
    warnings = [str(one.facts["message"]) for one in events if one.name == "warning"]
    return Ran(result, warnings, time.monotonic() - last)


def told(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def bare(facet: dict[str, Any]) -> dict[str, Any]:
    """A facet without what the client adds to each."""
    return {name: value for name, value in facet.items() if not name.startswith("_")}


@pytest.fixture(autouse=True)
def salt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALT", "a-very-secret-salt")
    monkeypatch.setenv("TOKEN", "a-very-secret-token")


@pytest.mark.parametrize("threads", [1, 2])
def test_a_run_is_told_job_by_job(spark: SparkSession, tmp_path: Path, threads: int) -> None:
    done = ran(spark, tmp_path, "{file: '${artifacts}/deep/events.ndjson'}", threads=threads)

    events = told(tmp_path / "target/deep/events.ndjson")
    assert done.warnings == []
    assert [(one["job"]["name"], one["eventType"]) for one in events] == [
        ("test.sales", "START"),
        ("test.sales", "COMPLETE"),
        ("test.totals", "START"),
        ("test.totals", "COMPLETE"),
    ]
    assert {one["job"]["namespace"] for one in events} == {"test"}
    assert [events[0]["run"]["runId"], events[2]["run"]["runId"]] == [
        events[1]["run"]["runId"],
        events[3]["run"]["runId"],
    ]
    assert len({one["run"]["runId"] for one in events}) == 2
    assert len({one["run"]["facets"]["parent"]["run"]["runId"] for one in events}) == 1
    for one in events:  # the client's own classes look at what they are given
        run = Run(one["run"]["runId"])
        state = RunState(one["eventType"])
        RunEvent(eventTime=one["eventTime"], eventType=state, run=run, job=Job("test", one["job"]["name"]))


def test_a_table_is_told_with_its_columns_rows_and_checks(spark: SparkSession, tmp_path: Path) -> None:
    ran(spark, tmp_path, "{file: '${artifacts}/events.ndjson', namespace: prod}")

    sales, totals = told(tmp_path / "target/events.ndjson")[1::2]
    (output,) = sales["outputs"]
    assert (output["namespace"], output["name"]) == ("file", str(tmp_path / "warehouse/sales"))
    assert sales["job"]["namespace"] == "prod"
    assert bare(sales["job"]["facets"]["jobType"]) == {
        "processingType": "BATCH",
        "integration": "SPARKJOBS",
        "jobType": "JOB",
    }
    assert bare(sales["job"]["facets"]["documentation"]) == {"description": "Sales as they came."}
    assert [(one["name"], one["type"]) for one in output["facets"]["schema"]["fields"]] == [
        ("id", "int"),
        ("region", "string"),
        ("eur", "double"),
    ]
    raw = {"namespace": "file", "name": str(tmp_path / "landing")}
    same = [{"type": "DIRECT", "subtype": "IDENTITY"}]
    assert bare(output["facets"]["columnLineage"]) == {
        "fields": {
            "id": {"inputFields": [{**raw, "field": "id", "transformations": same}]},
            "region": {"inputFields": [{**raw, "field": "region", "transformations": same}]},
            "eur": {"inputFields": [{**raw, "field": "amount", "transformations": same}]},
        },
        "dataset": [{**raw, "field": "amount", "transformations": [{"type": "INDIRECT"}]}],
    }
    assert bare(output["facets"]["version"]) == {"datasetVersion": "0"}
    statistics = bare(output["outputFacets"]["outputStatistics"])
    assert (statistics["rowCount"], statistics["fileCount"]) == (2, 1)
    assert statistics["size"] > 0
    assert [
        (one["assertion"], one["success"], one["severity"])
        for one in output["facets"]["dataQualityAssertions"]["assertions"]
    ] == [("unique(id)", True, "error"), ("row_count", False, "warn")]
    (read,) = sales["inputs"]
    assert (read["name"], bare(read["inputFacets"]["inputStatistics"])) == (raw["name"], {"rowCount": 3})

    of_sales = {"namespace": "file", "name": str(tmp_path / "warehouse/sales")}
    made = [{"type": "DIRECT", "subtype": "TRANSFORMATION"}]
    assert bare(totals["outputs"][0]["facets"]["columnLineage"]) == {
        "fields": {
            "region": {"inputFields": [{**of_sales, "field": "region", "transformations": same}]},
            "eur": {"inputFields": [{**of_sales, "field": "eur", "transformations": made}]},
        },
        "dataset": [{**of_sales, "field": "region", "transformations": [{"type": "INDIRECT"}]}],
    }
    assert "a-very-secret-salt" not in (tmp_path / "target/events.ndjson").read_text()


def test_what_is_published_is_the_same_with_and_without(spark: SparkSession, tmp_path: Path) -> None:
    ran(spark, tmp_path, None)
    without = [rows(spark, tmp_path / "warehouse" / name) for name in ("sales", "totals")]

    ran(spark, tmp_path, "{file: '${artifacts}/events.ndjson'}")

    assert [rows(spark, tmp_path / "warehouse" / name) for name in ("sales", "totals")] == without


def test_a_failure_is_told_without_secrets(spark: SparkSession, tmp_path: Path) -> None:
    write_project(
        tmp_path,
        CODE.replace('F.sum("eur")', 'F.sum("a-very-secret-salt")'),
        {**FILES, "landing/b.csv": "id,region,amount\n1,west,1\n"},
    )
    first = tmp_path / "conf/sparkjobs.yml.first"
    first.write_text((tmp_path / "conf/sparkjobs.yml").read_text())

    ran(spark, tmp_path, "{file: '${artifacts}/events.ndjson'}", "sales")
    (tmp_path / "landing/b.csv").unlink()
    ran(spark, tmp_path, "{file: '${artifacts}/events.ndjson'}")

    failed = [one for one in told(tmp_path / "target/events.ndjson") if one["eventType"] == "FAIL"]
    assert [one["job"]["name"] for one in failed] == ["test.sales", "test.totals"]
    check, function = (one["run"]["facets"]["errorMessage"]["message"] for one in failed)
    assert check.startswith("'sales': ")
    assert "UNRESOLVED_COLUMN" in function
    asserted = failed[0]["outputs"][0]["facets"]["dataQualityAssertions"]["assertions"]
    assert [one["success"] for one in asserted if one["assertion"] == "unique(id)"] == [False]
    assert "a-very-secret-salt" not in (tmp_path / "target/events.ndjson").read_text()


@dataclass(slots=True)
class Received:
    address: str = ""
    requests: list[tuple[str, str | None, dict[str, Any]]] = field(default_factory=list)


@contextmanager
def endpoint() -> Iterator[Received]:
    """An endpoint that keeps what it gets."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.requests.append((self.path, self.headers["Authorization"], json.loads(body)))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        received.address = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, daemon=True).start()
        yield received
        server.shutdown()


def test_an_endpoint_gets_each_event_with_the_token(spark: SparkSession, tmp_path: Path) -> None:
    with endpoint() as received:
        done = ran(spark, tmp_path, f"{{url: '{received.address}', token: '${{secret:env:TOKEN}}'}}")

    assert done.warnings == []
    assert [(path, token) for path, token, _ in received.requests] == [
        ("/api/v1/lineage", "Bearer a-very-secret-token")
    ] * 4
    assert [(one["job"]["name"], one["eventType"]) for _, _, one in received.requests] == [
        ("test.sales", "START"),
        ("test.sales", "COMPLETE"),
        ("test.totals", "START"),
        ("test.totals", "COMPLETE"),
    ]


def test_an_endpoint_that_is_down_is_a_warning(spark: SparkSession, tmp_path: Path) -> None:
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    done = ran(spark, tmp_path, f"{{url: 'http://127.0.0.1:{port}'}}")

    assert [job.status for job in done.result.jobs] == ["success", "success"]
    assert done.warnings[0] == "4 of 4 events of OpenLineage were not delivered"
    assert "OpenLineage: ConnectionError" in done.warnings[1]


def test_an_endpoint_that_never_answers_holds_up_no_run(spark: SparkSession, tmp_path: Path) -> None:
    with create_server(("127.0.0.1", 0), backlog=50) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = ran(spark, tmp_path, f"{{url: '{url}', timeout_s: 2}}")

    assert [job.status for job in done.result.jobs] == ["success", "success"]
    assert "of 4 events of OpenLineage were not delivered" in done.warnings[0]
    assert done.waited_s < 2 * 2 + 1


def test_without_its_client_a_run_goes_on_and_says_so(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [
        name for name in sys.modules if name.startswith(("openlineage", "sparkjobs.lineage.events"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "openlineage", None)

    silent = ran(spark, tmp_path, None)
    asked = ran(spark, tmp_path, "{file: '${artifacts}/events.ndjson'}")

    assert silent.warnings == []
    assert [job.status for job in asked.result.jobs] == ["success", "success"]
    assert len(asked.warnings) == 1
    assert asked.warnings[0].startswith("no events of OpenLineage are sent: ")
    assert "pip install sparkjobs[openlineage]" in asked.warnings[0]


def test_a_token_that_is_not_there_is_a_warning(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TOKEN")

    done = ran(spark, tmp_path, "{url: 'http://127.0.0.1:9', token: '${secret:env:TOKEN}'}")

    assert [job.status for job in done.result.jobs] == ["success", "success"]
    assert done.warnings == ["no events of OpenLineage are sent: there is no secret at '${secret:env:TOKEN}'"]
