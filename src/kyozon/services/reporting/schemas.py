"""The published JSON schemas of the reports, made from the values themselves, so that neither can say anything else."""

from typing import Any

import msgspec

from kyozon.domain.reports import GovernanceReport, IncidentReport

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
REPORTS: dict[str, type[msgspec.Struct]] = {"governance": GovernanceReport, "incident": IncidentReport}


def schema(report: str) -> dict[str, Any]:
    """The JSON schema (2020-12) of a report; raises `KeyError` for a name that is not in `REPORTS`."""
    kind = REPORTS[report]
    found = msgspec.json.schema(kind)
    name = kind.__struct_defaults__[0] if kind.__struct_defaults__ else report
    return {"$schema": _DIALECT, "$id": f"urn:{str(name).replace('/', ':')}", **_strict(found)}


def _strict(found: Any) -> Any:
    """Every field is written, so every field is required, and there are no others."""
    if isinstance(found, list):
        return [_strict(one) for one in found]
    if not isinstance(found, dict):
        return found
    strict = {name: _strict(value) for name, value in found.items() if name != "default"}
    if isinstance(strict.get("properties"), dict):
        strict |= {"required": sorted(strict["properties"]), "additionalProperties": False}
    return strict
