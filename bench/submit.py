"""How what is compared is started: spark-submit, with one conf for all."""

import os
import sys
from pathlib import Path

from deltalake import DeltaTable

ROOT = Path(__file__).parents[1]
OUT = ROOT / "target" / "bench"
BIN = Path(sys.executable).parent
MEMORY = "4g"
"""Of the driver, which is all of Spark in local mode."""
_DELTA = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}


def submitted(
    script: str,
    *arguments: str,
    events: Path | None = None,
    delta: bool = False,
    memory: str = MEMORY,
) -> list[str]:
    """The command that runs `script`; with what `delta` takes."""
    settings = _DELTA if delta else {}
    logged = {"spark.eventLog.enabled": str(events is not None).lower()}
    logged |= {"spark.eventLog.dir": events.as_uri()} if events else {}
    confs = [word for key, value in (settings | logged).items() for word in ("--conf", f"{key}={value}")]
    return [str(BIN / "spark-submit"), "--driver-memory", memory, *confs, script, *arguments]


def bare(*arguments: str) -> list[str]:
    """The command of sparkjobs, without spark-submit, which starts a JVM whatever there is to do."""
    return [str(BIN / "sparkjobs"), *arguments]


def sets(landing: Path, out: Path) -> list[str]:
    """The options of sparkjobs for where its data lies, and where everything is to go."""
    paths = {"landing": landing, "warehouse": out, "artifacts": out / "target"}
    return [word for key, path in paths.items() for word in ("--set", f"paths.{key}={path}")]


def environment() -> dict[str, str]:
    """Ours for Spark, and nothing of Spark that the caller has set."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("SPARK", "PYSPARK"))}
    return inherited | {
        "GX_ANALYTICS_ENABLED": "false",
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYSPARK_PYTHON": str(BIN / "python"),
        "PYTHONPATH": str(ROOT),
        "SPARK_CONF_DIR": str(ROOT / "bench" / "conf"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_PRINT_LAUNCH_COMMAND": "1",  # the log says with how much memory
    }


def files_of(table: Path, kind: str) -> list[str]:
    """The files that readers of the table see."""
    if kind == "delta":
        return sorted(DeltaTable(table).file_uris())
    hidden = ("_", ".")
    files = (path for path in table.rglob("*.parquet") if not path.name.startswith(hidden))
    return sorted(
        str(path)
        for path in files
        if not any(part.startswith(hidden) for part in path.relative_to(table).parts)
    )
