"""Keep the classes that a run loads as the JVM has them in memory: .jars/classes.jsa (Java's AppCDS).

The JVM uses it where Java and the class path are the same, and starts without it where not. So all jars come
first on the class path, in one order, before any folder of conf: conf/spark-defaults.conf.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pyspark

from sparkjobs.settings import JARS_FOLDER

FILES = {
    "conf/sparkjobs.yml": """
name: classes
jobs: [kept_jobs]
paths: {{landing: landing, warehouse: warehouse, artifacts: target}}
spark:
  spark.master: local[2]
  spark.driver.extraClassPath: {class_path}
  spark.driver.extraJavaOptions: -XX:TieredStopAtLevel=1 -XX:+UseSerialGC {options}
""",
    "conf/sources.yml": """
rows:
  format: csv
  path: ${{landing}}/*.csv
  columns: {{id: {{type: int, not_null: true}}, kind: string, day: date, price: "decimal(9,2)"}}
  rules: [positive: [price], matches: {{column: kind, pattern: "[a-z]+"}}]
""",
    "conf/jobs/kept.yml": """
inputs: {{rows: {{source: rows}}}}
incremental: {{by: files}}
output: {{format: delta, path: "${{warehouse}}/kept", mode: merge, keys: [id], order_by: [day]}}
checks: [unique: [id]]
""",
    "conf/jobs/kinds.yml": """
inputs: {{rows: {{ref: kept}}}}
output: {{format: parquet, path: "${{warehouse}}/kinds", partition_by: [day]}}
checks: [not_null: [kind], unique: [kind, day], mean: {{column: price, min: 0}}]
""",
    "kept_jobs.py": """
from pyspark.sql import functions as F
from sparkjobs import job

@job
def kept(rows):
    return rows

@job
def kinds(rows):
    return rows.groupBy("kind", "day").agg(F.sum("price").alias("price"))
""",
}


def main() -> None:
    """Run a small project twice, the second time with a merge, and keep the classes of that run."""
    jars = Path(JARS_FOLDER).resolve()
    spark_jars = Path(pyspark.__file__).parent / "jars"
    link = jars / "spark"
    link.unlink(missing_ok=True)
    link.symlink_to(spark_jars)
    made = jars / "classes.jsa"
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _run(root, f"{jars}/*:{link}/*", "", "1,a,2013-01-01,1.50\n2,b,2013-01-02,2.25\n")
        _run(root, f"{jars}/*:{link}/*", f"-XX:ArchiveClassesAtExit={made}", "2,c,2013-01-03,3.00\n")
    print(
        f"{made.name} in {JARS_FOLDER}/"
        if made.exists()
        else "this Java keeps no classes; runs start without"
    )


def _run(root: Path, class_path: str, options: str, lines: str) -> None:
    files = {name: text.format(class_path=class_path, options=options) for name, text in FILES.items()}
    files[f"landing/{len(lines)}.csv"] = f"id,kind,day,price\n{lines}"
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "SPARK_CONF_DIR"}
    command = [sys.executable, "-m", "sparkjobs", "run", "--project", str(root)]
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        sys.exit(done.stderr)


if __name__ == "__main__":
    main()
