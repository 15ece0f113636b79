"""Selectors, in dbt's grammar, over two diamonds that are not joined: a → b, c → d → e and f → g, h."""

from collections.abc import Callable, Mapping
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparkjobs.config import Conf
from sparkjobs.errors import ConfigError, SelectorError, UsageError
from sparkjobs.plan import Earlier, Graph, Logic, Request, graph_of, misfits_of_selectors, selected
from sparkjobs.registry import Registry
from tests.unit.projects import conf_of, mistakes_of, plan_of, project, registry_of, write

MANY = settings(deadline=None, derandomize=True, database=None)
CODE = "from sparkjobs import job\n\n\n@job\ndef {}({}):\n    return x\n"
SOURCE = "{format: csv, path: '${landing}/x', columns: {i: int}}"
INPUTS = {
    "a": "x: {source: sales}",
    "b": "x: {ref: a}",
    "c": "x: {ref: a}, y: {source: stores, lookup: true}",
    "d": "x: {ref: b}, y: {ref: c}",
    "e": "x: {ref: d}",
    "f": "x: {source: stores}",
    "g": "x: {ref: f}",
    "h": "x: {ref: f}",
}
TAGS = {"a": "staging", "f": "staging", "c": "nightly", "e": "nightly, mart"}
OUTPUTS = {
    "a": "mode: append, ",
    "d": "mode: overwrite_partitions, partition_by: [day, region], ",
    "g": "mode: append, ",
}
SELECTORS = """
daily: "tag:mart,+d+"
wide:
  description: all but the staging
  select: [staged+, g h]
  exclude: ["tag:staging", selector:daily]
staged: "tag:staging"
rest: {exclude: ["@b"]}
changed: "state:modified+"
again: "result:error+"
""".replace("staged+", "selector:staged+")


def of_eight(folder: Path, files: dict[str, str | bytes] | None = None) -> Path:
    jobs: dict[str, str | bytes] = {
        f"conf/jobs/{job}.yml": (
            f"inputs: {{{inputs}}}\ntags: [{TAGS.get(job, '')}]\n"
            f"output: {{format: parquet, {OUTPUTS.get(job, '')}path: '${{warehouse}}/{job}'}}\n"
        )
        for job, inputs in INPUTS.items()
    }
    jobs["conf/sources.yml"] = f"sales: {SOURCE}\nstores: {SOURCE}\n"
    jobs["conf/selectors.yml"] = SELECTORS
    jobs["landing/x"] = "i\n1\n"
    code = "\n\n".join(CODE.format(job, "x, y" if "y:" in inputs else "x") for job, inputs in INPUTS.items())
    project(folder, jobs | (files or {}), code)
    (folder / "conf/jobs/daily.yml").unlink()
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return of_eight(tmp_path_factory.mktemp("select"))


@pytest.fixture(scope="module")
def loaded(root: Path) -> tuple[Conf, Registry]:
    conf = conf_of(root)
    return conf, registry_of(conf)


def _selected(
    loaded: tuple[Conf, Registry],
    *terms: str,
    exclude: tuple[str, ...] = (),
    earlier: Earlier | None = None,
    graph: Graph | None = None,
) -> str:
    conf, registry = loaded
    request = Request(terms, exclude, earlier=earlier or Earlier())
    return "".join(sorted(selected(request, conf, graph or graph_of(conf, registry), registry)))


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ((), "abcdefgh"),
        (("c",), "c"),
        (("+c",), "ac"),
        (("c+",), "cde"),
        (("+b+",), "abde"),
        (("1+d",), "bcd"),
        (("2+d",), "abcd"),
        (("2+e",), "bcde"),
        (("a+1",), "abc"),
        (("a+2",), "abcd"),
        (("1+b+1",), "abd"),
        (("1+d+",), "bcde"),
        (("0+c",), "c"),
        (("99+c",), "ac"),
        (("@a",), "abcde"),
        (("@b",), "abcde"),
        (("@e",), "abcde"),
        (("@g",), "fg"),
        (("@f",), "fgh"),
        (("a", "f"), "af"),
        (("a f",), "af"),
        (("+c,b+",), ""),
        (("+d,b+",), "bd"),
        (("@b,@g",), ""),
        (("@b,+c",), "ac"),
        (("+b f,f+",), "abf"),
        (("tag:nightly",), "ce"),
        (("tag:nightly,tag:mart",), "e"),
        (("tag:mart+",), "e"),
        (("+tag:mart",), "abcde"),
        (("@tag:staging",), "abcdefgh"),
        (("source:sales",), "a"),
        (("source:stores",), "cf"),
        (("source:stores+",), "cdefgh"),
        (("source:stores+1",), "cdfgh"),
        (("@source:stores,+d",), "abcd"),
        (("source:s*,tag:staging",), "af"),
        (("[ab]",), "ab"),
        (("[gh]+",), "gh"),
        (("1+[gh]",), "fgh"),
        (("*",), "abcdefgh"),
        (("name:c",), "c"),
        (("+name:c",), "ac"),
        (("tag:s*",), "af"),
        (("path:jobs_*",), "abcdefgh"),
        (("config.output.mode:append",), "ag"),
        (("config.output.mode:append+",), "abcdeg"),
        (("config.output.mode:overwrite*",), "bcdefh"),
        (("config.output.mode:overwrite",), "bcefh"),
        (("config.output.partition_by:region",), "d"),
        (("config.inputs.y.lookup:true",), "c"),
        (("config.inputs.x.ref:f,config.output.mode:append",), "g"),
        (("config.tags:mart",), "e"),
        (("selector:daily",), "e"),
        (("1+selector:daily",), "de"),
        (("selector:staged+",), "abcdefgh"),
        (("selector:wide",), "bcdgh"),
        (("selector:rest",), "fgh"),
        (("selector:staged,a",), "a"),
    ],
)
def test_a_selector_selects(loaded: tuple[Conf, Registry], terms: tuple[str, ...], expected: str) -> None:
    assert _selected(loaded, *terms) == expected


def test_a_path_is_a_file_or_any_folder_above_it(root: Path, loaded: tuple[Conf, Registry]) -> None:
    package = next(root.glob("jobs_*")).name

    assert _selected(loaded, f"path:{package}") == "abcdefgh"
    assert _selected(loaded, f"path:{package}/__init__.py") == "abcdefgh"


@pytest.mark.parametrize(
    ("exclude", "expected"),
    [
        (("c",), "abdefgh"),
        (("c+",), "abfgh"),
        (("@b",), "fgh"),
        (("tag:staging", "d"), "bcegh"),
        (("tag:nightly,e",), "abcdfgh"),
        (("selector:wide",), "aef"),
    ],
)
def test_what_is_excluded_is_left_out(
    loaded: tuple[Conf, Registry], exclude: tuple[str, ...], expected: str
) -> None:
    assert _selected(loaded, exclude=exclude) == expected


def test_exclusion_beats_selection(loaded: tuple[Conf, Registry]) -> None:
    assert _selected(loaded, "+d", exclude=("b",)) == "acd"


JOBS = tuple(INPUTS)
GRAPHS = st.sets(st.sampled_from(list(combinations(JOBS, 2)))).map(
    lambda edges: Graph(
        JOBS, {job: frozenset(read for read, reader in edges if reader == job) for job in JOBS}
    )
)
TERMS = st.sampled_from(
    [
        "a",
        "b+",
        "+d",
        "@c",
        "tag:staging",
        "1+e",
        "f+1",
        "source:stores+",
        "@tag:mart",
        "[gh]",
        "selector:wide",
    ]
)


@MANY
@given(GRAPHS, st.sampled_from(JOBS))
def test_an_at_sign_takes_what_is_below_and_all_that_this_needs(
    loaded: tuple[Conf, Registry], graph: Graph, job: str
) -> None:
    around = set(_selected(loaded, f"@{job}", graph=graph))
    below = _selected(loaded, f"{job}+", graph=graph)

    assert around >= set(below) | set(_selected(loaded, f"+{job}", graph=graph))
    assert around == set().union(*(_selected(loaded, f"+{one}", graph=graph) for one in below))


@MANY
@given(GRAPHS, st.sampled_from(JOBS), st.sampled_from(JOBS))
def test_one_job_is_below_another_where_that_is_above_it(
    loaded: tuple[Conf, Registry], graph: Graph, one: str, other: str
) -> None:
    assert (one in _selected(loaded, f"{other}+", graph=graph)) == (
        other in _selected(loaded, f"+{one}", graph=graph)
    )


@MANY
@given(GRAPHS, TERMS, TERMS, TERMS)
def test_a_space_is_a_union_a_comma_an_intersection_and_exclude_a_difference(
    loaded: tuple[Conf, Registry], graph: Graph, one: str, two: str, three: str
) -> None:
    def jobs(*terms: str, exclude: tuple[str, ...] = ()) -> set[str]:
        return set(_selected(loaded, *terms, exclude=exclude, graph=graph))

    assert jobs(f"{one} {two}") == jobs(one, two) == jobs(one) | jobs(two)
    assert jobs(f"{one},{two}") == jobs(f"{two},{one}") == jobs(one) & jobs(two)
    assert jobs(f"{one},{two} {three}") == jobs(one) & jobs(two) | jobs(three)
    assert jobs(one, exclude=(two, three)) == jobs(one) - jobs(two) - jobs(three)


@pytest.mark.parametrize(
    ("term", "told"),
    [
        ("z", "No job is selected by 'z'.\nThere is: a, b, c, d, e, f, g, h."),
        ("tag:nightli", "No job is selected by 'tag:nightli'.\nDid you mean 'nightly'?"),
        ("+tag:nightli+", "No job is selected by 'tag:nightli'.\nDid you mean 'nightly'?"),
        ("source:sale", "No job is selected by 'source:sale'.\nDid you mean 'sales'?"),
        ("tags:x", "'tags' is not a selector method.\nDid you mean 'tag:'?"),
        ("config:x", "'config' is not a selector method.\nDid you mean 'config.KEY:'?"),
        (
            "wat:x",
            "'wat' is not a selector method.\nThere is: config.KEY, name, path, result, selector, source, state, tag.",
        ),
        ("selector:dayly", "conf/selectors.yml has no 'dayly'.\nDid you mean 'daily'?"),
        ("state:modifed", "'state:modifed' is not known.\nDid you mean 'modified'?"),
        ("result:errors", "'result:errors' is not known.\nDid you mean 'error'?"),
        ("result:x", "'result:x' is not known.\nThere is: error, fail, no-op, skipped, success."),
        (
            "config.output.mode:apend",
            "No job is selected by 'config.output.mode:apend'.\nDid you mean 'append'?",
        ),
        (
            "config.output.modes:x",
            "No job has 'output.modes' in its conf.\nDid you mean 'config.output.mode'?",
        ),
        ("+", "'+' is not a selector."),
        ("a++", "'a++' is not a selector."),
        ("a+b", "'a+b' is not a selector."),
        ("a,", "'' is not a selector."),
        ("@", "'@' is not a selector."),
        ("@@a", "'@@a' is not a selector."),
        ("+@a", "'+@a' is not a selector."),
        ("@a+", "'@a+' is not a selector.\n'@a' has all that + would add."),
        ("@2+tag:mart", "'@2+tag:mart' is not a selector.\n'@tag:mart' has all that + would add."),
        ("9999999999+a", "'9999999999+a' is not a selector."),
        ("A", "No job is selected by 'A'."),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(
    loaded: tuple[Conf, Registry], term: str, told: str
) -> None:
    with pytest.raises(SelectorError) as caught:
        _selected(loaded, term)

    assert str(caught.value).startswith(told)


def test_an_unknown_name_is_told_even_where_it_is_excluded(loaded: tuple[Conf, Registry]) -> None:
    with pytest.raises(SelectorError, match="No job is selected by 'z'"):
        _selected(loaded, exclude=("z",))


def _before(root: Path, *without: str) -> Callable[[], Mapping[str, Logic]]:
    """The logic of the project in `root`, as it is, without some jobs."""
    logic = {job: one for job, one in plan_of(root, "a").logic.items() if job not in without}
    return lambda: logic


def test_what_has_other_code_or_conf_than_an_earlier_plan_is_modified(tmp_path: Path) -> None:
    earlier = Earlier(_before(of_eight(tmp_path), "h"))
    described = (tmp_path / "conf/jobs/c.yml").read_text() + "description: told\n"
    repartitioned = (tmp_path / "conf/jobs/d.yml").read_text().replace("day, region", "day")
    write(tmp_path, {"conf/jobs/c.yml": described, "conf/jobs/d.yml": repartitioned})
    conf = conf_of(tmp_path)
    loaded = conf, registry_of(conf)

    assert _selected(loaded, "state:new", earlier=earlier) == "h"
    assert _selected(loaded, "state:modified", earlier=earlier) == "dh"
    assert _selected(loaded, "state:modified+", earlier=earlier) == "deh"
    assert _selected(loaded, "1+state:modified", earlier=earlier) == "bcdfh"
    assert _selected(loaded, exclude=("@state:new",), earlier=earlier) == "abcdeg"
    assert _selected(loaded, "selector:changed", earlier=earlier) == "deh"


def test_a_source_with_another_contract_modifies_what_reads_it(tmp_path: Path) -> None:
    earlier = Earlier(_before(of_eight(tmp_path)))
    write(tmp_path, {"conf/sources.yml": f"sales: {SOURCE.replace('int', 'bigint')}\nstores: {SOURCE}\n"})
    conf = conf_of(tmp_path)

    assert _selected((conf, registry_of(conf)), "state:modified", earlier=earlier) == "a"


def test_where_nothing_has_changed_nothing_is_selected(root: Path, loaded: tuple[Conf, Registry]) -> None:
    earlier = Earlier(_before(root))

    assert _selected(loaded, "state:modified+ state:new", earlier=earlier) == ""


def test_a_state_without_an_earlier_plan_says_how_to_name_one(loaded: tuple[Conf, Registry]) -> None:
    for term in ("state:modified", "state:new", "selector:changed"):
        with pytest.raises(UsageError) as caught:
            _selected(loaded, term)

        assert str(caught.value) == (
            "state: compares with an earlier plan, and none is named. The newest run's is not taken by itself.\n"
            "--state takes the folder of a run, or what `sparkjobs plan --output json > FILE` has kept."
        )


def test_jobs_are_selected_by_what_became_of_them(loaded: tuple[Conf, Registry]) -> None:
    became = {"a": "success", "b": "error", "d": "skipped", "e": "skipped", "f": "no-op", "gone": "error"}
    earlier = Earlier(statuses=lambda: became)

    assert _selected(loaded, "result:error", earlier=earlier) == "b"
    assert _selected(loaded, "result:error+", earlier=earlier) == "bde"
    assert _selected(loaded, "result:error result:skipped", earlier=earlier) == "bde"
    assert _selected(loaded, "result:no-op", earlier=earlier) == "f"
    assert _selected(loaded, "result:success", exclude=("result:error+",), earlier=earlier) == "a"
    assert _selected(loaded, "result:fail", earlier=earlier) == ""
    assert _selected(loaded, "selector:again", earlier=earlier) == "bde"


def _misfits(root: Path, text: str) -> list[str]:
    conf = conf_of(write(root, {"conf/selectors.yml": text}))
    registry = registry_of(conf)
    return list(misfits_of_selectors(conf, graph_of(conf, registry), registry))


def test_selectors_that_name_something_have_no_mistakes(root: Path) -> None:
    assert _misfits(root, SELECTORS) == []


def test_each_wrong_text_of_a_selector_is_told_with_its_place(tmp_path: Path) -> None:
    text = 'one: "tag:dayly"\ntwo:\n  select: [a, z+b]\n  exclude:\n    - selector:onee\n    - +tag:marts\n'

    assert _misfits(of_eight(tmp_path), text) == [
        "conf/selectors.yml:1:1: No job is selected by 'tag:dayly'. There is: mart, nightly, staging.",
        "conf/selectors.yml:3:15: 'z+b' is not a selector. For example: stg_flights+ or tag:daily,+route_delays",
        "conf/selectors.yml:5:7: conf/selectors.yml has no 'onee'. Did you mean 'one'?",
        "conf/selectors.yml:6:7: No job is selected by 'tag:marts'. Did you mean 'mart'?",
    ]


def test_a_mistake_of_a_selector_is_told_with_its_place_where_it_is_used(tmp_path: Path) -> None:
    write(of_eight(tmp_path), {"conf/selectors.yml": 'one: "a z"\ntwo: "+selector:one"\n'})
    conf = conf_of(tmp_path)

    with pytest.raises(ConfigError) as caught:
        _selected((conf, registry_of(conf)), "selector:two")

    assert caught.value.mistakes == (
        "conf/selectors.yml:1:1: No job is selected by 'z'. There is: a, b, c, d, e, f, g, h.",
    )


def test_selectors_in_a_circle_are_refused(tmp_path: Path) -> None:
    text = "one: selector:two\ntwo: {exclude: [selector:one+]}\nself: a selector:self\n"

    assert _misfits(of_eight(tmp_path), text) == [
        "conf/selectors.yml:2:17: Selectors in a circle: one → two → one. One of them has to name jobs.",
        "conf/selectors.yml:1:1: Selectors in a circle: two → one → two. One of them has to name jobs.",
        "conf/selectors.yml:3:1: Selectors in a circle: self → self. One of them has to name jobs.",
    ]


def test_selectors_stand_in_one_another_ten_deep_and_no_deeper(tmp_path: Path) -> None:
    chain = "s0: b\n" + "".join(f"s{n}: 'selector:s{n - 1}'\n" for n in range(1, 300))

    told = _misfits(of_eight(tmp_path), chain)

    too_deep = "Selectors stand in one another more than 10 deep. Name jobs or tags."
    assert told == [f"conf/selectors.yml:{line}:1: {too_deep}" for line in range(2, 292)]
    conf = conf_of(tmp_path)
    assert _selected((conf, registry_of(conf)), "selector:s9") == "b"


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("one: {selct: [a]}", "1:7: 'selct' is not a key of one; did you mean 'select'?"),
        ("one: {select: a}", "1:7: select: must be a list, not 'a'"),
        ("one: 7", "1:1: one: must be text or a mapping"),
        ("one:", "1:1: one: must be text or a mapping"),
        ('one: ""', "1:1: one: '' is too short"),
        ("one: {select: [7]}", "1:16: select: must be text, not 7"),
        ("a-b: a", "1:1: 'a-b' is not a name: letters, digits and _, at most 100, no digit first"),
        ("one: @a", "1:6: while scanning for the next token, found character that cannot start any token"),
    ],
)
def test_the_shape_of_a_selector_is_looked_at_with_the_conf(tmp_path: Path, text: str, mistake: str) -> None:
    assert mistakes_of(of_eight(tmp_path, {"conf/selectors.yml": text})) == (f"conf/selectors.yml:{mistake}",)
