"""The OpenAPI description of what is Kyozon's own: made from the routes and the values they answer with."""

import inspect
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import kyozon
from kyozon.domain.decisions import Decision, Outcome
from kyozon.http import health, records
from kyozon.http.answering import json_response
from kyozon.ports.records import UsageRow

_REF = "#/components/schemas/{name}"
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "code"],
            "properties": {
                "message": {"type": "string", "description": "What to do next, in the caller's language."},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": "string"},
            },
        }
    },
}
_QUERY: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "list_decisions": [
        ("after", {"type": "string"}),
        ("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
    ],
    "get_usage": [
        ("by", {"type": "string", "enum": ["day", "model", "key"], "default": "day"}),
        ("since", {"type": "string", "format": "date"}),
    ],
}


def description() -> dict[str, Any]:
    """An OpenAPI 3.1 document."""
    (record, outcome, row), schemas = msgspec.json.schema_components([Decision, Outcome, UsageRow], ref_template=_REF)
    decision = {"allOf": [record, {"type": "object", "properties": {"outcome": {"anyOf": [outcome, {"type": "null"}]}}}]}
    answers = {
        "get_decision": decision,
        "list_decisions": _listed(decision, has_more={"type": "boolean"}),
        "get_usage": _listed(row, by={"type": "string"}, since={"type": "string", "format": "date"}),
        "live": {"type": "object"},
        "ready": {"type": "object"},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kyozon", "version": kyozon.__version__},
        "components": {
            "schemas": {**schemas, "Error": _ERROR},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "paths": {route.path: {"get": _operation(route, answers)} for route in [*records.routes, *health.routes]},
    }


def _operation(route: Route, answers: dict[str, Any]) -> dict[str, Any]:
    name = route.name
    parameters = [
        {"name": part, "in": "path", "required": True, "schema": {"type": "string"}} for part in route.param_convertors
    ]
    parameters += [{"name": part, "in": "query", "schema": schema} for part, schema in _QUERY.get(name, [])]
    failure = {"description": "An error.", "content": {"application/json": {"schema": {"$ref": _REF.format(name="Error")}}}}
    open_to_all = route in health.routes
    return {
        "operationId": name,
        "summary": inspect.getdoc(route.endpoint),
        "parameters": parameters,
        "security": [] if open_to_all else [{"key": []}],
        "responses": {
            "200": {"description": "As asked.", "content": {"application/json": {"schema": answers[name]}}},
            **({"503": {"description": "Not ready."}} if open_to_all else {"4XX": failure, "5XX": failure}),
        },
    }


def _listed(item: dict[str, Any], **more: dict[str, Any]) -> dict[str, Any]:
    properties = {"object": {"const": "list"}, "data": {"type": "array", "items": item}, **more}
    return {"type": "object", "required": ["object", "data"], "properties": properties}


async def openapi(request: Request) -> Response:  # noqa: ARG001 - a route's signature
    """This description; open to all, since it holds nothing of anybody."""
    return json_response(msgspec.json.encode(description()))


routes = [Route("/kyozon/v1/openapi.json", openapi, methods=["GET"])]
