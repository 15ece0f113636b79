"""What is usually written by hand, to measure beside sparkjobs: read new files, write, save which were read.

`python -m tests.faults.plain ROOT MODE FORMAT`; it dies at the point that PLAIN_KILL_AT names, and takes
Spark settings from PLAIN_CONF. Nothing in it is made worse than it has to be: Spark's own writers, its
dynamic partition overwrite, and a list of files that is saved only once the write has succeeded.
"""

import json
import os
import signal
import sys
from pathlib import Path

from pyspark.sql import SparkSession

KILL_AT = "PLAIN_KILL_AT"
CONF = "PLAIN_CONF"
SCHEMA = "id int, kind string, part int, at int"


def reach(point: str) -> None:
    """Die here if the environment names this point."""
    if os.environ.get(KILL_AT) == point:
        os.kill(os.getpid(), signal.SIGKILL)


def run(spark: SparkSession, root: Path, mode: str, table_format: str) -> None:
    """One run."""
    mark = root / "mark.json"
    done = json.loads(mark.read_text(encoding="utf-8")) if mark.exists() else []
    landed = sorted(str(path) for path in (root / "landing").glob("*.csv"))
    files = [path for path in landed if path not in done] if mode == "append" else landed
    if not files:
        return
    events = spark.read.schema(SCHEMA).csv(files, header=True, mode="DROPMALFORMED")
    (root / "started").touch()
    reach("before")
    writer = events.write.format(table_format).partitionBy("part")
    if mode == "append":
        writer.mode("append").save(str(root / "table"))
    elif mode == "overwrite_partitions":
        writer.mode("overwrite").option("partitionOverwriteMode", "dynamic").save(str(root / "table"))
    else:
        writer.mode("overwrite").save(str(root / "table"))
    reach("written")
    mark.write_text(json.dumps(landed), encoding="utf-8")


def main() -> None:
    """A process of its own."""
    builder = SparkSession.builder.appName("plain")
    for key, value in json.loads(os.environ[CONF]).items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    run(spark, Path(sys.argv[1]), sys.argv[2], sys.argv[3])
    spark.stop()


if __name__ == "__main__":
    main()
