"""The rules of the house that no linter knows. Each is shown to catch what it forbids."""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src/sparkjobs").rglob("*.py"))
JOBS = sorted((ROOT / "jobs").rglob("*.py"))

MAX_LINES = 250
"""Of a module; blank ones are not counted."""
MAX_FUNCTION_LINES = 40
BEHIND_THE_API = {"_jvm", "_jdf", "_jsc", "_jsparkSession"}
NOT_IN_JOBS = {
    "cache",
    "collect",
    "first",
    "foreach",
    "foreachPartition",
    "head",
    "localCheckpoint",
    "persist",
    "read",
    "readStream",
    "show",
    "sparkSession",
    "sql",
    "tail",
    "take",
    "toLocalIterator",
    "toPandas",
    "write",
    "writeTo",
}

Rule = Callable[[ast.Module], Iterator[str]]


def long_functions(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield f"{node.lineno}: {node.name} has {lines} lines"


def private_jvm(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in BEHIND_THE_API:
            yield f"{node.lineno}: {node.attr}"
        if isinstance(node, ast.Constant) and node.value in BEHIND_THE_API:
            yield f"{node.lineno}: {node.value!r}"


def printing(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="print")):
                yield f"{node.lineno}: print"
            case ast.Attribute(
                attr="echo" | "secho" | "stdout" | "stderr", value=ast.Name(id="click" | "sys")
            ):
                yield f"{node.lineno}: {node.attr}"


def thawed_dataclasses(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        for decorator in node.decorator_list:
            match decorator:
                case ast.Name(id="dataclass") | ast.Attribute(attr="dataclass"):
                    yield f"{node.lineno}: {node.name}"
                case ast.Call(
                    func=ast.Name(id="dataclass") | ast.Attribute(attr="dataclass"), keywords=given
                ):
                    said = {
                        one.arg for one in given if isinstance(one.value, ast.Constant) and one.value.value
                    }
                    if not {"frozen", "slots"} <= said:
                        yield f"{node.lineno}: {node.name}"


def actions(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="F")):
                continue
            case ast.Attribute(attr=attr) if attr in NOT_IN_JOBS:
                yield f"{node.lineno}: .{attr}"
            case ast.Call(func=ast.Attribute(attr="count", value=value), args=[], keywords=[]) if not (
                isinstance(value, ast.Name) and value.id == "F"
            ) and not _grouped(value):
                yield f"{node.lineno}: .count()"
            case (
                ast.Name(id="SparkSession" | "SparkContext") | ast.alias(name="SparkSession" | "SparkContext")
            ):
                yield f"{node.lineno}: a session"


def _grouped(value: ast.expr) -> bool:
    """Whether `.count()` on `value` counts groups, which gives a frame and runs nothing."""
    match value:
        case ast.Call(func=ast.Attribute(attr="groupBy" | "groupby" | "rollup" | "cube")):
            return True
        case _:
            return False


def joins_without_how(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="join", value=value), args=args, keywords=given) if not (
                isinstance(value, ast.Constant)
            ):
                if len(args) < 3 and "how" not in {one.arg for one in given}:
                    yield f"{node.lineno}: join"


def columns_in_a_loop(tree: ast.Module) -> Iterator[str]:
    for loop in ast.walk(tree):
        if isinstance(loop, ast.For | ast.While):
            for node in ast.walk(loop):
                if isinstance(node, ast.Attribute) and node.attr in ("withColumn", "withColumnRenamed"):
                    yield f"{node.lineno}: {node.attr} in a loop"


def frames_without_a_name(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        name = node.id if isinstance(node, ast.Name) else node.arg if isinstance(node, ast.arg) else ""
        if name.rstrip("0123456789_") in ("df", "sdf", "frame"):
            yield f"{getattr(node, 'lineno', 0)}: {name}"


def _broken(rule: Rule, files: list[Path]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{told}"
        for file in files
        for told in rule(ast.parse(file.read_text("utf-8")))
    ]


def _but(*names: str) -> list[Path]:
    return [file for file in SOURCES if str(file.relative_to(ROOT / "src/sparkjobs")) not in names]


def test_there_is_something_to_look_at() -> None:
    assert len(SOURCES) > 40
    assert len(JOBS) > 4


def test_no_module_is_long() -> None:
    lines = {file: sum(map(bool, map(str.strip, file.read_text("utf-8").splitlines()))) for file in SOURCES}

    assert {str(file.relative_to(ROOT)): count for file, count in lines.items() if count > MAX_LINES} == {}


def test_no_function_is_long() -> None:
    assert _broken(long_functions, SOURCES) == []


def test_only_session_and_jvm_look_behind_the_dataframe_api() -> None:
    ours = [file for file in _but("session.py") if file.parent.name != "jvm"]
    assert _broken(private_jvm, [*ours, *JOBS]) == []


def test_only_the_command_line_and_its_terminal_print() -> None:
    assert (
        _broken(printing, [*(file for file in _but("terminal.py") if file.parent.name != "cli"), *JOBS]) == []
    )


def test_every_value_is_frozen_and_slotted() -> None:
    allowed = "Progress"  # what a job tells of itself even when it fails half-way

    broken = [
        one
        for one in _broken(thawed_dataclasses, [file for file in SOURCES if file.parent.name != "errors"])
        if not one.endswith(f": {allowed}")
    ]

    assert broken == []


def test_jobs_hold_no_action_no_cache_and_no_session() -> None:
    assert _broken(actions, JOBS) == []


def test_jobs_say_how_they_join_and_name_their_frames() -> None:
    assert _broken(joins_without_how, JOBS) == []
    assert _broken(frames_without_a_name, JOBS) == []
    assert _broken(columns_in_a_loop, [*SOURCES, *JOBS]) == []


CAUGHT: list[tuple[Rule, str]] = [
    (long_functions, "def f():\n" + "    x = 1\n" * 40),
    (private_jvm, "spark._jvm.x()"),
    (private_jvm, "getattr(frame, '_jdf')"),
    (private_jvm, "spark.sparkContext._jsc"),
    (private_jvm, "x = spark._jsparkSession"),
    (printing, "print(1)"),
    (printing, "click.echo(1)"),
    (printing, "sys.stdout.write('x')"),
    (thawed_dataclasses, "@dataclass\nclass A: ..."),
    (thawed_dataclasses, "@dataclass()\nclass A: ..."),
    (thawed_dataclasses, "@dataclass(frozen=True)\nclass A: ..."),
    (thawed_dataclasses, "@dataclass(frozen=False, slots=True)\nclass A: ..."),
    (thawed_dataclasses, "@dataclasses.dataclass(slots=True)\nclass A: ..."),
    (actions, "flights.collect()"),
    (actions, "flights.filter(x).count()"),
    (actions, "flights.count()"),
    (actions, "flights.cache()"),
    (actions, "flights.persist()"),
    (actions, "flights.write.parquet('x')"),
    (actions, "spark.read.csv('x')"),
    (actions, "flights.toPandas()"),
    (actions, "flights.show()"),
    (actions, "flights.take(1)"),
    (actions, "flights.first()"),
    (actions, "flights.foreach(f)"),
    (actions, "from pyspark.sql import SparkSession"),
    (actions, "flights.sparkSession"),
    (joins_without_how, "flights.join(airports, on='faa')"),
    (joins_without_how, "flights.join(airports, 'faa')"),
    (columns_in_a_loop, "for name in names:\n    flights = flights.withColumn(name, x)"),
    (frames_without_a_name, "df2 = flights.filter(x)"),
    (frames_without_a_name, "def f(df): ..."),
]

ALLOWED: list[tuple[Rule, str]] = [
    (long_functions, "def f():\n" + "    x = 1\n" * 39),
    (printing, "console.print(1)"),
    (thawed_dataclasses, "@dataclass(frozen=True, slots=True)\nclass A: ..."),
    (actions, "flights.agg(F.count('*'), F.count(), F.first('x'), F.collect_list('y'))"),
    (actions, "flights.groupBy('x').count()"),
    (joins_without_how, "', '.join(names)"),
    (joins_without_how, "flights.join(airports, on='faa', how='left')"),
    (columns_in_a_loop, "flights.withColumn('x', y)"),
    (frames_without_a_name, "flights.filter(x)"),
]


@pytest.mark.parametrize(("rule", "code"), CAUGHT)
def test_a_rule_catches_what_it_forbids(rule: Rule, code: str) -> None:
    assert list(rule(ast.parse(code)))


@pytest.mark.parametrize(("rule", "code"), ALLOWED)
def test_a_rule_lets_pass_what_it_does_not_mean(rule: Rule, code: str) -> None:
    assert list(rule(ast.parse(code))) == []


IMPORT_ALL = """
import importlib, logging, os, pkgutil, sys, warnings
warnings.simplefilter("error", ResourceWarning)
before = set(os.listdir("."))
for package in ("sparkjobs", "jobs"):
    for info in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        if not info.name.endswith("__main__"):
            importlib.import_module(info.name)
from pyspark import SparkContext
from pyspark.sql import SparkSession
assert "sparkjobs.session" in sys.modules and "jobs.flights.staging" in sys.modules
assert SparkContext._gateway is None, "a JVM"
assert SparkContext._active_spark_context is None, "a context"
assert SparkSession.getActiveSession() is None and SparkSession._instantiatedSession is None, "a session"
assert not logging.getLogger().handlers, "logging"
assert set(os.listdir(".")) == before, "files"
"""


def test_importing_everything_starts_nothing(tmp_path: Path) -> None:
    path = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"

    done = subprocess.run(
        [sys.executable, "-c", path + IMPORT_ALL], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
