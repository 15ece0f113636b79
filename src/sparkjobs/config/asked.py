"""What SQL asks for by name: inputs of its job, and values."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sparkjobs.config.mistakes import guess
from sparkjobs.config.node import Mark, Node, members, merged, nested, plain
from sparkjobs.config.sql import SqlFile
from sparkjobs.config.views import inlined
from sparkjobs.sql_models import (
    THIS,
    Argument,
    FlawError,
    Looked,
    Model,
    Place,
    Sql,
    View,
    as_written,
    is_template,
)
from sparkjobs.sql_models.looks import looked_into
from sparkjobs.sql_models.template import Answers, UnansweredError, rendered
from sparkjobs.sql_models.values import Opaque, identifier

_SECRET = "${secret:"  # noqa: S105 (what a reference to one looks like)

_NOUNS = {"ref": "job", "source": "source"}


def asked(
    tree: Node, files: Iterable[SqlFile], mistakes: list[str]
) -> tuple[Node, Mapping[str, Model], Mapping[str, tuple[View, ...]]]:
    """`tree` with the inputs that `files` ask for, the models that are jobs, and the views that jobs make.

    What is wrong is added to `mistakes`.
    """
    models: dict[str, Model] = {}
    for file in files:
        try:
            models[file.name], inputs = _model(_Names(tree, file))
            tree = merged(tree, nested((_section(tree, file.name), file.name, "inputs"), inputs))
        except FlawError as flaw:
            mistakes.append(f"{file.shown}:{flaw.line}:{flaw.column}: {flaw}")
    tree, views = (tree, {}) if mistakes else inlined(tree, models, mistakes)
    return tree, {name: one for name, one in models.items() if name in members(tree, "jobs")}, views


@dataclass(frozen=True, slots=True)
class _Names:
    """The names that one file may ask for, and those that it has asked for."""

    tree: Node
    file: SqlFile
    tables: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By the name in SQL: `ref` or `source`, and whose."""
    values: dict[str, None] = field(default_factory=dict)

    def at(self, *path: str) -> Mapping[str, Node]:
        """What conf says of the job at `path`."""
        return members(self.tree, _section(self.tree, self.file.name), self.file.name, *path)

    def known(self, kind: str) -> frozenset[str]:
        """The jobs and views it can read, or the sources."""
        if kind == "source":
            return frozenset(members(self.tree, "sources"))
        return frozenset({*members(self.tree, "jobs"), *members(self.tree, "views")} - {self.file.name})

    def ref(self, name: object) -> str:
        """How SQL names the job `name`."""
        return self._table("ref", (name,))

    def source(self, name: object, *more: object) -> str:
        """How SQL names the source that dbt would call `source(name, more)`."""
        return self._table("source", (name, *more))

    def var(self, name: object, *default: object) -> object:
        """The value of `name`, opaque where it is a text."""
        try:
            return _opaque(self.value(str(name)))
        except UnansweredError:
            if default and not self._said(str(name)):
                return _opaque(default[0])
            raise

    def value(self, name: str) -> Argument:
        """The value of `name`, of the job's params or else the project's vars."""
        self.values[name] = None
        node = self._said(name)
        if node is None:
            near = guess(name, {*self.at("params"), *members(self.tree, "project", "vars")}, "there is")
            where = f"`params:` in conf/jobs/{self.file.name}.yml, `vars:` in conf/sparkjobs.yml"
            raise UnansweredError(f"{name!r} has no value; {near} ({where})")
        given = plain(node)
        values = given if isinstance(given, tuple) else (given,)
        if any(isinstance(one, str) and _SECRET in one for one in values):
            raise UnansweredError(f"{name!r} is a secret, and Spark shows the values of SQL in its plans")
        if not all(isinstance(one, str | int | float) for one in values):
            raise UnansweredError(f"{name!r} must be text, a number, true or false, or a list of these")
        if len({float if type(one) is int else type(one) for one in values}) > 1:
            raise UnansweredError(f"{name!r} is a list of several kinds of values; no column has them all")
        return given  # type: ignore[return-value]  # looked at just now

    def _said(self, name: str) -> Node | None:
        return self.at("params").get(name) or members(self.tree, "project", "vars").get(name)

    def _table(self, kind: str, asked: tuple[object, ...]) -> str:
        words = [one for one in asked if isinstance(one, str)]
        if not words or len(words) < len(asked):
            raise UnansweredError(f"{kind}() takes names in quotes")
        together = "_".join(words)
        found = [name for name in dict.fromkeys((together, words[-1])) if name in self.known(kind)]
        told = f"{kind}({', '.join(map(repr, words))})"
        if len(found) > 1:
            raise UnansweredError(f"{told} could be {found[0]!r} or {found[1]!r}; name one of them alone")
        if not found:
            other = "source" if kind == "ref" else "ref"
            near = guess(words[-1], self.known(kind), "there is")
            if together in self.known(other):
                near = f"write {other}({together!r})"
            raise UnansweredError(f"{told} is no {_NOUNS[kind]}; {near}")
        target = (kind, found[0])
        name = next((name for name, one in self.given().items() if one == target), found[0])
        if self.tables.setdefault(name, target) != target:
            where = f"conf/jobs/{self.file.name}.yml"
            raise UnansweredError(
                f"{name!r} is a job and a source; name one otherwise in `inputs:` of {where}"
            )
        return identifier(name)

    def given(self) -> Mapping[str, tuple[str, str]]:
        """The inputs that conf names."""
        found = {}
        for name, node in self.at("inputs").items():
            match plain(node):
                case {"for_checks": True}:
                    continue
                case {"ref": str() as job}:
                    found[name] = ("ref", job)
                case {"source": str() as source}:
                    found[name] = ("source", source)
        return found


def _section(tree: Node, name: str) -> str:
    return "views" if name in members(tree, "views") else "jobs"


def _model(names: _Names) -> tuple[Model, Node]:
    """The model of a file, and the inputs of its job."""
    file = names.file
    sqls = _sqls(names)
    found: list[Looked] = []
    arguments: dict[str, Argument] = {}
    inputs = dict(names.at("inputs"))
    for sql in sqls:
        try:
            looked = looked_into(sql.text)
            found.append(looked)
            if sql is sqls[0] and THIS in looked.tables:
                raise FlawError(
                    *looked.tables[THIS], f"{THIS!r} is a name of ours; `this` is written {{{{ this }}}}"
                )
            inputs |= _inputs(names, looked, sql)
            arguments |= _arguments(names, looked)
        except FlawError as flaw:
            column = 1 if is_template(file.text) else flaw.column
            raise FlawError(sql.line_at(flaw.line), column, str(flaw)) from flaw
    tables = tuple(dict.fromkeys(name for one in found for name in one.tables if name != THIS))
    _refuse(names, tables)
    model = Model(
        name=file.name,
        file=str(file.path),
        sql=sqls[0],
        again=sqls[1] if len(sqls) > 1 else None,
        inputs=tables,
        params=tuple(names.values),
        arguments=tuple(arguments.items()),
        groups=any(one.groups for one in found),
    )
    return model, Node(inputs, Mark(file.shown, 1, 1), {name: one.mark for name, one in inputs.items()})


def _sqls(names: _Names) -> tuple[Sql, ...]:
    """The text for a table that is made, and for one that is added to where that is another."""
    text = names.file.text
    if not is_template(text):
        return (as_written(text),)
    answers = Answers(names.ref, names.source, names.var)
    whole, again = (rendered(text, answers, incremental=incremental) for incremental in (False, True))
    return (whole,) if again.text == whole.text else (whole, again)


def _refuse(names: _Names, tables: tuple[str, ...]) -> None:
    """Refuse tables that Spark would take for one, and jobs that would have no rows to take."""
    folded = [one.casefold() for one in tables]
    if twice := [one for index, one in enumerate(tables) if one.casefold() in folded[:index]]:
        told = f"{twice[0]!r} differs from another table in case alone, which Spark does not see"
        raise FlawError(1, 1, told)
    if tables:
        return
    if "incremental" in names.at():
        raise FlawError(1, 1, "it is `incremental`, and has no input whose rows it could take")
    mode = names.at("output").get("mode")
    if mode is not None and mode.value == "append":
        raise FlawError(1, 1, "without inputs, mode append would double its rows; overwrite them")


def _inputs(names: _Names, looked: Looked, sql: Sql) -> Mapping[str, Node]:
    """The inputs that the text names and conf does not."""
    for name, place in looked.hidden.items():
        if name in names.tables:
            raise FlawError(*place, f"the common table {name!r} hides the input of that name; rename it")
    inputs = {}
    for table, (line, column) in looked.tables.items():
        if table in names.given() or table == THIS:
            continue
        kind, target = names.tables.get(table) or (_kind(names, table, (line, column)), table)
        mark = Mark(names.file.shown, sql.line_at(line), 1 if names.tables else column)
        entry = {kind: Node(target, mark, quoted=True)}
        if table in names.at("inputs"):  # of a check alone, until now
            entry["for_checks"] = Node(value=False, mark=mark)
        inputs[table] = Node(entry, mark)
    return inputs


def _kind(names: _Names, table: str, place: Place) -> str:
    """Whether a bare `table` is a job or a source."""
    kinds = [kind for kind in ("ref", "source") if table in names.known(kind)]
    if len(kinds) > 1:
        where = f"conf/jobs/{names.file.name}.yml"
        raise FlawError(*place, f"{table!r} is a job and a source; say which under `inputs:` in {where}")
    if not kinds:
        known = {*names.known("ref"), *names.known("source")}
        raise FlawError(*place, f"{table!r} is no job, source or input; {guess(table, known, 'there is')}")
    return kinds[0]


def _arguments(names: _Names, looked: Looked) -> Iterator[tuple[str, Argument]]:
    for name, place in looked.markers.items():
        try:
            yield name, names.value(name)
        except UnansweredError as error:
            raise FlawError(*place, str(error)) from error


def _opaque(value: object) -> object:
    """`value` with its texts closed to a template."""
    if isinstance(value, tuple | list):
        return tuple(map(_opaque, value))
    return Opaque(value) if isinstance(value, str) else value
