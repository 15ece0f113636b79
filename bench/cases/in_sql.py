"""Two cases as projects of dbt and of Spark's own pipelines: the same SELECT, in the files each asks for."""

from pathlib import Path

from bench.submit import ROOT

SELECTS = {
    "tiny": "select * from parquet.`{data}/parquet/nation.parquet`",
    "aggregate": """
        select year(o_orderdate) as order_year, l_shipmode, o_orderpriority, count(*) as lines,
               sum(cast(l_extendedprice * (1 - l_discount) as decimal(18,4))) as revenue,
               min(l_shipdate) as first_shipped, max(l_shipdate) as last_shipped
        from parquet.`{data}/parquet/lineitem` join parquet.`{data}/parquet/orders` on l_orderkey = o_orderkey
        group by year(o_orderdate), l_shipmode, o_orderpriority""",
}

_SPARK = """
spark.driver.memory {memory}
spark.sql.parquet.compression.codec zstd
spark.sql.warehouse.dir {out}
spark.driver.defaultJavaOptions -Dderby.system.home={out}/derby
"""
"""Tables of the database `default` lie in the folder of the side, as everybody's do."""

_PROJECT = {
    "dbt_project.yml": "{{name: cases, version: '1.0', profile: cases}}",
    "profiles.yml": """
cases:
  target: session
  outputs: {{session: {{type: spark, method: session, host: NA, schema: default}}}}
""",
    "models/{case}.sql": "{{{{ config(materialized='table', file_format='parquet') }}}}\n{select}\n",
}
_PIPELINE = {
    "spark-pipeline.yml": """
name: {case}
storage: file://{out}/storage
libraries: [{{glob: {{include: "{case}.sql"}}}}]
""",
    "{case}.sql": "CREATE MATERIALIZED VIEW {case} USING parquet AS {select};\n",
}


def conf(out: Path, memory: str, *left_out: str) -> Path:
    """A folder with the settings of all, but for those `left_out`, and with what both take to write alike."""
    common = (ROOT / "bench" / "conf" / "spark-defaults.conf").read_text(encoding="utf-8").splitlines()
    mine = [line for line in common if line.partition(" ")[0] not in ("spark.driver.memory", *left_out)]
    folder = out / "conf"
    folder.mkdir(exist_ok=True)
    told = "\n".join(mine) + _SPARK.format(memory=memory, out=out)
    (folder / "spark-defaults.conf").write_text(told, encoding="utf-8")
    return folder


def dbt_project(case: str, data: Path, out: Path) -> Path:
    """The folder of a project of dbt with `case` as its model."""
    return _laid_out(_PROJECT, case, data, out)


def pipeline(case: str, data: Path, out: Path) -> Path:
    """The spec of a pipeline with `case` as a materialized view."""
    return _laid_out(_PIPELINE, case, data, out) / "spark-pipeline.yml"


def _laid_out(texts: dict[str, str], case: str, data: Path, out: Path) -> Path:
    folder = out / "project"
    for name, text in texts.items():
        file = folder / name.format(case=case)
        file.parent.mkdir(parents=True, exist_ok=True)
        told = text.format(case=case, out=out, select=SELECTS[case].format(data=data))
        file.write_text(told, encoding="utf-8")
    return folder
