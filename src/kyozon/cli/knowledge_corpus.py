"""A collection as a corpus to be measured: its files, searched and asked through the running server."""

from typing import Any
from urllib.parse import quote

from msgspec import Struct

from kyozon.cli.calling import call
from kyozon.cli.collection_named import collection_named, listed
from kyozon.cli.options import Target
from kyozon.cli.taking_in import PATH
from kyozon.domain.errors import CallerError, InvalidRequest
from kyozon.domain.labels import Label, Level, parse_label
from kyozon.domain.language import Text
from kyozon.evaluation.questions import Question, mistakes
from kyozon.services.knowledge.evaluating import Given, Wanted, Words

_SECONDS = 600
_MOST = 50
_RESULTS = "file_search_call.results"
_ANEW = {"x-kyozon-cache": "off"}  # what was answered before is not what is measured


SETTINGS = Text(
    f"most=N, dense=SHARE, reranker=MODEL or several, as in most=5,dense=0.3, where 1 ≤ most ≤ {_MOST} and 0 ≤ dense ≤ 1",
    "most=件数、dense=割合、reranker=モデル、またはその組み合わせ"
    f"（例：most=5,dense=0.3。1 ≤ most ≤ {_MOST}、0 ≤ dense ≤ 1）",
)
"""What `setting_of` reads."""


class Setting(Struct, frozen=True):
    """How a corpus is searched: for so many passages, by vectors to the share `dense`, put in order by a `reranker`.

    What is None the server sets; the reranker `none` is none at all.
    """

    most: int = 10
    dense: float | None = None
    reranker: str | None = None

    def asked(self) -> dict[str, Any]:
        """As searches take it."""
        ranking: dict[str, Any] = {}
        if self.dense is not None:
            ranking["hybrid_search"] = {"embedding_weight": self.dense, "text_weight": 1 - self.dense}
        if self.reranker is not None:
            ranking["ranker"] = self.reranker
        return {"max_num_results": self.most, **({"ranking_options": ranking} if ranking else {})}


def setting_of(text: str, usual: Setting) -> Setting:
    """What `most=5,dense=0.3` says, the rest as usual; raises `ValueError`."""
    said = dict(part.strip().partition("=")[::2] for part in text.split(","))
    if not said or not set(said) <= {"most", "dense", "reranker"} or said.get("reranker") == "":
        raise ValueError("most=N, dense=SHARE, reranker=MODEL")
    most = int(said.get("most", usual.most))
    dense = float(said["dense"]) if "dense" in said else usual.dense
    if not 1 <= most <= _MOST or (dense is not None and not 0 <= dense <= 1):
        raise ValueError(f"1 ≤ most ≤ {_MOST}, 0 ≤ dense ≤ 1")
    return Setting(most, dense, said.get("reranker", usual.reranker))


class Corpus:
    """A collection with the files that can be found in it. `label` is what is said of the questions put to it.

    `reranked` is how many searches of it a reranker has put in order so far.
    """

    def __init__(self, target: Target, name: str, label: str | None = None) -> None:
        self.reranked = 0
        self._target = target
        self._headers = {"x-kyozon-label": label} if label else {}
        self.collection = collection_named(target, name)
        self._path = f"/v1/vector_stores/{quote(self.collection['id'], safe='')}"
        self.files = [*listed(target, f"{self._path}/files", filter="completed")]
        self._names = {one["id"]: (one["attributes"].get(PATH), one["filename"], one["id"]) for one in self.files}
        self._ids: dict[str, set[str]] = {}
        for file, names in self._names.items():
            for named in filter(None, names):
                self._ids.setdefault(named, set()).add(file)

    @property
    def name(self) -> str:
        """What people call it."""
        return str(self.collection["name"] or self.collection["id"])

    def called(self, file: str) -> str:
        """The first of its path, name and id that means this file alone: a path stays when a new version replaces it."""
        return next(str(name) for name in self._names[file] if name and len(self._ids[name]) == 1)

    def wanted(self, questions: tuple[tuple[int, Question], ...]) -> list[Wanted]:
        """The questions with the ids of their files; raises `InvalidRequest` with the lines whose files are not there."""
        wrong = [
            (line, Text(f"{self.name} has no file {name!r}", f"{self.name} にファイル「{name}」がありません"))
            for line, question in questions
            for name in question.files
            if name not in self._ids
        ]
        if wrong:
            raise mistakes(wrong)
        return [Wanted(one, tuple(frozenset(self._ids[name]) for name in one.files)) for _, one in questions]

    def found(self, question: str, setting: Setting) -> list[Words]:
        """The passages, best first."""
        body = {"query": question, **setting.asked()}
        page = call(self._target, "POST", f"{self._path}/search", body, _SECONDS, self._headers)
        self.reranked += page.get("reranked", False)  # a server of an earlier version does not say
        return [(one["file_id"], "".join(part["text"] for part in one["content"])) for one in page["data"]]

    def given(self, question: str, setting: Setting, model: str) -> Given:
        """The answer of a model, which may see it as far as its label allows."""
        tool = {"type": "file_search", "vector_store_ids": [self.collection["id"]], **setting.asked()}
        body: dict[str, Any] = {"model": model, "input": question, "tools": [tool], "store": False}
        body["include"] = [_RESULTS]
        response = call(self._target, "POST", "/v1/responses", body, _SECONDS, {**self._headers, **_ANEW})
        about = response["kyozon"] or {}
        parts = [part for item in response["output"] if item["type"] == "message" for part in item["content"]]
        return Given(
            kind=about.get("answer", "refused"),
            text="".join(part["text"] for part in parts),
            claims=len(about.get("claims", ())),
            unsupported=about.get("unsupported", 0),
            citations=tuple((one["file_id"], one["quote"]) for part in parts for one in part["annotations"]),
            read=frozenset(one["file_id"] for item in response["output"] for one in item.get("results") or ()),
        )

    def passages(self, file: str) -> list[dict[str, Any]]:
        """The text of a file, chunk by chunk, with its anchors."""
        page = call(self._target, "GET", f"{self._path}/files/{quote(file, safe='')}/content")
        return list(page["data"])

    def label_of(self, files: frozenset[str]) -> Label:
        """How sensitive these are together."""
        found = Label(Level.PUBLIC)
        for file in self.files:
            if file["id"] in files:
                found = found.join(parse_label(file["label"]))
        return found

    def said(self, model: str, prompt: str, label: Label, tokens: int) -> str:
        """What a model says to a prompt of that label; one that may not see it is refused, as for any request."""
        body = {
            "model": model,
            "messages": [{"role": "user", "content": prompt}],
            "max_completion_tokens": tokens,
        }
        headers = {"x-kyozon-label": ", ".join([str(label), *self._headers.values()]), **_ANEW}
        answer = call(self._target, "POST", "/v1/chat/completions", body, _SECONDS, headers)
        return str(answer["choices"][0]["message"]["content"] or "")

    def made_with(self) -> dict[str, str]:
        """What an upgrade may change: the server's version, the embedder where the key may know it, how files are split."""
        served = call(self._target, "GET", "/kyozon/v1/openapi.json")["info"]["version"]
        name, own = self.collection["name"], self.collection["id"]
        made = {"kyozon": served, "collection": f"{name} ({own})" if name else own, "files": str(len(self.files))}
        try:
            found = call(self._target, "GET", f"/kyozon/v1/collections/{self.collection['id']}/embedder")
            made["embedder"] = found["embedder"]
        except CallerError:  # the collection is somebody else's
            made["embedder"] = "-"
        splits = {tuple(file["chunking_strategy"]["static"].values()) for file in self.files}
        made["chunking"] = ", ".join(sorted(f"{tokens}/{overlap}" for tokens, overlap in splits))
        return made


def not_empty(corpus: Corpus) -> Corpus:
    """The corpus; raises `InvalidRequest` where nothing could be found in it."""
    if not corpus.files:
        raise InvalidRequest(
            Text(
                f"{corpus.name} has no document that is ready: kyozon ingest brings some.",
                f"{corpus.name} に利用できる文書がありません。kyozon ingest で取り込んでください。",
            )
        )
    return corpus
