"""The JSON schema that an answer with tool calls must follow, in what llama.cpp turns into a grammar.

That is: objects with fixed keys, `anyOf`, `const`, bounded arrays, and `$ref` into the same document.
"""

from typing import Any

from kyozon.domain.requests import Json

NO_ARGUMENTS: Json = {"type": "object", "properties": {}, "additionalProperties": False}
"""The parameters of a function that states none."""


def answer_schema(functions: list[Json], reply: Json | None, most: int) -> Json:
    """The schema of an answer that makes 1 to `most` calls of `functions`, or gives the `reply` where one may be given."""
    definitions: Json = {}
    calls = []
    for position, function in enumerate(functions):
        arguments = _without_loose_patterns(function.get("parameters") or NO_ARGUMENTS)
        if _refers(arguments):
            place = f"tool{position}"
            definitions[place] = _rebased(arguments, f"#/$defs/{place}")
            arguments = {"$ref": f"#/$defs/{place}"}
        calls.append(_object(name={"const": function["name"]}, arguments=arguments))
    item = calls[0] if len(calls) == 1 else {"anyOf": calls}
    called = _object(calls={"type": "array", "items": item, "minItems": 1, "maxItems": most})
    schema = called if reply is None else {"anyOf": [_object(reply=reply), called]}
    return {**schema, "$defs": definitions} if definitions else schema


def reply_schema(response_format: Any) -> Json:
    """A reply is text, unless the caller asked for a form of its own."""
    kind = response_format.get("type") if isinstance(response_format, dict) else None
    if kind == "json_schema":
        schema: Json = response_format.get("json_schema", {}).get("schema") or {"type": "object"}
        return schema
    return {"type": "object"} if kind == "json_object" else {"type": "string"}


def _object(**properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _refers(schema: Any) -> bool:
    if isinstance(schema, dict):
        return "$ref" in schema or any(_refers(value) for value in schema.values())
    return isinstance(schema, list) and any(_refers(value) for value in schema)


def _rebased(schema: Any, root: str) -> Any:
    """References within a schema that now stands at `root` of a larger document."""
    if isinstance(schema, list):
        return [_rebased(value, root) for value in schema]
    if not isinstance(schema, dict):
        return schema
    rebased = {name: _rebased(value, root) for name, value in schema.items()}
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#"):
        rebased["$ref"] = root + reference.removeprefix("#")
    return rebased


def _without_loose_patterns(schema: Any) -> Any:
    """Without the patterns that are not anchored at both ends: llama.cpp refuses the whole schema for one of them."""
    if isinstance(schema, list):
        return [_without_loose_patterns(value) for value in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: _without_loose_patterns(value) for name, value in schema.items()}
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and not (pattern.startswith("^") and pattern.endswith("$")):
        del kept["pattern"]
    return kept
