"""`kyozon ask --collection`: an answer from one's own documents, with the places that it rests on."""

from typing import Any

from kyozon.cli.calling import call
from kyozon.cli.collection_named import collection_named
from kyozon.cli.options import Target
from kyozon.cli.output import err, out, print_json
from kyozon.cli.speech import say

_SECONDS = 600
_SHOWN = 300


def ask_documents(target: Target, collections: tuple[str, ...], asked: dict[str, Any], label: str | None) -> None:
    """Ask what is `asked` of the Responses API, and print what comes.

    The answer with its numbered sources, what was searched, what it cost and the decision's name.
    """
    stores = [collection_named(target, name) for name in collections]
    body: dict[str, Any] = {
        **asked,
        "tools": [{"type": "file_search", "vector_store_ids": [store["id"] for store in stores]}],
    }
    if label:
        body["metadata"] = {"kyozon.label": label}
    response = call(target, "POST", "/v1/responses", body, _SECONDS)
    told = _told(response)
    told["collections"] = [{"id": store["id"], "name": store["name"]} for store in stores]
    told["cost"] = _cost(target, told["decision"])
    told["on_their_way"] = sum(store["file_counts"]["in_progress"] for store in stores)
    if target.as_json:
        print_json(told)
    else:
        _print(told)


def _told(response: dict[str, Any]) -> dict[str, Any]:
    about = response["kyozon"] or {}
    texts = [part for item in response["output"] if item["type"] == "message" for part in item["content"]]
    queries = [query for item in response["output"] if item["type"] == "file_search_call" for query in item["queries"]]
    return {
        "answer": "".join(part["text"] for part in texts),
        "kind": about.get("answer"),
        "sources": [found for part in texts for found in part["annotations"]],
        "unsupported": about.get("unsupported", 0),
        "searched": queries,
        "model": response["model"],
        "decision": about.get("decision"),
        "response": response["id"],
    }


def _cost(target: Target, decision: str | None) -> dict[str, Any] | None:
    """What the model's answer cost, where one was asked."""
    if decision is None:
        return None
    outcome = call(target, "GET", f"/kyozon/v1/decisions/{decision}").get("outcome") or {}
    charge: dict[str, Any] | None = outcome.get("charge")
    return charge


def _print(told: dict[str, Any]) -> None:
    out.print(_plain(told["answer"]))
    if told["kind"] == "refused" and told["on_their_way"]:
        left = told["on_their_way"]
        en = f"Documents still on their way: {left}. Ask again when they are ready."
        out.print(say(en, f"処理中の文書が {left} 件あります。完了後にもう一度お試しください。"))
    if told["sources"]:
        out.print(say("\n[bold]Sources[/]", "\n[bold]出典[/]"))
    for source in told["sources"]:
        words = quoted(source["quote"])
        quote = words if len(words) <= _SHOWN else f"{words[:_SHOWN]}…"
        out.print(f"\\[{source['number']}] {_plain(place(source))}")
        out.print(f"    [dim]{say('“', '「')}{_plain(quote)}{say('”', '」')}[/]")
    names = ", ".join(store["name"] or store["id"] for store in told["collections"])
    searched = " / ".join(told["searched"])
    err.print(f"\n[dim]{_plain(say(f'Searched {names} for: {searched}', f'検索：{names} から「{searched}」'))}[/]")
    if told["decision"] is None:
        return
    cost = told["cost"] or {}
    paid = f"{cost['amount']} {cost['currency']}" if cost else say("cost unknown", "費用不明")
    err.print(f"[dim]{_plain(told['model'])} · {paid} · kyozon explain {told['decision']}[/]")


def quoted(quote: str) -> str:
    """Words on one line, but rows of a table each on their own."""
    lines = [" ".join(line.split()) for line in quote.splitlines() if line.strip()]
    return ("\n     " if any(" | " in line for line in lines) else " ").join(lines)


def place(source: dict[str, Any]) -> str:
    """`rules.pdf, p. 3, Leave › Annual leave`; of a scan with a word on it, since OCR errs."""
    first, last = source["page"], source["last_page"]
    pages = f"{first}" if last in (None, first) else f"{first}–{last}"
    parts = [source["filename"]]
    if first is not None:
        parts.append(say(f"p. {pages}", f"{pages} ページ"))
    if source["section"]:
        parts.append(" › ".join(source["section"]))
    if source.get("scanned"):  # a server of an earlier version does not say
        parts.append(say("read from a scan", "スキャンから文字認識"))
    return say(", ", "、").join(parts)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
