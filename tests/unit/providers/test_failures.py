import pytest

from kyozon.domain.errors import UpstreamFailed
from kyozon.providers.rerank_answer import ranks
from kyozon.providers.transport import failure


def test_a_refused_credential_is_told_in_the_readers_language_without_the_providers_words() -> None:
    found = failure("cohere", 401, "invalid key sk-secret")
    assert isinstance(found, UpstreamFailed)
    assert "Kyozon's own credential" in found.message("en")
    assert "認証情報が拒否されました" in found.message("ja")
    assert "sk-secret" not in found.message("en") + found.message("ja") + found.detail


def test_a_reranker_that_leaves_documents_out_is_told_in_japanese() -> None:
    with pytest.raises(UpstreamFailed) as failed:
        ranks("box", b'{"results": []}', 2)
    assert failed.value.detail == "it ranks 0 of 2 documents"
    assert failed.value.message("ja") == "box が失敗しました (502)：文書 2 件のうち 0 件しか順位付けされませんでした"
