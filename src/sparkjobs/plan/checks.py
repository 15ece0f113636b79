"""The checks of a job, fitted to the functions that judge them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sparkjobs.config import Check, Conf
from sparkjobs.config.arguments import inputs_in, is_condition, typed
from sparkjobs.config.checks import SHARED, SHORT
from sparkjobs.config.mistakes import guess
from sparkjobs.config.model import ColumnName
from sparkjobs.registry import CheckFunction

_ONE = ("column",)


@dataclass(frozen=True, slots=True)
class PlannedCheck:
    """One check of some columns, ready to be asked."""

    conf: Check
    function: CheckFunction
    columns: tuple[str, ...]
    arguments: Mapping[str, Any]
    conditions: tuple[tuple[str, str], ...]
    """Its SQL conditions, with the keys under which conf gives them."""
    inputs: tuple[str, ...] = ()
    """The inputs of the job that it compares with."""
    one_of_several: bool = False
    """Whether its entry in conf stands for other columns too."""

    @property
    def name(self) -> str:
        """How it is called in results: its own name, or its kind and what it looks at."""
        if self.conf.name:
            return f"{self.conf.name}({self.columns[0]})" if self.one_of_several else self.conf.name
        told = ", ".join(self.columns) or self.arguments.get("expr") or self._value
        return f"{self.conf.kind}({told})" if told else self.conf.kind

    @property
    def _value(self) -> str:
        """Which value of the whole result it looks at, where its function is one for several."""
        return " of ".join(self.arguments[key] for key in ("of", "column") if key in self.arguments)

    @property
    def source(self) -> str:
        """What answers it, as far as can be told before there are rows."""
        if self.conf.group_by:
            return "keys"
        cheaper = "plan or " if self.function.distinct else ""
        if self.function.footer and not self.conf.where:
            cheaper = "footer or "
        return cheaper + self.function.answered_by


class UnfitCheckError(Exception):
    """What an entry of `checks:` says does not fit its function; `key` is where."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(problem)
        self.key = key


def fitted(conf: Check, functions: Mapping[str, CheckFunction]) -> tuple[PlannedCheck, ...]:
    """The checks that one entry of conf stands for: one per column where its function looks at one.

    Raises:
        UnfitCheckError: there is no such check, or it takes other arguments.
    """
    function = functions.get(conf.kind)
    if function is None:
        raise UnfitCheckError(
            conf.kind, f"there is no check {conf.kind!r}; {guess(conf.kind, functions, 'there is')}"
        )
    given = _long(conf, function)
    arguments = dict(_arguments(given, function))
    if function.one_of and not any(arguments.get(key) not in (None, ()) for key in function.one_of):
        raise UnfitCheckError(conf.kind, f"{conf.kind} needs {' or '.join(map(repr, function.one_of))}")
    if function.unfit and (why := function.unfit(**arguments)):
        raise UnfitCheckError(conf.kind, why)
    _refuse_part(conf, function)
    asked = (key for key, one in function.arguments.items() if is_condition(one.annotation))
    texts = {"where": conf.where, **{key: arguments.get(key) for key in asked}}
    conditions = tuple((key, text) for key, text in texts.items() if text)
    inputs = tuple(
        name
        for key, one in function.arguments.items()
        if key in arguments
        for name in inputs_in(one.annotation, arguments[key])
    )
    all_columns = _columns(given, function)
    several = len(all_columns) > 1
    return tuple(
        PlannedCheck(conf, function, columns, arguments, conditions, inputs, several)
        for columns in all_columns
    )


def planned_checks(
    checks: tuple[Check, ...], functions: Mapping[str, CheckFunction]
) -> tuple[PlannedCheck, ...]:
    """All checks of a job whose conf is known to fit."""
    return tuple(one for conf in checks for one in fitted(conf, functions))


def misfits_of_rules(conf: Conf, source: str, functions: Mapping[str, CheckFunction]) -> Iterator[str]:
    """Every mistake in the contract of `source`, with its place."""
    body = conf.sources[source]
    for at, rule in enumerate(body.rules):
        try:
            for one in fitted(rule, functions):
                _refuse_no_rule(one)
                for name in one.columns:
                    if body.columns and name not in body.columns:
                        near = guess(name, body.columns, "it has")
                        raise UnfitCheckError(rule.kind, f"{source} has no column {name!r}; {near}")
        except UnfitCheckError as error:
            yield f"{conf.at('sources', source, 'rules', at, rule.kind, error.key)}: {error}"
    named = (*body.unique.keys, *body.unique.order_by) if body.unique else ()
    for name in (name for name in named if body.columns and name not in body.columns):
        near = guess(name, body.columns, "it has")
        yield f"{conf.at('sources', source, 'unique')}: {source} has no column {name!r}; {near}"


def _refuse_no_rule(check: PlannedCheck) -> None:
    """Refuse what cannot be said of one row by itself."""
    if not check.function.judges_rows or {"history", "inputs"} & set(check.function.given):
        raise UnfitCheckError(check.conf.kind, f"{check.conf.kind} is no condition on one row, as a rule is")
    if check.conf.mostly < 1:
        raise UnfitCheckError("mostly", "of a rule, `bad_rows: max_share` says how many rows may break it")


def misfits(conf: Conf, job: str, functions: Mapping[str, CheckFunction]) -> Iterator[str]:
    """Every mistake in the checks of `job`, with its place."""
    body = conf.jobs[job]
    known = {*body.inputs, *(view.name for view in conf.inlined.get(job, ()))}
    for at, one in enumerate(body.checks):
        try:
            for name in (name for check in fitted(one, functions) for name in check.inputs):
                if name not in known:
                    near = guess(name, known, "it has")
                    raise UnfitCheckError("input", f"{job} has no input {name!r}; {near}")
        except UnfitCheckError as error:
            yield f"{conf.at('jobs', job, 'checks', at, one.kind, error.key)}: {error}"


def _refuse_part(conf: Check, function: CheckFunction) -> None:
    """Refuse to ask of some rows, or some groups, what only all of them together can tell."""
    if conf.group_by and not function.aggregates:
        raise UnfitCheckError("group_by", f"{conf.kind} is no aggregate; `group_by` is for those")
    if conf.mostly < 1 and function.aggregates and not conf.group_by:
        raise UnfitCheckError("mostly", f"{conf.kind} is one value of all rows, of which no share can pass")
    for key, given in (("where", conf.where), ("mostly", conf.mostly < 1)):
        if given and function.answered_by == "history":
            raise UnfitCheckError(key, f"{conf.kind} looks at the whole result; it takes no {key!r}")


def _long(conf: Check, function: CheckFunction) -> Mapping[str, Any]:
    """The arguments as they are without the short form."""
    if SHORT not in conf.arguments:
        return conf.arguments
    text = conf.arguments[SHORT]
    if function.columns:
        return {"columns": (text,)}
    key = next((one.name for one in function.arguments.values() if one.required), None)
    if key is None:
        raise UnfitCheckError(conf.kind, f"{conf.kind} takes no text; write its arguments as `key: value`")
    return {key: text}


def _columns(given: Mapping[str, Any], function: CheckFunction) -> tuple[tuple[str, ...], ...]:
    """The columns of each check: several for one that takes them together, else one by one."""
    one_by_one = function.columns == _ONE and "columns" in given
    if one_by_one and "column" in given:
        raise UnfitCheckError("column", f"{function.name} takes 'column' or 'columns', not both")
    keys = ("columns",) if one_by_one else function.columns
    for key in keys:
        if not given.get(key):
            raise UnfitCheckError(function.name, f"{function.name} needs {key!r}")
    names = tuple(name for key in keys for name in _names(given, key))
    return tuple((name,) for name in names) if one_by_one else (names,)


def _names(given: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """The column, or columns, that `key` names."""
    many = key == "columns" and not isinstance(given[key], str)
    found: tuple[str, ...] = _typed(tuple[ColumnName, ...], key, given[key] if many else (given[key],))
    return found


def _arguments(given: Mapping[str, Any], function: CheckFunction) -> Iterator[tuple[str, Any]]:
    takes = {*function.arguments, *function.columns, *(("columns",) if function.columns == _ONE else ())}
    for key in given:
        if key not in takes:
            near = guess(key, takes | set(SHARED), "it has")
            raise UnfitCheckError(key, f"{key!r} is not a key of {function.name}; {near}")
    for key, one in function.arguments.items():
        if key in given:
            yield key, _typed(one.annotation, key, given[key])
        elif one.required:
            raise UnfitCheckError(function.name, f"{function.name} needs {key!r}")


def _typed(annotation: object, key: str, value: object) -> Any:  # noqa: ANN401 (what the annotation says)
    try:
        return typed(annotation, key, value)
    except ValueError as error:
        raise UnfitCheckError(key, str(error)) from error
