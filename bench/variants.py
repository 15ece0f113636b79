"""What is compared: each a command that writes the same table, and says which of its checks hold."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from deltalake import DeltaTable

ROOT = Path(__file__).parents[1]
OUT = ROOT / "target" / "bench"
_BIN = Path(sys.executable).parent
_DELTA = {
    "spark.jars": ".jars/*.jar",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to write the table."""

    name: str
    title: str
    script: str
    """In bench/, or the entry of sparkjobs."""

    @property
    def folder(self) -> Path:
        """Where its table and all that it says lie."""
        return OUT / self.name

    @property
    def events(self) -> Path:
        """Where its event log lies."""
        return self.folder / "events"

    @property
    def table(self) -> Path:
        """The table that it writes."""
        return self.folder / "table"


ENTRY = "main.py"
VARIANTS = (
    Variant("empty", "a session that counts one row", "bench/empty.py"),
    Variant("plain", "plain PySpark, no checks", "bench/plain.py"),
    Variant("sparkjobs", "sparkjobs, 20 checks", ENTRY),
    Variant("gx", "plain PySpark + Great Expectations, 20 expectations", "bench/with_gx.py"),
    Variant("by_hand", "plain PySpark, 20 checks by hand after the write", "bench/by_hand.py"),
)


def command(variant: Variant, data: Path, kind: str) -> list[str]:
    """The command that writes the table of `variant`, as a user would start it."""
    settings = {"spark.eventLog.dir": variant.events.as_uri()}
    if variant.script == ENTRY:
        settings |= {"spark.jars": _DELTA["spark.jars"]}  # it sets the others itself
        paths = (
            f"paths.landing={data}",
            f"paths.warehouse={variant.folder}",
            f"paths.artifacts={variant.folder}",
        )
        output = f"jobs.priced_lines.output.format={kind}"
        overrides = [word for one in (*paths, output) for word in ("--set", one)]
        program = [ENTRY, "run", "--project", "bench", *overrides]
    else:
        settings |= _DELTA if kind == "delta" else {}
        program = [variant.script, kind, str(data), str(variant.table)]
    confs = [word for key, value in settings.items() for word in ("--conf", f"{key}={value}")]
    return [str(_BIN / "spark-submit"), *confs, *program]


def environment() -> dict[str, str]:
    """Ours for Spark, and nothing of Spark that the caller has set."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("SPARK", "PYSPARK"))}
    return inherited | {
        "GX_ANALYTICS_ENABLED": "false",
        "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}",
        "PYSPARK_PYTHON": str(_BIN / "python"),
        "PYTHONPATH": str(ROOT),
        "SPARK_CONF_DIR": str(ROOT / "bench" / "conf"),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }


def files_of(variant: Variant, kind: str) -> list[str]:
    """The files that readers of the table see."""
    if kind == "delta":
        return sorted(DeltaTable(variant.table).file_uris())
    return sorted(map(str, variant.table.glob("*.parquet")))


def passed(variant: Variant) -> int | None:
    """How many checks hold; None where there are none.

    Raises:
        ValueError: one does not.
    """
    if variant.name in ("empty", "plain"):
        return None
    if variant.script == ENTRY:
        (record,) = variant.folder.glob("runs/*/run_results.json")
        checks = json.loads(record.read_text(encoding="utf-8"))["results"][0]["checks"]
        told = {str(place): one["status"] == "pass" for place, one in enumerate(checks)}
    else:
        told = json.loads(log_of(variant).read_text(encoding="utf-8").splitlines()[-1])
    if broken := [name for name, holds in told.items() if not holds]:
        raise ValueError(f"{variant.name}: broken: {', '.join(broken)}")
    return len(told)


def log_of(variant: Variant) -> Path:
    """Where what it says is kept."""
    return variant.folder / "log.txt"
