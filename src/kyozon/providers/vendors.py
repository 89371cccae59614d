"""The vendors that Kyozon knows, read from `vendors.toml`."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from msgspec import Struct

from kyozon.domain.models import Provider, Quirks


@cache
def load_vendors() -> dict[str, Provider]:
    """Every row, by id; read once."""
    return parse_vendors(files("kyozon.providers").joinpath("vendors.toml").read_text("utf-8"))


def parse_vendors(text: str) -> dict[str, Provider]:
    """The rows of a vendors file.

    Raises:
        ValueError: a row has a field that no provider has, or a value of the wrong type; the message names the row.
    """
    return {name: _row(name, table) for name, table in tomllib.loads(text).items()}


def _row(name: str, table: dict[str, Any]) -> Provider:
    _known(name, table, Provider)
    _known(f"{name}.quirks", table.get("quirks", {}), Quirks)
    try:
        return msgspec.convert({"id": name, **table}, Provider)
    except msgspec.ValidationError as error:
        message = f"vendors.toml [{name}]: {error}"
        raise ValueError(message) from error


def _known(place: str, table: dict[str, Any], shape: type[Struct]) -> None:
    if unknown := sorted(set(table) - set(shape.__struct_fields__)):
        message = f"vendors.toml [{place}]: unknown fields {', '.join(unknown)}"
        raise ValueError(message)
