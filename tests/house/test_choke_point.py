"""Every byte to a model leaves through one place. What import-linter cannot see: parts of packages, and single names."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import SOURCE, parsed

HTTP_CLIENTS = {"urllib.request", "http.client", "ftplib", "smtplib", "xmlrpc.client"}
# The command line talks to Kyozon's own server, as any client does.
OWN_CLIENT = {"cli/calling.py", "cli/talking.py"}
ADAPTERS = {"ChatAdapter", "EmbeddingAdapter", "RerankAdapter"}


def imports(path: Path) -> Iterator[str]:
    """Every module and every name that a file imports."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            for alias in node.names:
                yield from (alias.name, f"{node.module}.{alias.name}")


def importers(names: set[str], package: str = "") -> set[str]:
    files = (SOURCE / package).rglob("*.py")
    return {path.relative_to(SOURCE).as_posix() for path in files if names & set(imports(path))}


def test_only_the_command_line_holds_a_client_of_the_standard_library() -> None:
    assert importers(HTTP_CLIENTS) == OWN_CLIENT


def test_only_the_transport_holds_the_client_of_our_own() -> None:
    assert importers({"kyozon.providers.lean"}) == {"providers/transport.py"}
    assert importers({"kyozon.providers.lean_connection"}) == {"providers/lean.py"}
    assert importers({"kyozon.providers.http1"}) == {"providers/lean.py", "providers/lean_connection.py"}


def test_among_the_services_only_egress_knows_the_adapters() -> None:
    assert importers(ADAPTERS, "services") == {"services/egress.py"}


def test_whoever_holds_a_way_out_is_named_here() -> None:
    """A new one is a new kind of zone: it needs a label check of its own, as `telemetry/spans.py` has."""
    outside = {name for name in importers({"kyozon.providers.transport"}) if not name.startswith("providers/")}
    # The audit sends checkpoints out: hashes over the log, and no words.
    assert outside == {"bootstrap/transports.py", "bootstrap/auditing.py"}
    assert importers({"opentelemetry.exporter.otlp.proto.http.trace_exporter"}) == {"telemetry/spans.py"}
    assert importers({"may_flow"}, "telemetry") == {"telemetry/spans.py"}
    assert importers({"huggingface_hub"}) <= {"inference/hub_download.py", "inference/source_hf.py", "inference/sources.py"}


def test_every_method_of_the_choke_point_that_sends_checks_first() -> None:
    tree = parsed(SOURCE / "services/egress.py")
    (egress,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Egress")
    sending = {"answer", "stream", "count_tokens", "embed", "rerank"}
    methods = {
        node.name: ast.unparse(node) for node in egress.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    public = {name for name in methods if not name.startswith("_")}
    assert public - sending == {"dialect_for"}
    assert all("_check_now(" in methods[name] or "_check(" in methods[name] for name in sending)
