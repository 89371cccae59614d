"""What the OpenAPI description promises of collections and groups holds for whatever a stranger asks."""

import asyncio
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from kyozon.http.openapi import description
from tests.fakes.library import Library
from tests.integration.faults.test_openapi import WITH_DATABASE

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def tried(url: str) -> int:
    """Ask each of these routes anything; how many there are."""
    schema = schemathesis.openapi.from_dict(description())
    found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    operations = [operation for operation in found if operation.path.startswith(WITH_DATABASE)]
    for operation in operations:

        @given(operation.as_strategy())
        @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
        def holds(case: schemathesis.Case[Any]) -> None:
            headers = {"authorization": "Bearer ky-root"}
            case.call_and_validate(base_url=url, headers=headers, checks=CHECKS)

        holds()
    return len(operations)


async def test_every_answer_is_as_described(house: Library, url: str) -> None:
    house.key("root", admin=True)
    assert await asyncio.to_thread(tried, url) == 8
