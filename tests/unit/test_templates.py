"""Jinja in SQL files: what it renders to, how values are kept from becoming SQL, and the lines of mistakes."""

import pytest

from sparkjobs.sql_models import FlawError, Sql
from sparkjobs.sql_models.template import Answers, UnansweredError, rendered, settings_of
from sparkjobs.sql_models.values import Opaque, escaped, identifier, literal

VALUES: dict[str, object] = {
    "text": Opaque("it's"),
    "day": Opaque("2026-01-01"),
    "many": (Opaque("a'"), Opaque("b")),
    "yes": True,
    "least": 3,
    "below": -5,
    "nought": -0.0,
    "share": 0.5,
    "huge": 1e16,
    "endless": float("inf"),
    "no number": float("nan"),
    "column": Opaque("a`b"),
}


def _var(name: str, *default: object) -> object:
    if name not in VALUES and not default:
        raise UnansweredError(f"{name!r} has no value")
    return VALUES.get(name, *default)


ANSWERS = Answers(identifier, lambda *names: identifier("_".join(names)), _var)


def render(text: str, *, incremental: bool = False) -> Sql:
    return rendered(text, ANSWERS, incremental=incremental)


RENDERED = [
    ("select 1", "select 1"),
    ("{{ config(materialized='table') }}select 1", "select 1"),
    ("select * from {{ ref('orders') }}", "select * from `orders`"),
    ("select * from {{ source('raw', 'orders') }}", "select * from `raw_orders`"),
    ("select {{ var('text') }}", "select 'it\\'s'"),
    ("select '{{ var('text') }} and {{ var('day') }}'", "select 'it\\'s and 2026-01-01'"),
    ("where x in ({{ var('many') | join(', ') }})", "where x in ('a\\'', 'b')"),
    ("{% for one in var('many') %}{{ one }};{% endfor %}", "'a\\'';'b';"),
    ("{{ var('many') | first }}", "'a\\''"),
    (
        "select {{ var('yes') }}, {{ var('least') }}, {{ var('share') }}, {{ none }}",
        "select true, 3, 0.5, null",
    ),
    ("select 1 -{{ var('below') }}, '{{ var('below') }}'", "select 1 - -5, '-5'"),
    (
        "select top_{{ var('least') }}, `c {{ var('least') }}` -- {{ var('least') }}",
        "select top_3, `c 3` -- 3",
    ),
    ("select {{ var('column') | identifier }}", "select `a``b`"),
    ("{% if var('day') == '2026-01-01' and 'b' in var('many') and var('text') %}yes{% endif %}", "yes"),
    ("{{ {'2026-01-01': 'found'}[var('day')] }}", "found"),
    ("{{ var('nothing', 'x') }}", "x"),
    (
        "{% set methods = ['card', 'cash'] %}{% for m in methods %}sum({{ m }}_amount), {% endfor %}",
        "sum(card_amount), sum(cash_amount), ",
    ),
    ("{% raw %}{{ no template }}{% endraw %}", "{{ no template }}"),
    ("{# a note #}select 1{% if is_incremental() %} from {{ this }}{% endif %}", "select 1"),
    ("{% macro cents(name) %}{{ name }} / 100{% endmacro %}select {{ cents('a') }}", "select a / 100"),
    ("{% macro is(x) %}x = {{ x }}{% endmacro %}where {{ is(var('text')) }}", "where x = 'it\\'s'"),
    (
        "{% set q %}x = {{ var('text') }}{% endset %}where {{ q }} or {{ q }}",
        "where x = 'it\\'s' or x = 'it\\'s'",
    ),
    ("{% set q = var('many') | join(', ') %}in ({{ q }})", "in ('a\\'', 'b')"),
    ("{{ ['a', var('column')] | map('identifier') | join(', ') }}", "`a`, `a``b`"),
    ("{% if var('text') | default('x') == \"it's\" %}yes{% endif %}", "yes"),
    ("select 1 -{{ var('nought') }}", "select 1 - -0.0"),
    (
        r"select 'a\'', {{ var('day') }}, 'b\\', {{ var('day') }}",
        r"select 'a\'', '2026-01-01', 'b\\', '2026-01-01'",
    ),
    ("select r'\\', xr'it\\'s', {{ var('day') }}", "select r'\\', xr'it\\'s', '2026-01-01'"),
    ("/*+ it is {{ var('day') }} */", "/*+ it is '2026-01-01' */"),
    ("select 'never closed", "select 'never closed"),
    ("select '''{{ var('text') }}'''", "select '''it\\'s'''"),
    ("'{{ var('day') }}{{ var('share') }}{{ var('below') }}'", "'2026-01-010.5-5'"),
    ("`t`.{{ var('column') | identifier }}", "`t`.`a``b`"),
    ("-- {{ var('below') }}\n`c {{ var('share') }}`", "-- -5\n`c 0.5`"),
    # the end of a hint, not the begin of a comment
    ("/*+ b(a) */* from a where x = {{ var('day') }}", "/*+ b(a) */* from a where x = '2026-01-01'"),
    ("/*+ b(a) */* x like '*/ {{ var('text') }}' -- it's", "/*+ b(a) */* x like '*/ it\\'s' -- it's"),
    (
        "{% macro m() %}{{ var('text') }} or {{ caller() }}{% endmacro %}{% call m() %}{{ var('day') }}{% endcall %}",
        "'it\\'s' or '2026-01-01'",
    ),
    (
        "{% for x in [[1], [2]] recursive %}({{ loop(x) if x is iterable else var('day') }}){% endfor %}",
        "(('2026-01-01'))(('2026-01-01'))",
    ),
    ("{% filter default('x') %}{{ var('day') }}{% endfilter %}", "'2026-01-01'"),
    ("{% filter identifier %}a`b{% endfilter %}", "`a``b`"),
    ("{% block b %}{{ var('day') }};{% endblock %}{{ self.b() }}", "'2026-01-01';'2026-01-01';"),
]


@pytest.mark.parametrize(("text", "sql"), RENDERED)
def test_a_template_renders_to_sql(text: str, sql: str) -> None:
    assert render(text).text == sql


def test_a_query_that_is_asked_again_sees_its_table() -> None:
    text = "select 1{% if is_incremental() %} from {{ this }}{% endif %}"

    assert render(text, incremental=True).text == "select 1 from _sparkjobs_this"


LITERALS = [
    ("it's", r"'it\'s'"),
    ("\\' or 1=1 --", r"'\\\' or 1=1 --'"),
    ("a\nb\x1e0\x1e\x1f", r"'a\u000ab\u001e0\u001e\u001f'"),
    ("{{ ref('x') }} {% if %}", r"'{{ ref(\'x\') }} {% if %}'"),
    ("${env:HOME} $5", "'${env:HOME} $5'"),
    ("\x010\x01", r"'\u00010\u0001'"),
    ("Ünïcødé 🙂 \u2028", "'Ünïcødé 🙂 \u2028'"),
    ('"`/* --', "'\"`/* --'"),
    ("", "''"),
]


@pytest.mark.parametrize(("value", "sql"), LITERALS)
def test_a_value_is_one_literal_whatever_it_holds(value: str, sql: str) -> None:
    assert literal(Opaque(value)) == sql
    answers = Answers(str, str, lambda _: Opaque(value))
    assert rendered("select {{ var('x') }}", answers, incremental=False).text == f"select {sql}"
    assert rendered("select '{{ var('x') }}'", answers, incremental=False).text == f"select {sql}"
    assert escaped(value) == sql[1:-1]


KEPT = [
    "{{ var('text') ~ 'a' }}",
    "{{ 'a%s' % var('text') }}",
    "{{ '{}'.format(var('text')) }}",
    "{{ '{0.x}'.format(var('text')) }}",
    "{{ 'a%s' | format(var('text')) }}",
    "{{ var('text') | upper }}",
    "{{ var('text') | replace('i', 'o') }}",
    "{{ var('text') | string }}",
    "{{ var('text') | trim }}",
    "{{ var('text') | tojson }}",
    "{{ var('text') | pprint }}",
    "{{ var('text') | urlencode }}",
    "{{ var('text') | e }}",
    "{{ var('text') | length }}",
    "{{ var('text') | list }}",
    "{{ var('text')[1:] }}",
    "{{ var('many') | map('upper') | join }}",
    "{{ var('many') }}",
    "{{ [var('text')] }}",
    "{{ {'a': var('text')} }}",
    "{{ var('text')._text }}",
    "{{ var('text') | attr('_text') }}",
    "{{ (var('many') | join(','))[1:] }}",
    "-- {{ var('text') }}",
    "-- a \\\n {{ var('text') }}",
    "/* {{ var('text') }} */ 1",
    "/* a /* b */ '{{ var('text') }}' */",
    "\"{{ var('text') }}\"",
    "`{{ var('text') }}`",
    "select r'{{ var('text') }}'",
    "select $$ '{{ var('text') }}' $$",
    "select R'{{ var('text') }}'",
    "select r\"{{ var('text') }}\"",
    "x rlike r{{ var('text') }}",
    "x rlike R{{ var('text') | identifier }}",
    "select date'{{ var('day') }}'",
    "'{{ var('column') | identifier }}'",
    "-- {{ var('column') | identifier }}",
    "`{{ var('column') | identifier }}`",
    "{{ var('column') | identifier ~ 'x' }}",
    "{{ var('column') | identifier | upper }}",
    "{{ var('column') | identifier | identifier }}",
    "{% if var('column') | identifier == 'x' %}{% endif %}",
    "/*+ it's {{ var('text') }} */",
    "/*+ hint */ 'a {{ var('text') }}",
    "select 1 /* {{ var('text') }}",
    "{{ var('text') | int }}",
    "{{ var('text') | float }}",
    "{{ var('many') | sum }}",
    "{% filter upper %}{{ var('text') }}{% endfilter %}",
    "{% filter trim %}{{ var('text') }}{% endfilter %}",
    "{% filter indent %}{{ var('text') }}{% endfilter %}",
    *(
        "{% set q %}{{ var('text') }}{% endset %}{{ " + use + " }}"
        for use in (
            *("q | trim", "q | int", "q | upper", "q | length", "q | first", "q | replace('0', '1')"),
            *("q.split()", "q.splitlines()", "q[0]", "q ~ 'a'", "q == 'x'", "'x' in q", "q | identifier"),
        )
    ),
    "{% macro m() %}{{ var('text') }}{% endmacro %}{{ m() | trim }}",
    "{{ var('many') | join(', ') | trim }}",
    "{{ '\\x01' }}0{{ '\\x01' }}{{ var('text') }}",
    "{{ '%c0%c' % (1, 1) }}{{ var('text') }}",
    "{{ '-- %c' % 13 }}{{ var('text') }}",
    "{{ [var('text'), \" -- '\"] | join('\\r') }}\n{{ var('text') }} --'",
    "{{ ['', '1'] | join('\\x01') }}{{ var('text') }};{{ var('day') }}",
    "{% filter replace('y', '\\x01') %}y0y{% endfilter %};{{ var('text') }}",
    "{% filter replace('y', '\\r') %}-- y' {% endfilter %}\n {{ var('text') }} --'",
    "{{ var('day') }}{{ var('text') }}",
    "{{ var('many') | join }}",
    "'x'{{ var('text') }}",
    "{{ var('text') }}'x'",
    "r'x'{{ var('text') }}",
    "{{ var('column') | identifier }}{{ ref('x') }}",
    "{{ ref('x') }}{{ var('column') | identifier }}",
    "{{ var('below') }}{{ var('below') }}",
    "{{ var('below') }}{{ var('least') }}",
    "select {{ var('below') }}r'\\', 'a {{ var('text') }}'",
    "select 1e+5r'\\', 'a {{ var('text') }} ' -- '",
    "select file://a--'\n, {{ var('text') }} --'",
    "top_{{ var('huge') }}",
    "top_{{ var('share') }}",
    "{{ var('share') }}_x",
    "{{ var('endless') }}",
    "{{ var('no number') }}",
    *(
        "{% set line %}\n{% endset %}" + use
        for use in (
            "/{{ line | replace('\n', '') }}* {{ var('text') }} */",
            "-{{ line | replace('\n', '') }}- {{ var('text') }}",
            "r{{ line | replace('\n', '') }}{{ var('text') }}",
        )
    ),
]


@pytest.mark.parametrize("text", KEPT)
def test_a_value_gets_into_sql_as_a_literal_or_not_at_all(text: str) -> None:
    with pytest.raises(FlawError) as raised:
        render(text)

    assert "it's" not in str(raised.value)


ESCAPES = [
    ("{{ ''.__class__.__mro__ }}", "access to attribute '__class__' of 'str' object is unsafe."),
    ("{{ ref.__globals__ }}", "access to attribute '__globals__' of 'function' object is unsafe."),
    ("{{ ref | attr('__globals__') }}", "access to attribute '__globals__' of 'function' object is unsafe."),
    (
        "{{ range(10**9) }}",
        "'range' is undefined; a template has config, is_incremental, ref, source, this, var",
    ),
    (
        "{{ lipsum.__globals__ }}",
        "'lipsum' is undefined; a template has config, is_incremental, ref, source, this, var",
    ),
    ("{% set many = [] %}{{ many.append(1) }}", "access to attribute 'append' of 'list' object is unsafe."),
    (
        "{{ env_var('HOME') }}",
        "'env_var' is undefined; a template has config, is_incremental, ref, source, this, var",
    ),
    ("{% include '/etc/passwd' %}", "TypeError: no loader for this environment specified"),
    ("{{ 'a' | random }}", "No filter named 'random'."),
    ("{{ this }}", "`this` is there only where is_incremental() is true"),
    ("{{ this ~ 'a' }}", "TypeError: `this` is a table, which cannot become part of a text"),
    ("{{ 1 / 0 }}", "ZeroDivisionError: division by zero"),
    ("{{ var('nope') }}", "'nope' has no value"),
    ("{{ 'a\tb' | identifier }}", "a name holds a character that cannot be printed"),
]


@pytest.mark.parametrize(("text", "problem"), ESCAPES)
def test_a_template_has_its_own_words_and_no_others(text: str, problem: str) -> None:
    with pytest.raises(FlawError) as raised:
        render(text)

    assert str(raised.value) in (problem, problem.replace("'function'", "'method'"))


LOOP = """\
{{ config(
    materialized='table',
    tags=['a', 'b'],
) }}
{# a
   comment #}
select
{% for m in ['card', 'cash'] -%}
    sum({{ m }}) as {{ m }},
{% endfor %}
    {%- set rest %}
    1 as one,
    2 as two
    {%- endset %}
{{ rest }}
from t
"""


def test_each_line_knows_the_line_of_the_file_that_it_came_from() -> None:
    sql = render(LOOP)

    came = {text.strip(): sql.line_at(line) for line, text in enumerate(sql.text.split("\n"), 1)}
    assert came == {
        "": 17,
        "select": 7,
        "sum(card) as card,": 9,
        "sum(cash) as cash,": 9,
        "1 as one,": 12,
        "2 as two": 13,
        "from t": 16,
    }
    assert "\x1f" not in sql.text


PLACES = [
    ("\n\n{{ nope }}", 3, "'nope' is undefined"),
    ("select\n  {{ var('text') ~ 1 }}", 2, "a value of conf cannot become part of a text"),
    ("select 1,\n  'a\n {{ var('text') }}", 2, "' is never closed"),
    ("{% for x in [1, 2] %}\n{{ x }}\n{% endfor %}\n-- {{ var('text') }}\n", 4, "a value in a comment"),
    ("select 1\n{% if %}", 2, "Expected an expression"),
    ("select 1\n{% if true %}\nx", 2, "Unexpected end of template"),
    ("a\n{{ 'x' | nope }}", 2, "No filter named 'nope'."),
]


@pytest.mark.parametrize(("text", "line", "problem"), PLACES)
def test_a_mistake_of_a_template_has_the_line_of_the_file(text: str, line: int, problem: str) -> None:
    with pytest.raises(FlawError) as raised:
        render(text)

    assert raised.value.line == line
    assert str(raised.value).startswith(problem)


def test_what_config_says_is_known_before_anything_is_rendered() -> None:
    found = settings_of(LOOP)

    assert [(one.key, one.value, one.line) for one in found] == [
        ("materialized", "table", 2),
        ("tags", ["a", "b"], 3),
    ]


UNKNOWN = [
    (
        "\n{{ config(materialized=var('x')) }}",
        2,
        "config() is read before anything is rendered: materialized must be a constant",
    ),
    ("{{ config({'materialized': 'table'}) }}", 1, "config() takes `key=value`, nothing else"),
    ("{{ config( }}", 1, "unexpected '}', expected ')'"),
    ("a\x1fb {{ 1 }}", 1, "control characters are not allowed"),
]


@pytest.mark.parametrize(("text", "line", "problem"), UNKNOWN)
def test_what_config_says_is_constant(text: str, line: int, problem: str) -> None:
    with pytest.raises(FlawError) as raised:
        settings_of(text)

    assert (raised.value.line, str(raised.value)) == (line, problem)
