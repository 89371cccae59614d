"""The OpenAPI description of what is Kyozon's own: made from the routes and the values they answer with."""

import inspect
from typing import Any, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import kyozon
from kyozon.domain.decisions import Decision, Outcome
from kyozon.domain.feedback import Feedback
from kyozon.domain.knowledge import Named, ShareKind
from kyozon.domain.policy import Reloaded
from kyozon.domain.provenance import Exposure
from kyozon.domain.review import ReviewItem, ReviewState
from kyozon.http import (
    cache,
    collections,
    exposures,
    feedback,
    groups,
    health,
    policy,
    records,
    reindexing,
    reviews,
    router,
)
from kyozon.http.answering import json_response
from kyozon.http.collections import ShareShape
from kyozon.http.feedback import FeedbackShape
from kyozon.http.reindexing import EmbedderShape
from kyozon.http.router import RouterShape
from kyozon.ports.knowledge import Access
from kyozon.ports.records import UsageRow
from kyozon.services.explaining import Reasons, Redacted

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
_POLICY = {
    "type": "object",
    "required": ["policy_version", "basis", "sections"],
    "properties": {
        "policy_version": {"type": "string"},
        "basis": {"type": "string"},
        "sections": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["heading", "sentences"],
                "properties": {
                    "heading": {"type": "string"},
                    "sentences": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}
_REASONING = {
    "type": "object",
    "required": ["object", "note", "decision_id", "label", "text", "whole", "expires_at"],
    "properties": {
        "object": {"const": "kyozon.reasoning"},
        "note": {"type": "string", "description": "Says that it is the model's own account."},
        "decision_id": {"type": "string"},
        "label": {"type": "string"},
        "text": {"type": "string"},
        "whole": {"type": "boolean", "description": "False where the end was too long to keep."},
        "expires_at": {"type": "string", "format": "date-time"},
    },
}
_NAMED = {"type": "array", "items": {"$ref": _REF.format(name="Named")}}
_SHARES = {
    "type": "object",
    "required": ["object", "id", "owner", "access", "shares"],
    "properties": {
        "object": {"const": "kyozon.collection"},
        "id": {"type": "string"},
        "owner": {"type": "string"},
        "access": {"enum": list(get_args(Access)), "description": "The caller's own right."},
        "shares": {
            "type": ["array", "null"],
            "items": {"$ref": _REF.format(name="ShareShape")},
            "description": "Null for those who may not share it.",
        },
    },
}
_REINDEXING = {
    "type": "object",
    "required": ["object", "id", "embedder", "next_embedder", "documents", "failure"],
    "properties": {
        "object": {"const": "kyozon.reindexing"},
        "id": {"type": "string"},
        "embedder": {"type": "string", "description": "Whose vectors searches go by."},
        "next_embedder": {"type": ["string", "null"], "description": "Whose vectors are being made."},
        "documents": {
            "type": "object",
            "required": ["done", "total"],
            "properties": {"done": {"type": "integer", "minimum": 0}, "total": {"type": "integer", "minimum": 0}},
        },
        "failure": {"type": ["string", "null"], "description": "Why the last change of the embedder was given up."},
    },
}
_GROUP = {
    "type": "object",
    "required": ["object", "name", "members"],
    "properties": {
        "object": {"const": "kyozon.group"},
        "name": {"type": "string"},
        "members": {"type": "array", "items": {"type": "string"}},
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
    "forget": [("user", {"type": "string"})],
    "list_reviews": [("state", {"type": "string", "enum": list(get_args(ReviewState))})],
    "list_feedback": [("decision_id", {"type": "string"})],
    "unshare_collection": [
        ("kind", {"type": "string", "enum": list(get_args(ShareKind))}),
        ("name", {"type": "string"}),
    ],
}
_DOCUMENTED = [
    *records.routes,
    *feedback.routes,
    *policy.routes,
    *router.routes,
    *reviews.routes,
    *exposures.routes,
    *collections.routes,
    *reindexing.routes,
    *groups.routes,
    *cache.routes,
    *health.routes,
]
_SHAPES = [
    Decision,
    Outcome,
    UsageRow,
    Reloaded,
    Redacted,
    Reasons,
    ReviewItem,
    Exposure,
    Feedback,
    FeedbackShape,
    RouterShape,
    ShareShape,
    EmbedderShape,
    Named,
]


def description() -> dict[str, Any]:
    """An OpenAPI 3.1 document."""
    found, schemas = msgspec.json.schema_components(_SHAPES, ref_template=_REF)
    record, outcome, row, reloaded, redacted, reasons, review, exposure, said, judgement, versions, share, embedder, _ = (
        found
    )
    more = {"outcome": {"anyOf": [outcome, {"type": "null"}]}, "reasons": reasons, "documents": _NAMED}
    decision = {"anyOf": [{"allOf": [record, {"type": "object", "properties": more}]}, redacted]}
    answers = {
        "get_decision": decision,
        "get_reasoning": _REASONING,
        "list_decisions": _listed(decision, has_more={"type": "boolean"}),
        "get_policy": _POLICY,
        "reload_policy": reloaded,
        "get_router": versions,
        "list_reviews": _listed(review),
        "get_review": {"allOf": [review, {"type": "object", "properties": {"content": {"type": ["string", "null"]}}}]},
        "approve_review": review,
        "refuse_review": review,
        "get_reviewed_answer": {"type": "object"},
        "get_exposure": exposure,
        "raise_label": exposure,
        "ask_to_lower_label": review,
        "give_feedback": said,
        "list_feedback": _listed(said),
        "get_usage": _listed(row, by={"type": "string"}, since={"type": "string", "format": "date"}),
        "forget": {"type": "object", "required": ["deleted"], "properties": {"deleted": {"type": "integer", "minimum": 0}}},
        "get_collection": _SHARES,
        "share_collection": _SHARES,
        "unshare_collection": _SHARES,
        "reindex_collection": _REINDEXING,
        "reindexing_of_collection": _REINDEXING,
        "list_groups": _listed(_GROUP),
        "add_group_member": {"type": "object", "required": ["added"], "properties": {"added": {"type": "boolean"}}},
        "remove_group_member": {"type": "object", "required": ["removed"], "properties": {"removed": {"const": True}}},
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
        "paths": _paths(answers, {"give_feedback": judgement, "share_collection": share, "reindex_collection": embedder}),
    }


def _paths(answers: dict[str, Any], bodies: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The operations of each path by method; `bodies` are the shapes of what is sent, by the operation's name."""
    found: dict[str, dict[str, Any]] = {}
    for route in _DOCUMENTED:
        operation = _operation(route, answers)
        if route.name in bodies:
            content = {"application/json": {"schema": bodies[route.name]}}
            operation["requestBody"] = {"required": True, "content": content}
        found.setdefault(route.path_format, {})[_method(route)] = operation
    return found


def _method(route: Route) -> str:
    """The one that stands in the table of routes; Starlette adds HEAD to GET."""
    (method,) = (route.methods or set()) - {"HEAD"}
    return method.lower()


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
