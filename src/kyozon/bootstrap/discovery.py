"""Finds what stands in a package, and what other packages add under the same entry-point group."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

import kyozon.governance.rules
import kyozon.providers
import kyozon.routing
from kyozon.domain.errors import SettingsError
from kyozon.domain.language import Text
from kyozon.governance.subject import Rule
from kyozon.routing.option import Router


def modules(package: ModuleType) -> Iterator[ModuleType]:
    """Every module of a package, then those that third parties register for it (entry-point group = its name)."""
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)
    for entry in entry_points(group=package.__name__):
        yield entry.load()


def rules() -> list[Rule]:
    """The rules of the permit step, in the order of their names."""
    return [module.rule for module in modules(kyozon.governance.rules)]


def routers() -> dict[str, Router]:
    """The routers by the name of their module."""
    found = {}
    for module in modules(kyozon.routing):
        if hasattr(module, "router"):
            found[module.__name__.rpartition(".")[2]] = module.router
    return found


def router(name: str) -> Router:
    """The router that settings name; raises `SettingsError` where none is called so."""
    known = routers()
    if name not in known:
        names = ", ".join(sorted(known))
        raise SettingsError(
            (
                Text(
                    f"[routing] router: there is no router {name!r}; use one of {names}.",
                    f"[routing] router：ルーター {name!r} はありません。{names} のいずれかを指定してください。",
                ),
            )
        )
    return known[name]


def wire_formats() -> dict[str, Callable[..., Any]]:
    """The adapter factories of the wire formats, by the format's name."""
    return {module.FORMAT: module.adapter for module in modules(kyozon.providers) if hasattr(module, "FORMAT")}
