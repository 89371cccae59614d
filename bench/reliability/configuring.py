"""`kyozon.toml` of a run: the upstreams, the models with their prices, the ceilings."""

import json
from decimal import Decimal

from bench.reliability.parties import MODELS, SITES, Ceilings, models, tenants, users

_SETTINGS = """\
[server]
metrics = "open"
queue_seconds = 2
timeouts = { connect = 2.0, first_token = 1.5, between = 1.0, total = 6.0 }

[local]
enabled = false

[routing]
retry_seconds = 0.05
retry_longest_seconds = 2.0
breaker_seconds = 1.0
"""


def settings(ports: tuple[int, ...], requests: int) -> str:
    """`kyozon.toml`: the upstreams at these ports, the models with their prices, the ceilings of a run."""
    parts = [_SETTINGS]
    for port, providers in zip(ports, SITES, strict=True):
        for name in providers:
            form = next(model.format for model in MODELS.values() if name in model.providers)
            address = f"http://127.0.0.1:{port}/{name}/v1"
            parts.append(
                f'[providers.{name}]\nformat = "{form}"\nbase_url = "{address}"\nmodels = []\nmax_concurrent = 24\n'
            )
    for name, model in MODELS.items():
        first, *others = model.providers
        price = f'input = "{model.input}", output = "{model.output}", cached_input = "{model.cached}"'
        price += f', cache_write = "{model.written}"'
        parts.append(
            f'[models.{name}]\nprovider = "{first}"\nalso_at = {json.dumps(others)}\nmax_output = 4096\n'
            f"prices = [{{ valid_from = 2025-01-01, {price} }}]\n"
        )
    for kind, found in (("users", users(requests)), ("tenants", tenants(requests)), ("models", models(requests))):
        parts += [f"[limits.{kind}.{name}]\n{_ceilings(ceilings)}" for name, ceilings in found.items()]
    return "\n".join(parts)


def _ceilings(ceilings: Ceilings) -> str:
    named = (
        ("requests_per_minute", ceilings.requests),
        ("tokens_per_minute", ceilings.tokens),
        ("money_per_month", ceilings.money),
    )
    return "".join(f"{name} = {_toml(value)}\n" for name, value in named if value is not None)


def _toml(value: int | Decimal) -> str:
    return f'"{value:f}"' if isinstance(value, Decimal) else str(value)
