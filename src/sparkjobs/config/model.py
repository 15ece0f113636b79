"""The root of every conf model: frozen, strict, and deaf to keys it does not know."""

from collections.abc import Mapping
from math import inf
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator, StringConstraints

NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"
Name = Annotated[str, StringConstraints(pattern=NAME)]
"""Jobs, sources, inputs and params: a Python name."""

ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f]+$")]
"""Any printable text; it is quoted wherever it meets SQL."""


def _value(given: object) -> object:
    if not isinstance(given, str | bool | int | float) or given in (inf, -inf):
        raise ValueError("must be text, a number, true or false")
    return given


def _value_or_list(given: object) -> object:
    return tuple(_value(one) for one in given) if isinstance(given, tuple) else _value(given)


Value = Annotated[str | bool | int | float, PlainValidator(_value)]
"""A literal to compare with. Never null: `x not in (1, null)` would switch itself off."""

Argument = Annotated[object, PlainValidator(lambda given: given), PlainSerializer(lambda given: given)]
"""Whatever YAML holds; what it means is looked at where it is known what it is for."""

ValueOrList = Annotated[
    str | bool | int | float | tuple[str | bool | int | float, ...],
    PlainValidator(_value_or_list),
    PlainSerializer(lambda value: value),
]
"""What a param can be."""


class Model(BaseModel):
    """Frozen and strict; an unknown key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def keys_at(model: type[Model], location: tuple[str | int, ...]) -> tuple[str, ...]:
    """The keys that the mapping at `location` may have; none where it is not a model."""
    here: tuple[object, ...] = (model,)
    for part in location:
        here = tuple(inner for outer in here for inner in _inside(outer, part))
    models = [kind for kind in here if isinstance(kind, type) and issubclass(kind, Model)]
    return tuple(name for kind in models for name in kind.model_fields)


def _inside(kind: object, part: str | int) -> tuple[object, ...]:
    if isinstance(kind, type) and issubclass(kind, Model):
        if part in kind.model_fields:
            return _unwrapped(kind.model_fields[str(part)].annotation)
        return (kind,) if part in _tags(kind) else ()
    origin = get_origin(kind)
    if origin is tuple:
        return _unwrapped(get_args(kind)[0])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _unwrapped(get_args(kind)[1])
    return ()


def _unwrapped(kind: object) -> tuple[object, ...]:
    """The members of a union, or the kind itself; annotations fall away."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _unwrapped(get_args(kind)[0])
    if origin is Union or type(kind).__name__ == "UnionType":
        return tuple(inner for member in get_args(kind) for inner in _unwrapped(member))
    return (kind,)


def _tags(kind: type[Model]) -> tuple[object, ...]:
    """The values of a discriminator, which pydantic puts into locations."""
    return tuple(
        value
        for name in ("format", "kind", "mode", "by")
        if name in kind.model_fields
        for member in _unwrapped(kind.model_fields[name].annotation)
        if get_origin(member) is Literal
        for value in get_args(member)
    )
