"""Resolve Delta's jars once, through Spark's own Ivy, and keep the seven that are needed in .jars/."""

import shutil
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession

from sparkjobs.settings import DELTA_JARS, JARS_FOLDER

ARTIFACT = "io.delta:delta-spark_4.2_2.13:4.4.0"


def main() -> None:
    """Fill .jars/."""
    target = Path(JARS_FOLDER)
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as ivy:
        builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
        builder.config("spark.jars.packages", ARTIFACT).config("spark.jars.ivy", ivy).getOrCreate().stop()
        for name in DELTA_JARS:
            shutil.copy(Path(ivy) / "jars" / name, target / name)
    print(f"{len(DELTA_JARS)} jars in {JARS_FOLDER}/")


if __name__ == "__main__":
    main()
