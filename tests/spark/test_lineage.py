"""The lineage of columns, from plans that Spark has analysed and never executed."""

from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from sparkjobs.config import load
from sparkjobs.lineage import Column, Lineage, Node, Origin, Place, Table, follow
from sparkjobs.lineage.columns import found_in
from sparkjobs.lineage.plans import tag
from sparkjobs.lineage.static import columns_in_text
from sparkjobs.lineage.walk import columns_of
from sparkjobs.registry import collect
from tests.projects import REPOSITORY, planned, run, write_project
from tests.spark.test_explain import written

A = "id int, k string, x double, xs array<int>, m struct<p: int, q: string>"
B = "id int, k string, y double"
INPUTS = {"a": Node("job", "a"), "b": Node("source", "b")}


def shown(origin: Origin) -> str:
    return f"{origin.node.name}.{origin.column}{'*' if origin.how == 'made' else ''}"


def told(columns: tuple[Column, ...], rows: tuple[Origin, ...]) -> list[str]:
    """One line per column, `*` where something was made of its origin, and one for what decides on rows."""
    lines = [f"{one.name}: {' '.join(sorted(map(shown, one.origins)))}".strip() for one in columns]
    return [*lines, f"rows: {' '.join(sorted(map(shown, rows)))}".strip()]


def of_table(table: Table) -> list[str]:
    assert table.unknown == ""
    return told(table.columns, table.rows)


FRAMES: dict[str, tuple[Callable[[DataFrame, DataFrame], DataFrame], list[str]]] = {
    "renamed is the same": (
        lambda a, _: a.select(F.col("x").alias("z"), "id").withColumnRenamed("id", "i"),
        ["z: a.x", "i: a.id", "rows:"],
    ),
    "a cast makes something": (
        lambda a, _: a.select(F.col("x").cast("string").alias("x"), F.lit(1).alias("one")),
        ["x: a.x*", "one:", "rows:"],
    ),
    "a field is made of its struct": (
        lambda a, _: a.select("m.p"),
        ["p: a.m*", "rows:"],
    ),
    "what is made of what is made": (
        lambda a, _: a.select((F.col("x") + F.col("id")).alias("z")).select(F.col("z").alias("w")),
        ["w: a.id* a.x*", "rows:"],
    ),
    "a filter decides on rows": (
        lambda a, _: a.filter((F.col("x") > 1) & F.col("k").isNotNull()).select("id"),
        ["id: a.id", "rows: a.k a.x"],
    ),
    "a filter on what was made": (
        lambda a, _: a.select("id", (F.col("x") * 2).alias("z")).filter("z > 1").select("id"),
        ["id: a.id", "rows: a.x*"],
    ),
    "groups": (
        lambda a, _: a.groupBy("k").agg(F.sum("x").alias("s"), F.count("*").alias("n")),
        ["k: a.k", "s: a.x*", "n:", "rows: a.k"],
    ),
    "groups by what is made": (
        lambda a, _: a.groupBy(F.upper("k").alias("u")).agg(F.max("x").alias("s")),
        ["u: a.k*", "s: a.x*", "rows: a.k"],
    ),
    "rollup": (
        lambda a, _: a.rollup("k", "id").agg(F.sum("x").alias("s")),
        ["k: a.k", "id: a.id", "s: a.x*", "rows: a.id a.k"],
    ),
    "pivot": (
        lambda a, _: a.groupBy("k").pivot("id", [1, 2]).agg(F.sum("x")),
        ["k: a.k", "1: a.id* a.x*", "2: a.id* a.x*", "rows: a.id a.k"],
    ),
    "unpivot": (
        lambda _, b: b.unpivot(["k"], [F.col("id").cast("double").alias("id"), "y"], "name", "value"),
        ["k: b.k", "name: b.id* b.y*", "value: b.id* b.y*", "rows:"],
    ),
    "a join": (
        lambda a, b: a.join(b, a["id"] == b["id"], "left").select(a["id"], b["k"].alias("other"), "y"),
        ["id: a.id", "other: b.k", "y: b.y", "rows: a.id b.id"],
    ),
    "a join by name": (
        lambda a, b: a.select("id", "x").join(b, on=["id"], how="inner"),
        ["id: a.id", "x: a.x", "k: b.k", "y: b.y", "rows: a.id b.id"],
    ),
    "a full join makes its key of both": (
        lambda a, b: a.select("id").join(b.select("id"), on=["id"], how="full"),
        ["id: a.id* b.id*", "rows: a.id b.id"],
    ),
    "a join with itself": (
        lambda a, _: a.alias("l").join(a.alias("r"), F.col("l.id") == F.col("r.id")).select("l.k", "r.x"),
        ["k: a.k", "x: a.x", "rows: a.id"],
    ),
    "a join with what was made of itself": (
        lambda a, _: a.select("id", "x").join(
            a.groupBy("id").agg(F.sum("x").alias("s")), on="id", how="left"
        ),
        ["id: a.id", "x: a.x", "s: a.x*", "rows: a.id"],
    ),
    "a semi join has no columns of its right side": (
        lambda a, b: a.select("id", "x").join(b, on="id", how="left_semi"),
        ["id: a.id", "x: a.x", "rows: a.id b.id"],
    ),
    "an anti join": (
        lambda a, b: a.select("id").join(b, on="id", how="left_anti"),
        ["id: a.id", "rows: a.id b.id"],
    ),
    "a cross join": (
        lambda a, b: a.select("k").crossJoin(b.select("y")),
        ["k: a.k", "y: b.y", "rows:"],
    ),
    "a union": (
        lambda a, b: a.select("id", "x").union(b.select("id", "y")),
        ["id: a.id b.id", "x: a.x b.y", "rows:"],
    ),
    "a union that is read again": (
        lambda a, b: a.select("id").union(b.select((F.col("id") + 1).alias("i"))).filter("id > 1"),
        ["id: a.id b.id*", "rows: a.id b.id*"],
    ),
    "a union by name": (
        lambda a, b: a.select("id", "x").unionByName(b.select("y", "id"), allowMissingColumns=True),
        ["id: a.id b.id", "x: a.x", "y: b.y", "rows:"],
    ),
    "distinct rows": (lambda a, _: a.select("id", "k").distinct(), ["id: a.id", "k: a.k", "rows: a.id a.k"]),
    "one row per key": (
        lambda a, _: a.select("id", "x").dropDuplicates(["id"]),
        ["id: a.id", "x: a.x", "rows: a.id"],
    ),
    "an order alone decides on nothing": (lambda a, _: a.orderBy("x").select("id"), ["id: a.id", "rows:"]),
    "an order with a limit": (
        lambda a, _: a.select("id", "x").orderBy("x").select("id").limit(3),
        ["id: a.id", "rows: a.x"],
    ),
    "an order with an offset": (lambda a, _: a.select("x").orderBy("x").offset(3), ["x: a.x", "rows: a.x"]),
    "a window": (
        lambda a, _: a.select("id", F.lag("x").over(Window.partitionBy("k").orderBy("x")).alias("before")),
        ["id: a.id", "before: a.k* a.x*", "rows:"],
    ),
    "the first of each window": (
        lambda a, _: (
            a.withColumn("n", F.row_number().over(Window.partitionBy("k").orderBy("x")))
            .filter("n = 1")
            .select("id")
        ),
        ["id: a.id", "rows: a.k* a.x*"],
    ),
    "explode": (
        lambda a, _: a.select("id", F.explode("xs").alias("one")),
        ["id: a.id", "one: a.xs*", "rows: a.xs*"],
    ),
    "two columns of one list": (
        lambda a, _: a.select(F.posexplode_outer("xs")),
        ["pos: a.xs*", "col: a.xs*", "rows: a.xs*"],
    ),
    "a function within a function": (
        lambda a, _: a.select(F.transform("xs", lambda one: one + F.col("id")).alias("ys")),
        ["ys: a.id* a.xs*", "rows:"],
    ),
    "except": (
        lambda a, b: a.select("id", "x").exceptAll(b.select("id", "y")),
        ["id: a.id", "x: a.x", "rows: a.id a.x b.id b.y"],
    ),
    "intersect": (
        lambda a, b: a.select("k").intersect(b.select("k")),
        ["k: a.k", "rows: a.k b.k"],
    ),
    "pandas": (
        lambda a, _: a.select("id", "x").mapInPandas(lambda parts: parts, "id int, z double"),
        ["id: a.id* a.x*", "z: a.id* a.x*", "rows: a.id a.x"],
    ),
    "groups in pandas": (
        lambda a, _: a.select("k", "x").groupBy("k").applyInPandas(lambda rows: rows, "z double"),
        ["z: a.k* a.x*", "rows: a.k a.x"],
    ),
    "groups of two in pandas": (
        lambda a, b: (
            a.select("id", "x")
            .groupBy("id")
            .cogroup(b.select("id", "y").groupBy("id"))
            .applyInPandas(lambda left, _: left, "z double")
        ),
        ["z: a.id* a.x* b.id* b.y*", "rows: a.id a.x b.id b.y"],
    ),
    "hints, samples and partitions": (
        lambda a, _: (
            F.broadcast(a.sample(0.5, seed=1).repartition(2, "k").coalesce(1))
            .observe("seen", F.count(F.lit(1)).alias("rows"))
            .select("id")
        ),
        ["id: a.id", "rows:"],
    ),
    "rows of its own": (
        lambda a, _: a.sparkSession.range(3).crossJoin(a.select("x")),
        ["id:", "x: a.x", "rows:"],
    ),
}

QUERIES = {
    "a common table that is read twice": (
        "with t as (select id, x from a where x > 0) select l.id, r.x from t l join t r on l.id = r.id",
        ["id: a.id", "x: a.x", "rows: a.id a.x"],
    ),
    "a common table of a common table": (
        "with t as (select id, x * 2 as z from a), u as (select z from t) select z from u",
        ["z: a.x*", "rows:"],
    ),
    "a common table of a subquery": (
        "select id from a where id in (with t as (select id from b where y > 0) select id from t)",
        ["id: a.id", "rows: a.id b.id* b.y*"],
    ),
    "a value that a subquery finds": (
        "select id, (select max(y) from b where b.id = a.id) as m from a",
        ["id: a.id", "m: a.id* b.id* b.y*", "rows:"],
    ),
    "a subquery that something exists in": (
        "select id from a where exists (select y from b where b.k = a.k)",
        ["id: a.id", "rows: a.k* b.k*"],
    ),
    "a subquery of a list": (
        "select id from a where k not in (select k from b)",
        ["id: a.id", "rows: a.k b.k*"],
    ),
    "grouping sets": (
        "select k, id, sum(x) as s, grouping(k) as g from a group by grouping sets ((k), (id))",
        ["k: a.k", "id: a.id", "s: a.x*", "g:", "rows: a.id a.k"],
    ),
    "distinct rows": (
        "select /*+ rebalance */ distinct k from a",
        ["k: a.k", "rows: a.k"],
    ),
    "having": (
        "select k, count(*) as n from a group by k having sum(x) > 1",
        ["k: a.k", "n:", "rows: a.k a.x*"],
    ),
    "a lateral join": (
        "select a.id, z.w from a, lateral (select y + a.x as w from b where b.id = a.id) z",
        ["id: a.id", "w: a.x* b.y*", "rows: a.id b.id"],
    ),
    "a lateral view": (
        "select id, one from a lateral view explode(xs) as one",
        ["id: a.id", "one: a.xs*", "rows: a.xs*"],
    ),
    "a table that calls itself": (
        "with recursive t(n) as (select id from a union all select n + 1 from t where n < 3) select n from t",
        ["n: a.id*", "rows: a.id*"],
    ),
    "unpivot": (
        "select * from b unpivot (value for name in (id as i, id as j))",
        ["k: b.k", "y: b.y", "name:", "value: b.id", "rows: b.id"],
    ),
    "values": (
        "select v.n, a.x from a join (values (1, 'one'), (2, 'two')) as v(id, n) on a.id = v.id",
        ["n:", "x: a.x", "rows: a.id"],
    ),
}


def inputs(spark: SparkSession) -> tuple[DataFrame, DataFrame]:
    a, b = spark.createDataFrame([], A), spark.createDataFrame([], B)
    return a.alias(tag("a")), b.alias(tag("b"))


@pytest.mark.parametrize("name", FRAMES)
def test_the_columns_of_a_frame(spark: SparkSession, name: str) -> None:
    make, expected = FRAMES[name]

    assert told(*found_in(make(*inputs(spark)), INPUTS)) == expected


@pytest.mark.parametrize("name", QUERIES)
def test_the_columns_of_a_query(spark: SparkSession, name: str) -> None:
    text, expected = QUERIES[name]
    given = dict(zip(("a", "b"), inputs(spark), strict=True))
    for one, rows in given.items():
        rows.createOrReplaceTempView(one)
    try:
        asked = spark.sql(text)
    finally:
        for one in given:
            spark.catalog.dropTempView(one)

    assert told(*found_in(asked, INPUTS)) == expected


def lineage(spark: SparkSession, root: Path, only: set[Node] | None = None) -> dict[str, Table]:
    """The tables of the project in `root`; nothing is executed or written for them."""
    conf = load(root, None, (), {})
    folder = root / "conf" if root == REPOSITORY else root  # others may write beside it
    before, acted = written(folder), executed(spark)
    found = columns_of(lambda _: spark, conf, collect(conf.project.jobs, root, conf.models.values()), only)
    assert executed(spark) == acted
    assert written(folder) == before
    return {table.node.name: table for table in found.tables}


def executed(spark: SparkSession) -> int:
    """How many Spark jobs there were in this session."""
    context = spark.sparkContext._jsc.sc()  # noqa: SLF001 (there is no other way to every Spark job)
    context.listenerBus().waitUntilEmpty()
    return int(context.dagScheduler().numTotalJobs())


def test_what_a_change_of_a_column_of_the_demo_would_touch(spark: SparkSession) -> None:
    whole = Lineage(tuple(lineage(spark, REPOSITORY).values()))

    found = follow(whole, Place(Node("job", "stg_flights"), "dep_delay_min"), "down")

    assert [(one.place.node.name, one.place.column, one.how, one.steps) for one in found] == [
        ("airport_hourly", "cancelled", "made", 1),
        ("airport_hourly", "dep_delay_mean_min", "made", 1),
        ("carrier_daily", "cancelled", "made", 1),
        ("carrier_daily", "cancelled_share", "made", 1),
        ("carrier_daily", "dep_delay_mean_min", "made", 1),
        ("route_delays", "dep_delay_p50_min", "made", 1),
        ("route_delays", "", "rows", 1),
        ("departures", "dep_delay_min", "same", 1),
        ("departures", "", "rows", 1),
        ("late_departures", "late_15", "made", 2),
        ("late_departures", "late_180", "made", 2),
        ("late_departures", "late_60", "made", 2),
        ("late_departures", "", "rows", 2),
        ("worst_days", "cancelled", "made", 2),
        ("worst_days", "dep_delay_mean_min", "made", 2),
        ("worst_days", "", "rows", 2),
    ]


def test_where_a_column_of_the_demo_comes_from(spark: SparkSession) -> None:
    whole = Lineage(tuple(lineage(spark, REPOSITORY).values()))

    found = follow(whole, Place(Node("job", "worst_days"), "cancelled"), "up")

    assert [(f"{one.place.node.name}.{one.place.column}", one.how) for one in found if one.how != "rows"] == [
        ("carrier_daily.cancelled", "made"),
        ("stg_flights.dep_delay_min", "made"),
        ("flights.dep_delay", "made"),
    ]


CODE = """
@job
def broken(rows: DataFrame) -> DataFrame:
    return rows.select("no_such_column")


@job
def after(broken: DataFrame) -> DataFrame:
    return broken.select("id")


@job
def looks(rows: DataFrame) -> DataFrame:
    return rows.groupBy("id").pivot("kind").count()


@job
def secretive(rows: DataFrame, *, token: str, least: int) -> DataFrame:
    return rows.select("id", F.sha2(F.concat("kind", F.lit(token)), 256).alias("hash")).filter(F.col("id") > least)


@job
def history(rows: DataFrame) -> DataFrame:
    return rows.select("id", "kind", "since")


@job
def merged(rows: DataFrame) -> DataFrame:
    return rows.select("id", "kind")


@job
def own(found: DataFrame, other: DataFrame) -> DataFrame:
    return found.join(other, on="id", how="left").select("id", F.col("part").alias("folder"), "kind")
"""
ROWS = "rows:\n  format: csv\n  path: ${landing}/*.csv\n  columns: {id: int, kind: string, since: date}\n"
FOUND = "found: {format: parquet, path: '${landing}/found/**/*.parquet'}\n"
GONE = "gone: {format: orc, path: '${landing}/gone/*.orc'}\n"


def small(root: Path, **confs: str) -> None:
    """A project of the jobs that `confs` names, each with its inputs and whatever else."""
    paths = {name: f"output: {{format: parquet, path: '${{warehouse}}/{name}'}}\n" for name in confs}
    files = {
        f"conf/jobs/{name}.yml": text + ("" if "output:" in text else "\n" + paths[name])
        for name, text in confs.items()
    }
    code = "\n\n".join(part for part in CODE.split("\n\n\n") if any(f"def {name}(" in part for name in confs))
    write_project(root, code, {"conf/sources.yml": ROWS + FOUND + GONE, **files})


def test_what_cannot_be_found_is_said_and_nothing_else_is_lost(spark: SparkSession, tmp_path: Path) -> None:
    small(
        tmp_path,
        broken="inputs: {rows: {source: rows}}",
        after="inputs: {broken: {ref: broken}}",
        merged="inputs: {rows: {source: rows}}",
    )

    found = lineage(spark, tmp_path)

    assert "UNRESOLVED_COLUMN" in found["broken"].unknown
    assert found["broken"].reads == (Node("source", "rows"),)
    assert found["after"].unknown == "it reads broken, whose columns are not known"
    assert found["gone"].unknown == "its columns are not declared, and there is no file yet"
    assert of_table(found["merged"]) == ["id: rows.id", "kind: rows.kind", "rows:"]


def test_a_published_table_has_columns_whatever_became_of_its_function(
    spark: SparkSession, tmp_path: Path
) -> None:
    small(tmp_path, broken="inputs: {rows: {source: rows}}", after="inputs: {broken: {ref: broken}}")
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing/a.csv").write_text("id,kind,since\n1,a,2026-01-01\n")
    module = next(tmp_path.glob("jobs_*")) / "__init__.py"
    mended = module.read_text().replace("no_such_column", "id")
    module.write_text(mended)
    run(spark, tmp_path, "broken")
    module.write_text(mended.replace('rows.select("id")', 'rows.select("no_such_column")'))
    planned(tmp_path, "broken")  # reads the code anew

    found = lineage(spark, tmp_path)

    assert "UNRESOLVED_COLUMN" in found["broken"].unknown
    assert found["broken"].columns == (Column("id", "int", ()),)
    assert of_table(found["after"]) == ["id: broken.id", "rows:"]


def test_a_function_that_looks_at_rows_is_not_guessed_at(spark: SparkSession, tmp_path: Path) -> None:
    small(tmp_path, looks="inputs: {rows: {source: rows}}")
    conf, acted = load(tmp_path, None, (), {}), executed(spark)

    tables = columns_of(lambda _: spark, conf, collect(conf.project.jobs, tmp_path)).tables

    assert "has Spark execute something" in next(one.unknown for one in tables if one.node.name == "looks")
    assert executed(spark) == acted + 1


def test_a_secret_is_not_asked_for(spark: SparkSession, tmp_path: Path) -> None:
    params = "params: {token: '${secret:env:NOT_THERE}', least: 3}"
    small(tmp_path, secretive=f"inputs: {{rows: {{source: rows}}}}\n{params}")

    assert of_table(lineage(spark, tmp_path)["secretive"]) == [
        "id: rows.id",
        "hash: rows.kind*",
        "rows: rows.id",
    ]


def test_publishing_adds_columns_and_keeps_a_row_per_key(spark: SparkSession, tmp_path: Path) -> None:
    table = "output: {{format: delta, path: '${{warehouse}}/{}', mode: {}, keys: [id]{}}}"
    small(
        tmp_path,
        history="inputs: {rows: {source: rows}}\n" + table.format("history", "scd2", ", sequence_by: since"),
        merged="inputs: {rows: {source: rows}}\n" + table.format("merged", "merge", ""),
    )

    found = lineage(spark, tmp_path)

    assert of_table(found["history"]) == [
        "id: rows.id",
        "kind: rows.kind",
        "since: rows.since",
        "valid_from: rows.since*",
        "valid_to: rows.since*",
        "is_current: rows.since*",
        "rows: rows.id",
    ]
    assert [one.type for one in found["history"].columns[3:]] == ["date", "date", "boolean"]
    assert of_table(found["merged"]) == ["id: rows.id", "kind: rows.kind", "rows: rows.id"]


def test_files_tell_the_columns_that_nobody_declared(spark: SparkSession, tmp_path: Path) -> None:
    small(tmp_path, own="inputs: {found: {source: found}, other: {source: rows}}")
    rows = spark.createDataFrame([(1, "x")], "id int, part string")
    rows.write.partitionBy("part").parquet(str(tmp_path / "landing/found"))

    found = lineage(spark, tmp_path, {Node("source", "found"), Node("source", "rows"), Node("job", "own")})

    assert found["found"].columns == (Column("id", "int", ()), Column("part", "string", ()))
    assert of_table(found["own"]) == [
        "id: found.id",
        "folder: found.part",
        "kind: rows.kind",
        "rows: found.id rows.id",
    ]


def shop(root: Path) -> Path:
    """examples/shop with its package under a name that no other has in this process."""
    copytree(REPOSITORY / "examples/shop", root / "shop")
    name = f"shop_{abs(hash(str(root)))}"
    (root / "shop/jobs").rename(root / "shop" / name)
    main = root / "shop/conf/sparkjobs.yml"
    main.write_text(main.read_text().replace("jobs.shop", f"{name}.shop").replace("../../", ""))
    return root / "shop"


def test_views_stand_between_a_job_and_what_they_read(spark: SparkSession, tmp_path: Path) -> None:
    found = lineage(spark, shop(tmp_path))

    assert of_table(found["stg_payments"]) == [
        "payment_id: shop_payments.id",
        "order_id: shop_payments.order_id",
        "payment_method: shop_payments.payment_method",
        "amount: shop_payments.amount*",
        "updated_on: shop_payments.updated_on",
        "rows:",
    ]
    assert of_table(found["customers"]) == [
        "customer_id: stg_customers.customer_id",
        "first_name: stg_customers.first_name",
        "last_name: stg_customers.last_name",
        "first_order: stg_orders.order_date*",
        "most_recent_order: stg_orders.order_date*",
        "number_of_orders: stg_orders.order_id*",
        "customer_lifetime_value: stg_payments.amount*",
        "rows: stg_customers.customer_id stg_orders.customer_id stg_orders.order_id stg_payments.order_id",
    ]


def test_a_query_that_is_read_without_spark_has_the_same_columns(spark: SparkSession, tmp_path: Path) -> None:
    root = shop(tmp_path)
    static = {table.node.name: table for table in columns_in_text(load(root, None, (), {})).tables}

    analysed = lineage(spark, root)

    assert static.keys() == analysed.keys()
    functions = [name for name, table in static.items() if table.unknown]
    assert functions == ["customer_segments"]
    assert {name: of_table(static[name]) for name in static.keys() - functions} == {
        name: of_table(analysed[name]) for name in static.keys() - functions
    }
