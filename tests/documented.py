"""Projects to be documented: a small one in which everything happens, and one of many jobs."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sparkjobs.docs import Site, gathered
from sparkjobs.docs import page as page_of
from sparkjobs.lineage import Column, Lineage, Node, Origin, tables_of
from sparkjobs.record import past_runs
from tests.recorded import check, entry, kept, record
from tests.unit.projects import conf_of, project, registry_of

NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)
MAIN = """
name: shop
jobs: [PACKAGE, sql]
paths: {landing: landing, warehouse: warehouse, artifacts: target}
output: {folder: "${warehouse}", format: parquet}
vars: {db_password: hunter4hunter4}
"""
SOURCES = """
orders:
  description: One row per order, as the till wrote it.
  format: csv
  path: ${landing}/orders/*.csv
  options: {delimiter: ";"}
  columns:
    order_id: {type: int, not_null: true, description: counts up}
    amount: {type: "decimal(10,2)", unit: EUR, between: [0, 10000]}
    coupon: {type: string, accepted_values: [FREE, HALF]}
    'odd <b>name</b> & "more"': string
  rules:
    - {name: paid_if_shipped, expr: "shipped_at is null or paid_at is not null", severity: warn}
  unique: {keys: [order_id], order_by: [amount]}
never: {format: text, path: "${landing}/never.txt"}
rates: {format: json, path: "${landing}/rates/*.json", columns: {day: date, rate: double}}
"""
CODE = '''
from sparkjobs import job


@job
def stg_orders(orders, rates, *, least, api_token):
    """Orders in EUR, of `least` EUR or more.

    They are <script>window.hacked = 1</script> safe to look at.

    Grain: (order_id).
    In:  orders: as they come; rates: one row per day, so the join adds none.
    Out: amount_*: EUR, before tax; order_id: counts up; what is null was never paid.
    """
    return orders


@job
def daily_revenue(orders):
    """Revenue per day.  Grain: day."""
    return orders


@job
def never(orders):
    return orders
'''
REPORT = """-- What the board reads.
-- Grain: month. Out: revenue: what came in.
select month, sum(revenue) as revenue /* </script><script>window.hacked = 2</script> */
from recent where name = 'O''Hara' and n >= 10
"""
RECENT = "{{ config(materialized='view') }}\n-- The newest. Out: day: of the till.\nselect * from {{ ref('daily_revenue') }} where k <> {{ var('db_password') }} -- the newest\n"
FILES = {
    "conf/sparkjobs.yml": MAIN,
    "conf/sources.yml": SOURCES,
    "conf/jobs/stg_orders.yml": """
inputs: {orders: {source: orders}, rates: {source: rates, lookup: true}}
params: {least: 5, api_token: hunter2hunter2}
tags: [staging, money]
output: {mode: merge, keys: [order_id], sort_by: [amount_eur]}
incremental: {by: files}
checks:
  - unique: [order_id]
  - between: {column: amount_eur, min: 0, severity: warn, description: nobody is paid to buy}
columns:
  amount_eur: {unit: EUR}
  gone: {description: it was there once}
""",
    "conf/jobs/daily_revenue.yml": "inputs: {orders: {ref: stg_orders}}\nfreshness: {max_age: 1d}\n",
    "conf/jobs/never.yml": "inputs: {orders: {ref: stg_orders}}\ndescription: Nobody asks for it.\ntags: [money]\n",
    "sql/report.sql": REPORT,
    "sql/recent.sql": RECENT,
    "landing/rates/a.json": "{}",
}
_PROFILE = {
    "rows": 3,
    "bytes": 900,
    "columns": {
        "order_id": {"type": "integer", "nulls": 0, "min": 1, "max": 3},
        "amount_eur": {"type": "decimal(10,2)", "nulls": 0, "min": None, "max": None},
        "amount_tax": {"type": "double", "nulls": 1, "min": None, "max": None},
        'odd <b>name</b> & "more"': {"type": "string", "nulls": 0, "min": "a", "max": "b"},
        "parts": {
            "type": '{"type":"array","elementType":{"type":"struct","fields":[{"name":"n","type":"long"}]}}',
            "nulls": 0,
            "min": None,
            "max": None,
        },
    },
}


def shop(root: Path) -> Path:
    """A project of a view and four jobs: one that published, one that failed, one skipped, one never run."""
    project(root, FILES, CODE)
    (root / "conf/jobs/daily.yml").unlink()
    orders = {"orders": {"read": 4, "valid": 3, "quarantined": 1}}
    checks = [
        check("unique(order_id)", observed="0 of 3 rows"),
        check("between(amount_eur)", "warn", severity="warn", observed="1 of 3 rows <i>is</i> below 0"),
    ]
    for day in range(1, 13):
        done = entry(
            "stg_orders", ledger=orders, published=day, profile=_PROFILE, checks=checks, execution_time=day
        )
        kept(root / "target/runs", record(done, run_id=f"r{day:02}", day=day))
    failed = "daily_revenue: <img src=x onerror='window.hacked = 3'> at jdbc:x://me:hunter3hunter3@host/db"
    last = record(
        entry("stg_orders", "no-op", message="up to date"),
        entry("daily_revenue", "fail", message=failed),
        entry("report", "skipped", message="daily_revenue did not publish"),
        run_id="r13",
        day=13,
    )
    kept(root / "target/runs", last)
    return root


def large(root: Path, jobs: int = 200) -> Path:
    """A project of so many jobs in layers, each with twelve columns and a run."""
    staged, joined = jobs * 3 // 10, jobs * 7 // 10
    names = [
        f"{'stg' if place < staged else 'int' if place < joined else 'mart'}_things_of_{place:03}"
        for place in range(jobs)
    ]
    files: dict[str, str | bytes] = {"conf/sparkjobs.yml": MAIN.replace(", sql", "")}
    code = ["from sparkjobs import job\n"]
    results = []
    files["conf/sources.yml"] = "".join(
        f"source_{place}: {{format: csv, path: '${{landing}}/{place}/*.csv', columns: {{id: int, at: date}}}}\n"
        for place in range(20)
    )
    columns = {f"column_{at}": {"type": "long", "nulls": 0, "min": None, "max": None} for at in range(12)}
    for place, name in enumerate(names):
        first, many = (0, staged) if place < joined else (staged, joined - staged)
        refs = sorted({first + (place * 5 + step * step) % many for step in range(2)})
        refs = [] if place < staged else [*refs, place % 7] if place % 9 == 0 else refs
        inputs = {f"in_{at}": f"{{ref: {names[at]}}}" for at in dict.fromkeys(refs)} or {
            "rows": f"{{source: source_{place % 20}}}"
        }
        told = ", ".join(f"{key}: {value}" for key, value in inputs.items())
        notes = "\n".join(
            f"  column_{at}: {{unit: EUR, description: number {at} of {name}}}" for at in range(12)
        )
        files[f"conf/jobs/{name}.yml"] = f"inputs: {{{told}}}\ntags: [team_{place % 5}]\ncolumns:\n{notes}\n"
        code.append(
            f"@job\ndef {name}({', '.join(inputs)}):\n    '''Things, number {place}.'''\n    return 1\n"
        )
        status = ("success", "success", "success", "no-op", "fail", "skipped")[place % 6]
        results.append(
            entry(name, status, published=place * 1000, profile={"rows": 1, "bytes": 1, "columns": columns})
        )
    project(root, files, "\n\n".join(code))
    (root / "conf/jobs/daily.yml").unlink()
    kept(root / "target/runs", record(*results))
    return root


def traced(lineage: Lineage) -> Lineage:
    """`lineage` with the columns of two jobs of the shop, where it has them."""
    orders, revenue = Node("job", "stg_orders"), Node("job", "daily_revenue")
    amount, gone = Origin(orders, "amount_eur", "made"), Origin(orders, "nobody knows", "same")
    same = Origin(orders, "order_id", "same")
    columns = {
        revenue: (
            Column("revenue", "decimal(20,2)", (amount,)),
            Column("day", "date", (gone,)),
            Column("id", "int", (same,)),
        ),
        Node("view", "recent"): (Column("day", "", (Origin(revenue, "day", "same"),)),),
        Node("job", "report"): (Column("revenue", "decimal(30,2)", (Origin(revenue, "revenue", "made"),)),),
    }
    rows = {revenue: (Origin(orders, "order_id", "same"),)}
    unknown = {Node("job", "never"): "only Spark knows"}
    return Lineage(
        tuple(
            replace(
                one,
                columns=columns.get(one.node, ()),
                rows=rows.get(one.node, ()),
                unknown=unknown.get(one.node, ""),
            )
            for one in lineage.tables
        )
    )


def site(root: Path) -> Site:
    """What is told of the project in `root`."""
    conf = conf_of(root)
    records = past_runs(root / "target/runs", conf.project.name, conf.env)
    return gathered(conf, registry_of(conf), traced(tables_of(conf)), records, NOW)


def written(root: Path) -> Path:
    """Its page, in a file."""
    path = root / "docs.html"
    path.write_text(page_of(site(root)), encoding="utf-8")
    return path
