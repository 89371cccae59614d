"""Write `docs/reference/` from the code, so that it cannot say anything else.

`python docs/generate.py` writes the pages; with `--check` it writes nothing and fails when one of them is stale.
"""

import inspect
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

os.environ["KYOZON_LANG"] = "en"  # the commands' help is worded once, when they are imported

import click
import msgspec
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from starlette.routing import Route

import kyozon.cli
import kyozon.governance.rules
import kyozon.routing
from kyozon.bootstrap import discovery
from kyozon.bootstrap.reporting import duty_tables
from kyozon.domain import errors
from kyozon.domain.models import ModelCard, Provider
from kyozon.http.app import all_routes
from kyozon.http.errors import STATUS
from kyozon.inference import catalogue
from kyozon.providers.cards import load_cards
from kyozon.providers.vendors import load_vendors
from kyozon.services.reporting import schemas
from kyozon.settings.loading import FILE_VARIABLE, VARIABLES
from kyozon.settings.validation import tables

FOLDER = Path(__file__).parent / "reference"
HELP_WIDTH = 96


def main(arguments: list[str]) -> int:
    """Write or check every page; the exit status."""
    stale = [name for name, page in PAGES.items() if _current(name) != page()]
    if "--check" in arguments:
        for name in stale:
            print(f"docs/reference/{name} is stale: run `make docs`", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        (FOLDER / name).write_text(PAGES[name](), "utf-8")
        print(f"wrote docs/reference/{name}")
    return 0


def _current(name: str) -> str | None:
    path = FOLDER / name
    return path.read_text("utf-8") if path.exists() else None


def settings_page() -> str:
    """Every key of kyozon.toml."""
    intro = (
        "Everything in `kyozon.toml` is optional. `kyozon init` writes a commented one. The file is checked whole: a "
        "mistake is reported with its line and its mend, and with a mistake nothing starts."
    )
    parts = [intro]
    for name, model in tables().items():
        rows = [
            (f"`{field.alias or key}`", _type_name(field.annotation), _default(field), field.description or "")
            for key, field in model.model_fields.items()
            if not _is_table(f"{name}.{field.alias or key}".lstrip("."))
        ]
        if rows:
            heading = f"## `[{name.replace('*', 'NAME')}]`".replace("[models.NAME.prices]", "[[models.NAME.prices]]")
            parts += [heading, inspect.cleandoc(model.__doc__ or ""), _table(("key", "type", "default", ""), rows)]
    variables = [(f"`{variable}`", f"`[{section}] {key}`") for variable, (section, key) in VARIABLES.items()]
    variables.append((f"`{FILE_VARIABLE}`", "the file itself"))
    parts += ["## Environment", "These variables override the file.", _table(("variable", "instead of"), variables)]
    return _page("Settings", parts)


def template_page(name: str, title: str) -> str:
    """The commented template, whole."""
    text = files("kyozon").joinpath(name).read_text("utf-8")
    return _page(title, [f"```toml\n{text.rstrip()}\n```"])


def errors_page() -> str:
    """Every error, its code and its status."""
    tree = (errors.__doc__ or "").split("\n\n", 1)[1].strip()
    rows = [
        (f"`{kind.__name__}`", f"`{kind.code}`", _status(kind), (inspect.getdoc(kind) or "").split("\n\n")[0])
        for kind in _subclasses(errors.KyozonError)
    ]
    intro = (
        "An error answers in the shape of the API that was called (OpenAI's or Anthropic's), in the language of "
        "`Accept-Language`, with a stable `code`. A refusal carries every objection."
    )
    return _page("Errors", [intro, f"```text\n{tree}\n```", _table(("error", "code", "status", ""), rows)])


def vendors_page() -> str:
    """Every vendor and in-house server."""
    intro = (
        'A table `[providers.ID]` in `kyozon.toml` turns a vendor on; `vendor = "ID"` starts another provider from its '
        "row. `?` is not known, and is read as the worse. `*` could not be verified."
    )
    heads = ("id", "name", "format", "zone", "law", "keeps", "trains", "key", "base URL", "checked")
    return _page("Vendors", [intro, _table(heads, [_vendor_row(row) for row in load_vendors().values()])])


def models_page() -> str:
    """The cards that come with Kyozon, and the open models it recommends."""
    cards = [_card_row(card) for card in load_cards().values()]
    local = [
        (f"`{e.name}`", e.parameters, e.licence, f"{e.bytes / 1e9:.1f} GB", ", ".join(e.languages), e.checked, e.note.en)
        for e in catalogue.entries()
    ]
    return _page(
        "Models",
        [
            "## Rented models",
            "List prices of a million tokens for ordinary prompts, from the day each is known to hold. `?` is not known.",
            _table(("id", "vendor", "context", "input", "output", "since", "source"), cards),
            "## Open models to pull",
            "`kyozon models pull NAME` gets one; `kyozon models list` says which of them fit this machine.",
            _table(("name", "parameters", "licence", "size", "languages", "checked", ""), local),
        ],
    )


def rules_page() -> str:
    """Every rule of the permit step and every router."""
    rules = _modules(kyozon.governance.rules, "rule")
    routers = _modules(kyozon.routing, "router")
    return _page(
        "Rules and routers",
        [
            "## Rules",
            "Each rule may object to a model for a request. A model without objections is permitted.",
            _table(("rule", ""), rules),
            "## Routers",
            "`[routing] router` names the one that ranks the permitted models.",
            _table(("router", ""), routers),
        ],
    )


def cli_page() -> str:
    """The help of every command."""
    parts = []
    for name, command in _commands("kyozon", kyozon.cli.main):
        context = click.Context(command, info_name=name, terminal_width=HELP_WIDTH, help_option_names=["-h", "--help"])
        parts += [f"## `{name}`", f"```text\n{command.get_help(context)}\n```"]
    return _page("Commands", parts)


def routes_page() -> str:
    """Every route."""
    rows = [
        (f"`{', '.join(sorted((route.methods or set()) - {'HEAD'}))}`", f"`{route.path}`", _first(route.endpoint))
        for route in all_routes()
        if isinstance(route, Route)
    ]
    return _page("Routes", [_table(("method", "path", ""), rows)])


def reports_page() -> str:
    """The shapes of the reports, and the duties that they answer."""
    intro = (
        "`kyozon report` writes JSON of these shapes. Their JSON schemas: [governance](governance.schema.json), "
        "[incident](incident.schema.json). Every field is always there; what is not known is `null`."
    )
    parts = [intro]
    for name, kind in schemas.REPORTS.items():
        parts.append(f"## {name.capitalize()}")
        for shape in _shapes(schemas.schema(name), kind.__name__):
            parts += [f"### `{shape['title']}`", shape["description"], _table(("field", "type"), _fields(shape))]
    parts += ["## Duties", "The texts also stand in each report, in both languages, with the installation's own figures."]
    for table in duty_tables():
        rows = [(d.article, d.duty.en, d.control.en, d.coverage.replace("_", " ")) for d in table.duties]
        parts += [f"### {table.name.en}", table.note.en, _table(("article", "duty", "control or record", "coverage"), rows)]
    return _page("Reports", parts)


def _shapes(schema: dict[str, Any], first: str) -> list[dict[str, Any]]:
    """The shapes of a schema, the whole report first; texts in two languages need no words."""
    found = [shape for name, shape in schema["$defs"].items() if name != "Text" and "properties" in shape]
    return sorted(found, key=lambda shape: (shape["title"] != first, shape["title"]))


def _fields(shape: dict[str, Any]) -> list[tuple[str, ...]]:
    return [(f"`{name}`", _json_type(field)) for name, field in shape["properties"].items()]


def _json_type(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_json_type(one) for one in field["anyOf"])
    if "$ref" in field:
        return f"`{field['$ref'].rpartition('/')[2]}`"
    if "enum" in field:
        return ", ".join(f'"{one}"' for one in field["enum"] if one is not None)
    if field.get("type") == "array":
        return f"list of {_json_type(field['items'])}"
    if isinstance(field.get("additionalProperties"), dict):
        return f"object of {_json_type(field['additionalProperties'])}"
    kind = field["type"]
    named = kind if isinstance(kind, str) else " or ".join(kind)
    return f"{named} ({field['format']})" if "format" in field else named


def _schema_page(name: str) -> str:
    return f"{msgspec.json.format(msgspec.json.encode(schemas.schema(name))).decode()}\n"


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "kyozon-toml.md": lambda: template_page("kyozon.template.toml", "kyozon.toml, commented"),
    "kyozon-toml.ja.md": lambda: template_page("kyozon.template.ja.toml", "kyozon.toml（注釈付き）"),
    "errors.md": errors_page,
    "vendors.md": vendors_page,
    "models.md": models_page,
    "rules.md": rules_page,
    "commands.md": cli_page,
    "routes.md": routes_page,
    "reports.md": reports_page,
    "governance.schema.json": lambda: _schema_page("governance"),
    "incident.schema.json": lambda: _schema_page("incident"),
}


def _page(title: str, parts: Iterable[str]) -> str:
    note = "<!-- Written by docs/generate.py from the code; `make docs` renews it. -->"
    return "\n\n".join([f"# {title}", note, *parts]) + "\n"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(
        "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def _is_table(name: str) -> bool:
    return name in tables() or f"{name}.*" in tables()


def _type_name(annotation: Any) -> str:
    """The TOML word for a type; what pydantic hangs on to it (bounds, validators) is told by the description."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_name(arguments[0])
    if NoneType in arguments:
        return _type_name(next(argument for argument in arguments if argument is not NoneType))
    if origin is Literal:
        return " / ".join(f'"{value}"' for value in arguments)
    words = {str: "text", bool: "true / false", int: "number", float: "number", Decimal: "amount", date: "day"}
    return {dict: "table", tuple: "list", frozenset: "list"}.get(origin) or words[annotation]


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is PydanticUndefined:
        return "needed"
    if value is None:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple | frozenset | dict) and not value:
        return "none"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def _subclasses(kind: type[errors.KyozonError]) -> Iterator[type[errors.KyozonError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _subclasses(child)


def _status(kind: type[errors.KyozonError]) -> str:
    if kind is errors.RejectedUpstream:
        return "the provider's"
    return next((str(STATUS[parent][0]) for parent in kind.__mro__ if parent in STATUS), "")


def _known(value: object) -> str:
    return {None: "?", True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool | None) else str(value)


def _vendor_row(row: Provider) -> tuple[str, ...]:
    def fact(name: str) -> str:
        return _known(getattr(row, name)) + ("*" if name in row.unverified else "")

    key = f"`{row.key_variable}`" if row.key_variable else ""
    base = f"`{row.base_url}`" + ("*" if "base_url" in row.unverified else "") if row.base_url else ""
    law, keeps, trains = (fact(name) for name in ("jurisdiction", "retains", "trains"))
    return f"`{row.id}`", row.name, row.format, row.zone, law, keeps, trains, key, base, str(row.verified or "")


def _card_row(card: ModelCard) -> tuple[str, ...]:
    context = f"{card.context:,}" if card.context else "?"
    if not card.prices:
        return f"`{card.id}`", card.provider, context, "?", "?", "", ""
    price = max(card.prices, key=lambda price: (-price.above_input, price.valid_from))
    amounts = (f"{price.input:f} {price.currency}", f"{price.output:f} {price.currency}")
    return f"`{card.id}`", card.provider, context, *amounts, price.valid_from.isoformat(), price.source


def _modules(package: Any, attribute: str) -> list[tuple[str, ...]]:
    return [
        (f"`{module.__name__.rpartition('.')[2]}`", (inspect.getdoc(module) or "").split("\n\n")[0])
        for module in discovery.modules(package)
        if hasattr(module, attribute)
    ]


def _commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for inner in sorted(command.commands):
            yield from _commands(f"{name} {inner}", command.commands[inner])


def _first(endpoint: Any) -> str:
    return (inspect.getdoc(endpoint) or "").split("\n\n")[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
