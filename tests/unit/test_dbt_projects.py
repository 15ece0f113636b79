"""dbt projects as projects of ours: what each word of theirs becomes, file by file, and what is told of the rest."""

from pathlib import Path

import pytest

from sparkjobs.config.node import Plain, parse, plain
from sparkjobs.dbt_projects.blocks import block
from sparkjobs.dbt_projects.contracts import type_of
from sparkjobs.dbt_projects.templates import Edit, calls, edited
from sparkjobs.plan import graph_of
from tests.dbt import GIVEN, apart, from_files, imported
from tests.unit.projects import conf_of, registry_of
from tests.unit.test_cli import sparkjobs

SEED = {"seeds/raw.csv": "id,amount\n1,2.50\n"}
A_MODEL = "select 1 as id\n"

BAKERY = {
    "conf/jobs/customers.yml": 'output: {path: "${warehouse}/dim_customers"}\n',
    "conf/jobs/customers_history.yml": """\
output:
  mode: scd2
  keys: [id]
  sequence_by: changed_on
  track: [changed_on]
  valid_from: dbt_valid_from
  valid_to: dbt_valid_to
tags: [nightly]
""",
    "conf/jobs/no_order_costs_nothing.yml": """\
tags: [dbt_test]
checks:
  - expression: {expr: "failures = 0", name: finds_nothing}
""",
    "conf/jobs/payments.yml": """\
output: {on_schema_change: add_columns}
inputs:
  raw_orders: {source: raw_orders, for_checks: true}
checks:
  - unique: [payment_id]
  - not_null: [payment_id]
  - foreign_key: {columns: [order_id], input: raw_orders, key: [id]}
""",
    "conf/jobs/stg_customers.yml": "tags: [staging]\n",
    "conf/jobs/stg_orders.yml": "output: view\ntags: [staging]\n",
    "conf/jobs/stg_payments.yml": "tags: [staging]\n",
    "conf/sources.yml": """\
# Seeds and sources of dbt. A row that breaks a test of theirs stops the jobs that read it.

raw_customers:
  format: csv
  path: "${seeds}/raw_customers.csv"
  description: "Customers, as the till knows them"
  columns:
    id: {type: int, not_null: true}
    first_name: string
    last_name: string
    changed_on: date
  unique: {keys: [id]}
  bad_rows: {action: fail}

raw_orders:
  format: csv
  path: "${seeds}/raw_orders.csv"
  columns: {id: int, customer: int, ordered_on: date, status: string}

raw_payments:
  format: csv
  path: "${seeds}/raw_payments.csv"
  columns: {id: int, order_id: int, method: string, amount: bigint, paid_on: date}

bakery_tills:
  format: csv
  path: "${dbt}/data/tills.csv"
  columns: {day: date, open: boolean}
  unique: {keys: [day]}
  bad_rows: {action: fail}
""",
    "conf/sparkjobs.yml": """\
name: bakery
jobs: [jobs]
paths:
  dbt: DBT
  seeds: seeds
  warehouse: "data/warehouse"
  artifacts: target
output: {format: parquet, folder: "${warehouse}"}
vars:
  start: "2024-01-01"
  methods: [card, cash]
  BAKERY_TILL: "${env:BAKERY_TILL:-till-1}"
""",
    "jobs/marts/payments.sql": """\
{{
    config(materialized='incremental', unique_key='payment_id')
}}

select payment_id, order_id, method, amount, paid_on, till
from {{ ref('stg_payments') }}
{% if is_incremental() %}
where paid_on >= (select max(paid_on) from {{ this }})
{% endif %}
""",
    "jobs/marts/customers.sql": """\
{{ config(tags=['marts']) }}

select
    customers.customer_id,
    customers.first_name,
    count(orders.order_id) as orders,
    sum(orders.amount) as amount
from {{ ref('stg_customers') }} as customers
left join {{ ref('orders') }} as orders on customers.customer_id = orders.customer_id
group by customers.customer_id, customers.first_name
""",
    "jobs/marts/schema.yml": """\
# From models/marts/schema.yml, without what stands elsewhere here.
version: 2
models:
  - name: orders
    description: "One row per order"
    columns:
      - name: order_id
        data_tests: [unique, not_null]
      - name: customer_id
        data_tests:
          - relationships: {to: "ref('stg_customers')", field: customer_id}
      - name: status
        description: "Where the order is: placed, completed or returned."
        data_tests:
          - accepted_values: {values: [placed, completed, returned]}
  - name: customers
    columns:
      - name: customer_id
        data_tests: [unique, not_null]
  - name: payments
    columns:
      - name: payment_id
      - name: order_id
""",
    "jobs/snapshots/customers_history.sql": "select * from {{ source('raw_customers') }}\n",
    "jobs/staging/stg_customers.sql": """\
with source as (

    select * from {{ source('raw_customers') }}

)

select
    id as customer_id,
    first_name,
    last_name
from source
""",
    "jobs/staging/stg_orders.sql": """\
select
    id as order_id,
    customer as customer_id,
    ordered_on,
    status
from {{ source('raw_orders') }}
where ordered_on >= '{{ var("start") }}'
""",
    "jobs/staging/stg_payments.sql": """\
{{ config(materialized='ephemeral') }}

select
    id as payment_id,
    order_id,
    method,
    cast(amount / 100 as decimal(16, 2)) as amount,
    paid_on,
    '{{ var('BAKERY_TILL') }}' as till
from {{ source('raw_payments') }}
""",
    "jobs/tests/no_order_costs_nothing.sql": """\
select count(*) as failures
from (
-- Whoever orders pays.
select order_id
from {{ ref('orders') }}
where amount <= 0
)
""",
}
AS_THEY_ARE = ("marts/orders.sql", "marts/daily_orders.sql", "staging/schema.yml")


def test_a_whole_project_file_by_file(tmp_path: Path) -> None:
    one = imported(GIVEN / "dbt_shop", tmp_path)

    files = dict(one.files)
    for path in AS_THEY_ARE:
        assert files.pop(f"jobs/{path}") == (GIVEN / "dbt_shop/models" / path).read_text()
    lines = files["conf/sparkjobs.yml"].splitlines(keepends=True)
    files["conf/sparkjobs.yml"] = "".join(
        "  dbt: DBT\n" if line.startswith("  dbt:") else line for line in lines
    )
    assert files == BAKERY
    for seed in ("raw_customers", "raw_orders", "raw_payments"):
        theirs = GIVEN / f"dbt_shop/seeds/{seed}.csv"
        assert (tmp_path / f"seeds/{seed}.csv").read_bytes() == theirs.read_bytes()
    assert one.hands == []
    assert one.told == [
        ("macros/money.sql:1", "the macro `cents_to_dollars` stays behind; a template has the macros of its own file"),
        ("models/marts/customers.sql:1", "customers: conf/jobs/customers.yml says its `alias`"),
        ("models/marts/payments.sql:1", "payments: conf/jobs/payments.yml says its `on_schema_change`"),
        ("models/marts/schema.yml:1", "jobs/marts/schema.yml is written anew, without its comments"),
        ("models/staging/stg_customers.sql:1", "stg_customers is a view with tests: here it is a table, for a view has no rows to judge"),
        ("models/staging/stg_customers.sql:3", "`ref('raw_customers')` is `source('raw_customers')` here"),
        ("models/staging/stg_orders.sql:6", "`ref('raw_orders')` is `source('raw_orders')` here"),
        ("models/staging/stg_payments.sql:9", "`env_var(\"BAKERY_TILL\", \"till-1\")` is `var('BAKERY_TILL')` here"),
        ("models/staging/stg_payments.sql:10", "`ref(\"raw_payments\")` is `source('raw_payments')` here"),
        ("snapshots/customers_history.sql:3", "customers_history has `is_current` beside its dbt_valid_from and dbt_valid_to, and no dbt_scd_id"),
        ("snapshots/customers_history.sql:12", "`ref('raw_customers')` is `source('raw_customers')` here"),
    ]  # fmt: skip


def test_it_is_told_on_the_screen_and_the_next_command_is_named(tmp_path: Path) -> None:
    to = tmp_path / "bakery"

    done = sparkjobs("import", "dbt", str(GIVEN / "dbt_shop"), "--to", str(to))

    assert done.returncode == 0, done.stderr
    first, second, third = done.stdout.splitlines()
    assert first.startswith("bakery: 3 seeds, 1 source, 7 models, 1 snapshot, 1 singular test → ")
    assert second.startswith("needs a hand: 0; said another way: 11; all of it is in ")
    assert third.startswith("Next: sparkjobs run --project ")
    sound = sparkjobs("validate", "--project", str(to))
    assert sound.stdout == "bakery: 7 jobs, 4 sources, no mistakes\n", sound.stderr
    assert (to / "conf/.schemas/job.json").is_file()
    again = sparkjobs("import", "dbt", str(GIVEN / "dbt_shop"), "--to", str(to))
    assert (again.returncode, "is not an empty folder" in again.stderr) == (2, True)


def test_the_starter_comes_along_unchanged(tmp_path: Path) -> None:
    one = imported(GIVEN / "dbt_starter", tmp_path / "ours")

    for path in ("my_first_dbt_model.sql", "my_second_dbt_model.sql", "schema.yml"):
        assert one.text(f"jobs/example/{path}") == (GIVEN / "dbt_starter/models/example" / path).read_text()
    conf = conf_of(apart(one).root)
    assert graph_of(conf, registry_of(conf)).order == ("my_first_dbt_model", "my_second_dbt_model")
    assert one.hands == []


# What is said of the folder, in `config(…)`, and in the properties file; what conf/jobs and the file then say.
CONFIGS: list[tuple[str, str, str, str, str]] = [
    ("", "", "", "output: view\n", ""),
    ("+materialized: table", "", "", "", ""),
    ("materialized: table", "", "", "", ""),
    ("+materialized: view", "materialized='table'", "", "", "{{ config(materialized='table') }}"),
    ("+materialized: table", "materialized='view'", "", "", "{{ config(materialized='view') }}"),
    ("+materialized: table", "", "materialized: ephemeral", "", ""),
    ("+materialized: table", "alias='b'", "", 'output: {path: "${warehouse}/b"}\n', ""),
    ("+materialized: incremental", "unique_key='id'", "", "output: {mode: merge, keys: [id]}\n", ""),
    ("+materialized: incremental", "", "unique_key: [id, n]", "output: {mode: merge, keys: [id, n]}\n", ""),
    ("", "materialized='incremental', unique_key=['id']", "", "", "{{ config(materialized='incremental', unique_key=['id']) }}"),
    ("", "materialized='incremental', unique_key='id', meta={'a': [1, 2]}", "", "", "{{ config(materialized='incremental', unique_key='id') }}"),
    ("", "materialized='incremental', incremental_strategy='insert_overwrite', partition_by=['day']", "", "", "{{ config(materialized='incremental', incremental_strategy='insert_overwrite', partition_by=['day']) }}"),
    ("+incremental_strategy: insert_overwrite", "materialized='incremental', partition_by='day'", "", "output: {mode: overwrite_partitions}\n", "{{ config(partition_by='day') }}"),
    ("+tags: x", "materialized='table', tags=['y', 'z-z']", "tags: [x]", "tags: [x, y, z_z]\n", "{{ config(materialized='table') }}"),
    ("", "materialized='table', tags='y'", "", "", "{{ config(materialized='table', tags='y') }}"),
    ("+materialized: table\n+file_format: delta", "", "", "output: {format: delta}\n", ""),
    ("+materialized: table\n+on_schema_change: append_new_columns", "", "", "output: {on_schema_change: add_columns}\n", ""),
]  # fmt: skip


@pytest.mark.parametrize(("folder", "config", "told", "conf", "text"), CONFIGS)
def test_what_is_said_of_a_model_stays_or_stands_in_conf(
    tmp_path: Path, folder: str, config: str, told: str, conf: str, text: str
) -> None:
    lines = "".join(
        f"    deep:\n      {line}\n" if not n else f"      {line}\n"
        for n, line in enumerate(folder.split("\n"))
        if line
    )
    files = {"models/deep/m.sql": (f"{{{{ config({config}) }}}}\n" if config else "") + A_MODEL}
    if told:
        files["models/deep/m.yml"] = f"models:\n  - name: m\n    config: {{{told}}}\n"

    one = from_files(tmp_path, files, f"models:\n  shop:\n{lines}" if lines else "")

    assert one.text("conf/jobs/m.yml") == conf
    assert one.text("jobs/deep/m.sql") == (f"{text}\n" if text else "") + A_MODEL
    conf_of(apart(one).root)


WHOLE = "The table is made whole in each run; for parts say `incremental: {by: …}` in conf/jobs/m.yml"
UNLIKE = [
    ("materialized='incremental'", "m: it appends what its filter lets through, so a run that is repeated could double rows", WHOLE),
    ("materialized='incremental', incremental_strategy='merge'", "m: a merge without `unique_key` appends, so a run that is repeated would double rows", WHOLE),
    ("materialized='incremental', incremental_strategy='insert_overwrite'", "m: `insert_overwrite` without `partition_by` replaces the whole table by what is new", WHOLE),
    ("materialized='incremental', incremental_strategy='microbatch', unique_key='id'", "m: `incremental_strategy: microbatch` has no equal", WHOLE),
    ("materialized='incremental', unique_key='a || b'", "m: `unique_key` is no column: 'a || b'", WHOLE),
    ("materialized='seed'", "m: `materialized: seed` is not known here; it is a table", "See whether a table does as well"),
    ("materialized='table', post_hook='x'", "m: `post_hook` did not come along", "Hooks have no place here: run the statement after `sparkjobs run`"),
    ("materialized='table', contract={'enforced': true}", "m: `contract` did not come along", "`column_types` in `checks:` of conf/jobs/m.yml asks for columns and types"),
    ("materialized='table', grants={'select': ['x']}", "m: `grants` did not come along", "Grant on the folders of the tables"),
    ("materialized='table', clustered_by='x'", "m: `clustered_by` is not known here", "See whether conf/jobs/m.yml has a word for it"),
    ("materialized='table', schema='x'", "m: `schema`: its table lies in `warehouse`, as all; `output.path` says otherwise", ""),
    ("materialized='table', alias='a b'", "m: `alias` 'a b' is no name of a folder here; it is called as the model", ""),
    ("materialized='table', file_format='iceberg'", "m: `file_format` iceberg is none of delta and parquet; the table is of the project's format", ""),
    ("materialized='table', on_schema_change='ignore'", "m: `on_schema_change` ignore: a result with other columns fails here; conf says `add_columns` or `full_refresh`", ""),
    ("materialized='view', alias='x'", "m: `alias` says nothing of a view", ""),
    ("materialized='table', enabled=false", "m is not enabled, and did not come along", ""),
    ("materialized='table', meta={'a': 1}", "m: `meta` decides nothing here", ""),
    ("materialized=var('x')", "config() is read before anything is rendered: materialized must be a constant; it did not come along", "Say it in constants, or in conf/jobs"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "what", "fix"), UNLIKE)
def test_what_is_another_here_is_told_and_the_rest_still_holds_together(
    tmp_path: Path, config: str, what: str, fix: str
) -> None:
    one = from_files(tmp_path, {"models/m.sql": f"{{{{ config({config}) }}}}\n{A_MODEL}"})

    assert [(told.place, told.what, told.fix) for told in one.remarks] == [("models/m.sql:1", what, fix)]
    conf_of(apart(one).root)


WORDS = [
    ("select * from {{ ref('raw') }}", "select * from {{ source('raw') }}"),
    ("select * from {{ref( 'shop' , \"raw\" )}}", "select * from {{source('raw')}}"),
    ("select * from {{ ref('my-model') }}", "select * from {{ ref('my_model') }}"),
    ("select * from {{ ref('other', 'my-model') }}", "select * from {{ ref('my_model') }}"),
    ("select '{{ env_var('N') }}'", "select '{{ var('N') }}'"),
    ("{# ref('raw') #} select 1 as id", "{# ref('raw') #} select 1 as id"),
    ("{% raw %}ref('raw'){% endraw %}", "{% raw %}ref('raw'){% endraw %}"),
    ("select 'ref(''raw'')' as id", "select 'ref(''raw'')' as id"),
    ("{{ a.ref('raw') }}", "{{ a.ref('raw') }}"),
    ("{% set t = ref('raw') %}select * from {{ t }}", "{% set t = source('raw') %}select * from {{ t }}"),
    ("select 1 -- {{ ref('raw') }}", "select 1 -- {{ source('raw') }}"),
    ("{%- if true -%}\n\n  {{- ref('raw') -}}  {%- endif %}", "{%- if true -%}\n\n  {{- source('raw') -}}  {%- endif %}"),
    ("select * from {{ source('a', 't') }}", "select * from {{ source('a', 't') }}"),
    ("select * from {{ source('a', 'raw') }}", "select * from {{ source('a_raw') }}"),
    ("select * from {{ source('a-b', 't') }}", "select * from {{ source('a_b_t') }}"),
]  # fmt: skip


@pytest.mark.parametrize(("theirs", "ours"), WORDS)
def test_calls_by_name_get_the_names_of_here_and_all_else_stays(
    tmp_path: Path, theirs: str, ours: str
) -> None:
    tables = "[{name: t}, {name: raw}]"
    files = {
        "models/m.sql": theirs,
        "models/my-model.sql": A_MODEL,
        "models/s.yml": f"sources: [{{name: a, tables: {tables}}}, {{name: a-b, tables: [{{name: t}}]}}]",
    }

    assert from_files(tmp_path, {**SEED, **files}).text("jobs/m.sql") == ours


STRANGE = [
    ("select {{ twice('a') }}", 1, "`twice`, the macro at macros/m.sql:2, is no word of a template here"),
    ("select\n{{ dbt_utils.star(ref('raw')) }}", 2, "`dbt_utils.star` is no word of a template here"),
    ("select 1\n{% if target.name == 'dev' %}limit 1{% endif %}", 2, "`target.name` is no word of a template here"),
    ("{% do log('x') %}select 1", 1, "`log` is no word of a template here"),
    ("{% call statement('x') %}select 1{% endcall %}", 1, "`statement` is no word of a template here"),
    ("select {{ env_var('A' ~ 'B') }}", 1, "`env_var` is no word of a template here"),
    ("{% materialization x %}", 1, "Encountered unknown tag 'materialization'."),
    ("select {{ var('column') }}", 1, "`var('column')` is the text 'amount', which comes out here as a literal in quotes"),
    ("select {{ var('a', 'b') }}", 1, "`var('a')` is the text 'b', which comes out here as a literal in quotes"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "what"), STRANGE)
def test_words_that_templates_lack_need_a_hand_with_their_line(
    tmp_path: Path, text: str, line: int, what: str
) -> None:
    files = {"macros/m.sql": "\n{% macro twice(x) %}{{ x }} * 2{% endmacro %}", "models/m.sql": text}

    one = from_files(tmp_path, {**SEED, **files}, "vars: {column: amount}\n")

    assert (f"models/m.sql:{line}", what) in [(place, told) for place, told, _ in one.hands]


TESTS = [
    ("[unique, not_null]", True, ""),
    ("[{relationships: {to: ref('other'), field: id}}]", True, ""),
    ("[{unique: {config: {where: id > 1, severity: warn}}}]", True, ""),
    ("[{unique: {config: {severity: WARN}}}]", False, "checks:\n  - unique: {columns: [id], severity: warn}\n"),
    ("[{unique: {config: {tags: [x]}}}]", False, "checks:\n  - unique: [id]\n"),
    ("[{dbt_utils.accepted_range: {min_value: 0}}]", False, "checks:\n  - between: {column: id, min: 0}\n"),
    ("[{relationships: {to: ref('raw'), field: id}}]", False, "inputs:\n  raw: {source: raw, for_checks: true}\nchecks:\n  - foreign_key: {columns: [id], input: raw, key: [id]}\n"),
    ("[{relationships: {to: \"source('a', 't')\", field: id}}]", False, "inputs:\n  a_t: {source: a_t, for_checks: true}\nchecks:\n  - foreign_key: {columns: [id], input: a_t, key: [id]}\n"),
    ("[{relationships: {to: ref('my-model'), field: id}}]", False, "inputs:\n  my_model: {ref: my_model, for_checks: true}\nchecks:\n  - foreign_key: {columns: [id], input: my_model, key: [id]}\n"),
    ("[unique, {relationships: {to: ref('below'), field: id}}]", False, "checks:\n  - unique: [id]\n  # no equal: relationships {column_name: id, to: \"ref('below')\", field: id}: below is made of m: each would wait for the other\n"),
    ("[{my_own: {x: 1}}]", False, "  # no equal: my_own {column_name: id, x: 1}: the name is not known here\n"),
]  # fmt: skip


@pytest.mark.parametrize(("tests", "stays", "conf"), TESTS)
def test_tests_stay_in_their_properties_file_or_become_checks(
    tmp_path: Path,
    tests: str,
    stays: bool,  # noqa: FBT001 (a row of a table)
    conf: str,
) -> None:
    text = f"models:\n  - name: m\n    # the key\n    columns:\n      - {{name: id, data_tests: {tests}}}\n"
    files = {
        "models/m.sql": "{{ config(materialized='table') }}" + A_MODEL,
        "models/m.yml": text,
        "models/other.sql": A_MODEL,
        "models/my-model.sql": A_MODEL,
        "models/below.sql": "select * from {{ ref('m') }}",
        "models/s.yml": "sources: [{name: a, tables: [{name: t}]}]",
    }

    one = from_files(tmp_path, {**SEED, **files})

    assert one.text("conf/jobs/m.yml") == conf
    assert (one.text("jobs/m.yml") == text) == stays
    assert [what for _, what, _ in one.hands if "no equal" in what or "the test" in what] == [
        f"m: the test {line.removeprefix('  # no equal: ')}"
        for line in conf.splitlines()
        if "# no equal" in line
    ]


SNAPSHOTS = [
    ("strategy='timestamp', updated_at='at', unique_key='id'", "  keys: [id]\n  sequence_by: at\n  track: [at]\n"),
    ("strategy='check', check_cols='all', updated_at='at', unique_key=['id', 'n']", "  keys: [id, n]\n  sequence_by: at\n"),
    ("strategy='check', check_cols=['a', 'b'], updated_at='at', unique_key='id'", "  keys: [id]\n  sequence_by: at\n  track: [a, b]\n"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "conf"), SNAPSHOTS)
def test_a_snapshot_is_a_job_of_mode_scd2(tmp_path: Path, config: str, conf: str) -> None:
    text = f"{{% snapshot s %}}\n{{{{ config({config}) }}}}\nselect * from {{{{ ref('raw') }}}}\n{{% endsnapshot %}}\n"

    one = from_files(tmp_path, {**SEED, "snapshots/any.sql": text})

    assert one.text("jobs/snapshots/s.sql") == "select * from {{ source('raw') }}\n"
    own = "  valid_from: dbt_valid_from\n  valid_to: dbt_valid_to\n"
    assert one.text("conf/jobs/s.yml") == f"output:\n  mode: scd2\n{conf}{own}"
    conf_of(apart(one).root)


def test_a_snapshot_that_yaml_declares_is_one_too(tmp_path: Path) -> None:
    config = "{strategy: timestamp, updated_at: at, unique_key: id, snapshot_meta_column_names: {dbt_valid_to: until}}"
    text = f"snapshots:\n  - name: s\n    description: told\n    relation: ref('raw')\n    config: {config}\n"

    one = from_files(tmp_path, {**SEED, "snapshots/any.yml": text})

    assert one.text("jobs/snapshots/s.sql") == "select * from {{ source('raw') }}\n"
    assert one.text("conf/jobs/s.yml").endswith(
        "  valid_from: dbt_valid_from\n  valid_to: until\ndescription: told\n"
    )
    assert ("snapshots/any.yml:4", "`ref('raw')` is `source('raw')` here") in one.told


SOURCES = [
    ("meta: {external_location: 'in/{name}.csv'}", "", "", 'bakery_t:\n  format: csv\n  path: "${dbt}/in/t.csv"\n  columns: {id: int, name: string}\n'),
    ("", "external: {location: in, using: csv}", "", 'bakery_t:\n  format: csv\n  path: "${dbt}/in"\n  columns: {id: int, name: string}\n'),
    ("", "config: {meta: {external_location: 'in/*.csv'}}", "", 'bakery_t:\n  format: csv\n  path: "${dbt}/in/*.csv"\n  columns: {id: int, name: string}\n'),
    ("", "external: {location: nowhere.csv}", "[{name: id, data_type: INTEGER}]", 'bakery_t:\n  format: csv\n  path: "${dbt}/nowhere.csv"\n  columns: {id: int}\n'),
    ("", "external: {location: in/t.csv}", "[{name: id, tests: [unique, not_null]}]", 'bakery_t:\n  format: csv\n  path: "${dbt}/in/t.csv"\n  columns:\n    id: {type: int, not_null: true}\n    name: string\n  unique: {keys: [id]}\n  bad_rows: {action: fail}\n'),
    ("", "external: {location: a.parquet}", "", 'bakery_t: {format: parquet, path: "${dbt}/a.parquet"}\n'),
    ("", "external: {location: a, file_format: delta}", "", 'bakery_t: {format: delta, path: "${dbt}/a"}\n'),
]  # fmt: skip


@pytest.mark.parametrize(("source", "table", "columns", "conf"), SOURCES)
def test_a_source_whose_files_the_project_names_is_one(
    tmp_path: Path, source: str, table: str, columns: str, conf: str
) -> None:
    more = "".join(f", {one}" for one in (table, f"columns: {columns}" if columns else "") if one)
    text = f"sources:\n  - {{name: bakery, tables: [{{name: t{more}}}]{f', {source}' if source else ''}}}\n"

    one = from_files(tmp_path, {"in/t.csv": "id,name\n1,a\n", "models/s.yml": text})

    assert one.text("conf/sources.yml").partition("\n\n")[2] == conf
    assert one.hands == []
    assert '  dbt: "../theirs"\n' in one.text("conf/sparkjobs.yml") or 'dbt: "../theirs"' in one.text(
        "conf/sparkjobs.yml"
    )


NO_FILES = [
    ("", "source('a', 't') is a table of a database; here a source is files, or a Delta table"),
    (", external: {location: 's3://x/t.csv'}", "source('a', 't'): 's3://x/t.csv': only paths of a file system that driver and executors share are supported"),
    (", external: {location: ../t.csv}", "source('a', 't'): '../t.csv' lies outside the project"),
    (", external: {location: t}", "source('a', 't'): 't' does not tell its format"),
    (", external: {location: t.csv}", "source('a', 't'): its columns have no `data_type`, and there are no files that show them"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "what"), NO_FILES)
def test_a_source_whose_files_nobody_knows_needs_a_hand(tmp_path: Path, more: str, what: str) -> None:
    one = from_files(tmp_path, {"models/s.yml": f"sources:\n- name: a\n  tables:\n  - {{name: t{more}}}\n"})

    assert [(place, told) for place, told, _ in one.hands] == [("models/s.yml:4", what)]


@pytest.mark.parametrize(
    ("config", "tests", "columns"),
    [
        ("", "", 'columns: {id: int, amount: "decimal(18,2)"}\n'),
        ("+column_types: {id: varchar(10)}", "", 'columns: {id: string, amount: "decimal(18,2)"}\n'),
        ("", "[{name: id, config: {}, tests: [{accepted_values: {values: [1, 2]}}]}]", 'columns:\n    id: {type: int, accepted_values: [1, 2]}\n    amount: "decimal(18,2)"\n  bad_rows: {action: fail}\n'),
    ],
)  # fmt: skip
def test_a_seed_is_a_source_with_its_types_and_tests(
    tmp_path: Path, config: str, tests: str, columns: str
) -> None:
    main = f"seeds: {{shop: {{{config}}}}}\n" if config else ""
    told = {"seeds/s.yml": f"seeds: [{{name: raw, columns: {tests}}}]\n"} if tests else {}

    one = from_files(tmp_path, {**SEED, **told}, main)

    assert (
        one.text("conf/sources.yml").partition("\n\n")[2]
        == f'raw:\n  format: csv\n  path: "${{seeds}}/raw.csv"\n  {columns}'
    )
    conf_of(apart(one).root)


TYPES = [
    ("VARCHAR(256)", "string"), ("text", "string"), ("Integer", "int"), ("bigint", "bigint"), ("float64", "double"),
    ("numeric(12, 2)", "decimal(12,2)"), ("decimal(5)", "decimal(5,0)"), ("double  precision", "double"),
    ("timestamp_ntz", "timestamp_ntz"), ("bool", "boolean"), ("array<int>", None), ("numeric", None),
]  # fmt: skip


@pytest.mark.parametrize(("theirs", "ours"), TYPES)
def test_a_type_of_a_database_as_ours(theirs: str, ours: str | None) -> None:
    assert type_of(theirs) == ours


def test_what_stays_behind_as_a_whole_is_told(tmp_path: Path) -> None:
    files = {
        "packages.yml": "packages:\n  - package: dbt-labs/dbt_utils\n    version: 1.0.0\n",
        "analyses/a.sql": "select 1",
        "models/p.py": "def model(dbt, session): ...",
        "tests/generic/g.sql": "\n{% test positive(model, column_name) %}select 1{% endtest %}",
        "models/x.yml": "exposures: [{name: e}]\nmetrics: []\nunit_tests: [{name: u}]\n",
    }
    main = "on-run-end: [select 1]\nvars: {deep: {a: 1}}\nmodels: {shop: {nowhere: {+enabled: false}}, dbt_utils: {+enabled: true}}\n"

    one = from_files(tmp_path, files, main)

    assert one.told == [
        ("dbt_project.yml:3", "`on-run-end:` did not come along"),
        ("dbt_project.yml:4", "`vars: deep` is a mapping, of a package or as a value"),
        ("models/p.py:1", "a Python model did not come along"),
        ("models/x.yml:1", "`exposures:` (1) did not come along"),
        ("models/x.yml:3", "`unit_tests:` (1) did not come along"),
        ("packages.yml:2", "the package dbt-labs/dbt_utils did not come along"),
        ("tests/generic/g.sql:2", "the test `positive` of your own did not come along"),
        ("analyses/a.sql:1", "an analysis stays behind: nothing of it would run"),
        (
            "dbt_project.yml:5",
            "`models: shop.nowhere` is nothing of this project's; what it says did not come along",
        ),
        (
            "dbt_project.yml:5",
            "`models: dbt_utils` is nothing of this project's; what it says did not come along",
        ),
    ]


def test_docs_of_several_lines_become_the_description(tmp_path: Path) -> None:
    docs = (
        "{% docs m %}\n# Told\n\n| a | b |\n|---|---|\n{% enddocs %}\n{% docs __overview__ %}x{% enddocs %}"
    )
    told = "models:\n- name: m\n  description: \"{{ doc('m') }}\"\n- name: n\n  description: '{{ doc(\"none\") }}'\n"
    files = {"models/m.sql": A_MODEL, "models/n.sql": A_MODEL, "models/docs.md": docs, "models/m.yml": told}

    one = from_files(tmp_path, files)

    assert one.text("jobs/m.yml") == (
        "# From models/m.yml, without what stands elsewhere here.\nmodels:\n"
        "  - name: m\n    description: |-\n      # Told\n\n      | a | b |\n      |---|---|\n"
        "  - name: n\n    description: '{{ doc(\"none\") }}'\n"
    )
    assert conf_of(apart(one).root).views["m"].description == "# Told\n\n| a | b |\n|---|---|"


def test_variables_of_the_environment_become_values_of_conf(tmp_path: Path) -> None:
    sql = "select {{ env_var('LIMIT', '10') }} as a, '{{ env_var('CODE', '007') }}' as b, '{{ env_var('DAY') }}' as c"

    one = from_files(
        tmp_path, {"models/m.sql": f"{{{{ config(materialized='table') }}}}\n{sql}\n"}, "vars: {DAY: x}\n"
    )

    assert one.text("conf/sparkjobs.yml").partition("vars:\n")[2] == (
        '  DAY: x\n  CODE: "${env:CODE:-007}"\n  env_DAY: "${env:DAY}"\n  LIMIT: ${env:LIMIT:-10}\n'
    )
    conf = conf_of(apart(one).root, environment={"DAY": "today"})
    assert conf.models["m"].sql.text.split("\n")[1] == "select 10 as a, '007' as b, 'today' as c"


def test_edits_do_not_meet_and_calls_tell_where_they_stand() -> None:
    (first, second) = calls("a {{ ref('x') }} 'b {{ var(\"y\", 1) }}'")

    assert (first.texts, first.alone, first.between_quotes) == (("x",), (2, 16), False)
    assert (second.texts, second.arguments[0].text, second.between_quotes) == ((), "y", True)
    assert edited("0123456789", [Edit(7, 9, "b"), Edit(1, 3, "a")]) == "0a3456b9"


BLOCKS: list[Plain] = [
    {
        "a": "x\n y\n\nz\n",
        "b": ("no", "1", 1, None, True),
        "c": {},
        "d": (),
        "e": {"f": ({"g": 1, "h": (1, 2)},)},
    },
    {"a": "trailing \nspace", "b": " leading\n", "c": "#", "d": "a: b", "e": "\x07"},
    ({"a": ({"b": "c"},)}, (("x",), "y"), {}),
]


@pytest.mark.parametrize("value", BLOCKS)
def test_a_block_is_read_as_it_was_meant(value: Plain) -> None:
    assert plain(parse("block", block(value).encode())) == value
