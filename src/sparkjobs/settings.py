"""What Spark is told before it starts: settings that tables need, those of one machine, and its jars."""

import os
from collections.abc import Mapping
from pathlib import Path

from sparkjobs.config import Conf

JARS_FOLDER = ".jars"
DELTA_JARS = (
    "io.delta_delta-kernel-api-4.4.0.jar",
    "io.delta_delta-kernel-defaults-4.4.0.jar",
    "io.delta_delta-kernel-unitycatalog-4.4.0.jar",
    "io.delta_delta-spark_4.2_2.13-4.4.0.jar",
    "io.delta_delta-storage-4.4.0.jar",
    "io.unitycatalog_unitycatalog-client-0.6.0.jar",
    "io.unitycatalog_unitycatalog-hadoop-0.6.0.jar",
)

REQUIRED = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    "spark.sql.optimizer.enableCsvExpressionOptimization": "false",
    "spark.sql.optimizer.enableJsonExpressionOptimization": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.parser.quotedRegexColumnNames": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.sql.variable.substitute": "false",
}
"""Without these a value could be read or written wrongly."""

_DELTA = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    # else Delta's parser does not see the values of parameter markers (delta#7640)
    "spark.sql.legacy.parameterSubstitution.constantsOnly": "true",
}

_LOCAL = {
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": str(2 * (os.cpu_count() or 1)),
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
"""One machine needs no cluster's defaults; none of it is set on a cluster."""

_JAVA = " ".join(
    (
        "-XX:+IgnoreUnrecognizedVMOptions",
        *("-XX:Tier4InvocationThreshold=50000", "-XX:Tier4MinInvocationThreshold=6000"),
        *("-XX:Tier4CompileThreshold=150000", "-XX:Tier4BackEdgeThreshold=400000"),
        *("-XX:-DontCompileHugeMethods", "-XX:MetaspaceSize=256m"),
    )
)
"""Of a JVM that this process starts, as conf/spark-defaults.conf has it for one that spark-submit starts.

Without a collector of garbage: beside another one in JAVA_TOOL_OPTIONS Java would not start.
"""


def names_delta(conf: Conf) -> bool:
    """Whether the project reads or writes any Delta table."""
    outputs = (job.output.format for job in conf.jobs.values())
    return "delta" in {*outputs, *(source.format for source in conf.sources.values())}


def settings(
    given: Mapping[str, str], declared: Mapping[str, str], root: Path, *, delta: bool
) -> dict[str, str]:
    """What the builder has to set: required, declared and local settings, never over `given`.

    Those of `delta` would keep Spark from reading anything where its jars are missing.
    """
    wanted = {**(_DELTA if delta else {}), **REQUIRED}
    told = {**declared, **given}
    master = told.get("spark.master", "local[*]")
    local = master.startswith("local") and not master.startswith("local-cluster")
    if local:
        wanted |= {"spark.master": master, **_LOCAL}
        if not _submitted():
            wanted["spark.driver.extraJavaOptions"] = _JAVA
    jars = sorted((root / JARS_FOLDER).glob("*.jar"))
    path = (given if _submitted() else told).get("spark.driver.extraClassPath", "")
    if jars and not (local and _on_class_path(path, root / JARS_FOLDER)):
        wanted["spark.jars"] = ",".join(map(str, jars))
    wanted |= declared
    return {key: value for key, value in wanted.items() if key not in given}


def _on_class_path(path: str, folder: Path) -> bool:
    """Whether the driver has the jars of `folder`; where they are handed out it copies them first."""
    entries = map(Path, path.split(os.pathsep))
    return any(one.name == "*" and one.parent.resolve() == folder.resolve() for one in entries)


def given_settings(root: Path) -> Mapping[str, str]:
    """What spark-submit, or else conf/spark-defaults.conf, has said already."""
    if _submitted():
        from pyspark import SparkConf, SparkContext  # noqa: PLC0415 (scripts that fetch jars do without it)

        SparkContext._ensure_initialized()  # noqa: SLF001 (SparkConf() is empty until it has met the JVM)
        return dict(SparkConf().getAll())
    defaults = Path(os.environ.get("SPARK_CONF_DIR", root / "conf")) / "spark-defaults.conf"
    if not defaults.is_file():
        return {}
    lines = (line.strip() for line in defaults.read_text(encoding="utf-8").splitlines())
    pairs = (line.replace("=", " ", 1).split(None, 1) for line in lines if line and not line.startswith("#"))
    return dict(pairs)


def _submitted() -> bool:
    """Whether spark-submit started this process, so that the JVM and its conf are there already."""
    return "PYSPARK_GATEWAY_PORT" in os.environ
