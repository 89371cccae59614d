"""The names of what a model can be asked for, as people read them."""

from kyozon.domain.language import Text

KINDS = {
    "chat": Text("chat", "チャット"),
    "embedding": Text("embedding", "埋め込み"),
    "reranking": Text("reranking", "再ランキング"),
    "count": Text("count", "トークン数"),
}
