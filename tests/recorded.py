"""Recorded runs, written down: what pages about runs are made of."""

import json
from pathlib import Path
from typing import Any

RUN = "20260105T030000-c0de"


def check(name: str, status: str = "pass", **facts: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    """A check as a record holds it."""
    return {
        "name": name,
        "severity": "error",
        "status": status,
        "observed": "",
        "failing": None,
        "evaluated": None,
        "source": "scan",
        "description": "",
        "sample": [],
        **facts,
    }


def entry(job: str, status: str = "success", **facts: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    """One job of a recorded run."""
    return {
        "unique_id": f"job.shop.{job}",
        "status": status,
        "message": "new files: 2",
        "timing": [],
        "execution_time": 4.2,
        "table": f"/data/warehouse/{job}",
        "write_key": f"sparkjobs/{job}:7",
        "ledger": {},
        "staged": None,
        "published": None,
        "table_version": None,
        "kind": "all",
        "profile": None,
        "checks": [],
        "advice": [],
        **facts,
    }


def record(*results: dict[str, Any], run_id: str = RUN, day: int = 5) -> dict[str, Any]:
    """A whole record."""
    return {
        "metadata": {
            "schema_version": 1,
            "project": "shop",
            "env": None,
            "invocation_id": run_id,
            "generated_at": f"2026-01-{day:02}T03:00:00+00:00",
        },
        "elapsed_time": 75.4,
        "results": list(results),
    }


def kept(runs: Path, content: dict[str, Any]) -> Path:
    """The folder of a run that has left `content`."""
    folder = runs / str(content["metadata"]["invocation_id"])
    folder.mkdir(parents=True)
    (folder / "run_results.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


SMALL_FILES = {
    "kind": "small files",
    "text": "its run wrote 212 files of 0.2 MB on the average, in 212 partitions by day, coupon",
    "remedy": "take fewer or coarser columns in `output.partition_by`",
}
ORDERS = entry(
    "orders",
    advice=[SMALL_FILES],
    ledger={
        "orders": {"read": 1_204_331, "valid": 1_204_300, "quarantined": 31},
        "customers": {"read": 5_120, "valid": 5_120, "quarantined": 0},
    },
    staged=1_204_300,
    published=1_204_300,
    table_version=12,
    profile={
        "rows": 1_204_300,
        "bytes": 48_200_117,
        "columns": {
            "order_id": {"type": "long", "nulls": 0, "min": 1, "max": 1_204_331},
            "coupon": {"type": "string", "nulls": 903_225, "min": "AUTUMN", "max": "ÜBERRASCHUNG"},
            "amount": {
                "type": "double",
                "nulls": None,
                "min": None,
                "max": None,
                "distinct": 81_220,
                "quantiles": [0.5, 2.0, 9.9, 19.5, 49.0, 180.0, 410.0],
                "common": [["9.99", 120_000], [None, 31], ["19.99", 30]],
            },
        },
    },
    checks=[
        check("unique(order_id)", observed="the plan groups by them", source="plan"),
        check(
            "not_null(order_id)",
            observed="0 of 1,204,300 rows",
            failing=0,
            evaluated=1_204_300,
            source="footer",
        ),
        check(
            "orders: known coupon",
            "warn",
            severity="warn",
            observed="12 of 1,204,331 rows",
            failing=12,
            evaluated=1_204_331,
            source="contract",
            sample=['{"order_id":7,"coupon":"<b>FREE</b>"}', '{"order_id":9,"coupon":null}'],
        ),
    ],
)
REVENUE = entry(
    "daily_revenue",
    "fail",
    message="daily_revenue: 1 check failed; nothing was published, the table is at version 11.\nMend the rows, then: sparkjobs retry",
    ledger={"orders": {"read": 1_204_300, "valid": 1_204_300, "quarantined": 0}},
    staged=365,
    checks=[
        check(
            "between(revenue)",
            "fail",
            observed="2 of 365 rows",
            failing=2,
            evaluated=365,
            description="a day never earns less than nothing",
            sample=['{"day":"2026-01-03","revenue":-12.5}', '{"day":"2026-01-04","revenue":-0.01}'],
        ),
        check("anomaly(rows)", "learning", observed="4 runs of 7", source="history"),
    ],
)
REPORT = entry(
    "report", "skipped", message="daily_revenue did not publish", write_key=None, execution_time=0.0
)
STORES = entry("stores", "no-op", message="up to date", write_key=None, execution_time=0.0)
