"""What the OpenAPI description promises holds for whatever a stranger asks."""

from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance
from starlette.routing import Route

from kyozon.http.app import all_routes, build
from kyozon.http.openapi import description
from tests.fakes.installation import FakeInstallation, api_key

WITH_DATABASE = ("/kyozon/v1/collections", "/kyozon/v1/groups")
"""Here there is none; `http/knowledge/test_described.py` asks them the same with one."""


def _schema() -> schemathesis.BaseSchema:
    house = FakeInstallation()
    house.key_store.by_id["key_test"] = api_key()
    return schemathesis.openapi.from_asgi("/kyozon/v1/openapi.json", build(house.services()))


schema = _schema()


def test_every_route_of_kyozons_own_is_described() -> None:
    own = {
        (route.path_format, method.lower())
        for route in all_routes()
        if isinstance(route, Route) and route.path.startswith("/kyozon/") and not route.path.endswith("/openapi.json")
        for method in (route.methods or set()) - {"HEAD"}
    }
    described = {(path, method) for path, methods in description()["paths"].items() for method in methods}
    assert own <= described


@schema.parametrize()
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_every_answer_is_as_described(case: schemathesis.Case[Any]) -> None:
    checks = [status_code_conformance, content_type_conformance, response_schema_conformance]
    if not case.path.startswith(WITH_DATABASE):
        checks.append(not_a_server_error)
    case.call_and_validate(headers={"authorization": "Bearer ky-test"}, checks=checks)
