"""Sources for tests: files on disk, put under a contract the way a run does it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter
from pyspark.sql import SparkSession

from sparkjobs.config import Source
from sparkjobs.config.node import parse, plain
from sparkjobs.plan import SourceInput
from sparkjobs.plan.checks import planned_checks
from sparkjobs.plan.inputs import pin
from sparkjobs.quality import Contracted, Rejected, apply, settle
from sparkjobs.read import Incoming, Sound, read_source
from sparkjobs.results import Ledger
from sparkjobs.state.quarantine import lines
from tests.checks import NOW, registry

Row = tuple[object, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of a source's rows."""

    good: list[Row]
    bad: list[tuple[str, str]]
    """(reasons joined by a comma, raw record), in the order of the records' text."""
    ledger: Ledger
    records: list[dict[str, object]]


def source(text: str) -> Source:
    """A source from the YAML of its body."""
    adapter: TypeAdapter[Source] = TypeAdapter(Source)
    return adapter.validate_python(plain(parse("sources.yml", text.encode())))


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Lay out files below `root`, texts as UTF-8."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def opened(spark: SparkSession, root: Path, body: str, *, cached: bool = False) -> Contracted:
    """The source of YAML `body`, whose `path` is relative to `root`, under its contract."""
    one = _pinned(root, body, cached=cached)
    incoming = read_source(spark, one, root)
    assert isinstance(incoming, Incoming)
    return apply(spark, one, incoming.rows, incoming.headers, NOW)


def incoming_of(spark: SparkSession, root: Path, body: str) -> Incoming | Sound:
    """What is read of the source of YAML `body`, before any contract."""
    return read_source(spark, _pinned(root, body), root)


def _pinned(root: Path, body: str, *, cached: bool = False) -> SourceInput:
    conf = source(body)
    conf = conf.model_copy(update={"path": str(root / conf.path)})
    rules = planned_checks(conf.rules, registry().checks)
    return replace(pin("rows", "rows", conf, root, cached=cached), rules=rules)


def outcome(spark: SparkSession, root: Path, body: str, *, cached: bool = False) -> Outcome:
    """Read the source, collect its good rows, and write its quarantine, as a run does."""
    contracted = opened(spark, root, body, cached=cached)
    out = root / "out"
    contracted.valid.write.mode("overwrite").parquet(str(out / "good"))
    good = [tuple(row) for row in spark.read.parquet(str(out / "good")).collect()]
    ledger = settle(spark, contracted, Rejected("job", "rows", 1, "run"), out / "bad")
    records = [json.loads(line) for line in lines(out / "bad")] if (out / "bad").exists() else []
    bad = [(",".join(reason["rule"] for reason in record["reasons"]), record["raw"]) for record in records]
    return Outcome(sorted(good, key=repr), sorted(bad, key=lambda one: one[1]), ledger, records)
