"""What models and annotations take, as JSON Schema: for editors, which read conf before we do.

Beside what pydantic tells of them: what validators accept besides, `${…}`, and docstrings of fields.
What depends on several keys at once is left to `validate`.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from sparkjobs.config import arguments, incremental, model, models, output, sources

Schema = dict[str, Any]

REFERENCE: Final = "reference"
"""The definition of a value that stands elsewhere; whoever refers to it has to bring it."""
REFERENCE_SCHEMA: Final[Schema] = {"type": "string", "pattern": r"\$\{[^{}]+\}"}

_LITERAL: Final[Schema] = {"type": ["string", "number", "boolean"]}
_NAMED_TYPES, _DECIMAL = re.sub(r"\?P<\w+>", "", sources._TYPE.pattern).split("|decimal")  # noqa: SLF001
_TEXTS: Final[Mapping[object, Schema]] = {
    arguments._duration: {"type": "string", "pattern": f"^{arguments._DURATION.pattern}$"},  # noqa: SLF001
    incremental._span: {"type": "string", "pattern": f"^{incremental._SPAN.pattern}$"},  # noqa: SLF001
    output._size: {"type": "string", "pattern": f"^{output._SIZE.pattern}$"},  # noqa: SLF001
    sources._known_type: {  # noqa: SLF001
        "anyOf": [
            {"type": "string", "enum": _NAMED_TYPES.split("|")},
            {"type": "string", "pattern": f"^decimal{_DECIMAL}$"},
        ]
    },
    models._spark_text: _LITERAL,  # noqa: SLF001
    model._value: _LITERAL,  # noqa: SLF001
    model._value_or_list: {"anyOf": [_LITERAL, {"type": "array", "items": _LITERAL}]},  # noqa: SLF001
}
"""What functions that look at a text, or at any value, let pass."""


def schema_of(annotation: Any) -> Schema:  # noqa: ANN401 (whatever a key or an argument says)
    """What `annotation` takes, with the definitions that it needs but that of a reference."""
    config = (
        None
        if isinstance(annotation, type) and issubclass(annotation, BaseModel)
        else ConfigDict(strict=True)
    )
    found = TypeAdapter(annotation, config=config).json_schema(schema_generator=_Told)
    return _widened(_tidied(found))


class _Told(GenerateJsonSchema):
    """The schemas of pydantic, where `_TEXTS` knows nothing better, with the docstrings of fields."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        found = super().model_schema(schema)
        for name, told in _docstrings(schema["cls"]):
            if name in found.get("properties", {}):
                found["properties"][name]["description"] = told
        return found

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> JsonSchemaValue:
        return _known(schema) or super().function_after_schema(schema)

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        return _known(schema) or super().function_before_schema(schema)

    def function_plain_schema(self, schema: core_schema.PlainValidatorFunctionSchema) -> JsonSchemaValue:
        return _known(schema) or super().function_plain_schema(schema)


def _known(schema: Mapping[str, Any]) -> Schema:
    return dict(_TEXTS.get(schema["function"]["function"], {}))


def _docstrings(kind: type) -> Iterator[tuple[str, str]]:
    """The fields of a model, and the texts that stand below them."""
    for one in kind.__mro__:
        if not one.__module__.startswith("sparkjobs."):
            return
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(one))).body
        for field, below in pairwise(getattr(body, "body", ())):
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(
                    value=ast.Constant(value=str() as told)
                ):
                    yield name, " ".join(told.split())


def _widened(schema: Schema) -> Schema:
    """`schema` with what validators of whole models accept, or ask for."""
    found: Schema = schema.get("$defs", {})
    if "Column" in found:
        found["Column"] = {"anyOf": [*found["Column"]["properties"]["type"]["anyOf"], found["Column"]]}
    if "Selector" in found:
        found["Selector"] = {"anyOf": [{"type": "string"}, found["Selector"]]}
    if "PlainOutput" in found:
        found["PlainOutput"]["required"].remove("mode")
        found["PlainOutput"]["properties"]["mode"]["default"] = "overwrite"
    if "Input" in found:
        found["Input"]["oneOf"] = [{"required": ["ref"]}, {"required": ["source"]}]
    return schema


_MAPS: Final = ("$defs", "patternProperties", "properties")
_AS_IT_IS: Final = ("default", "enum", "propertyNames", "required")
_DROPPED: Final = ("discriminator", "title")


def _tidied(node: Any) -> Any:  # noqa: ANN401 (JSON)
    """`node` in draft 7, without what says nothing, and with `${…}` wherever a text would not do."""
    if isinstance(node, list):
        return [_tidied(one) for one in node]
    if not isinstance(node, dict):
        return node
    found: Schema = {}
    for key, value in node.items():
        if key in _DROPPED or (key == "default" and value is None):
            continue
        if key in _MAPS:
            found[key] = {name: _tidied(one) for name, one in value.items()}
        elif key == "prefixItems":
            found["items"] = _tidied(value[0])
        else:
            found["minimum" if key == "ge" else key] = value if key in _AS_IT_IS else _tidied(value)
    if "patternProperties" in found:
        found["additionalProperties"] = False
    if "anyOf" in found:
        found["anyOf"] = _flat(found["anyOf"])
    return _referable(found)


def _referable(node: Schema) -> Schema:
    """`node`, or a reference where it is a value that no `${…}` would fit."""
    fits = "pattern" in node and re.search(node["pattern"], "${name}")
    if (
        not ({"enum", "pattern"} & node.keys() or node.get("type") in ("boolean", "integer", "number"))
        or fits
    ):
        return node
    told: Schema = {key: node.pop(key) for key in ("description", "default") if key in node}
    return {"anyOf": [node, {"$ref": f"#/$defs/{REFERENCE}"}], **told}


def _flat(choices: list[Schema]) -> list[Schema]:
    """`choices`, with those of a choice in its place."""
    every = [inner for one in choices for inner in (one["anyOf"] if one.keys() == {"anyOf"} else [one])]
    return [one for place, one in enumerate(every) if one not in every[:place]]
