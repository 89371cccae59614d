"""Documents by OpenAI's own client against the whole installation: sent, awaited, found, in Japanese and in English."""

from io import BytesIO

import openai
import pytest

from tests.e2e.installation import RunningKyozon

RULES = "第1条　経費の申請は、毎月末日までに所属長へ提出する。\n第2条　年次有給休暇は入社半年後に10日付与する。\n"
NOTICE = "The canteen on the third floor is open from eleven to two.\n"


@pytest.fixture(scope="module")
def client(kyozon: RunningKyozon) -> openai.OpenAI:
    return kyozon.openai(kyozon.key("papers", "--tenant", "papers", "--user", "hanako", "--label", "internal"))


def test_what_was_sent_is_found_by_what_it_means(kyozon: RunningKyozon, client: openai.OpenAI) -> None:
    store = client.vector_stores.create(name="社内文書")
    batch = client.vector_stores.file_batches.upload_and_poll(
        store.id, files=[("規程.txt", RULES.encode()), ("notice.txt", BytesIO(NOTICE.encode()))], poll_interval_ms=200
    )
    assert (batch.status, batch.file_counts.completed, batch.file_counts.total) == ("completed", 2, 2)
    broken = client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=("a.bin", bytes(range(256)) * 9))
    assert broken.status == "failed"
    assert broken.last_error is not None
    assert broken.last_error.code == "unsupported_file"
    counts = client.vector_stores.retrieve(store.id).file_counts
    assert (counts.completed, counts.failed, counts.in_progress, counts.total) == (2, 1, 0, 3)
    for question, name in (("休みは何日もらえますか", "規程.txt"), ("Where can I have lunch?", "notice.txt")):
        found = client.vector_stores.search(store.id, query=question, max_num_results=1)
        assert [(one.filename, 0 < one.score <= 1) for one in found.data] == [(name, True)]
        assert (found.model_extra or {})["dense"] is True
    client.vector_stores.delete(store.id)
    with pytest.raises(openai.NotFoundError):
        client.vector_stores.search(store.id, query="休み")
    assert kyozon.json("audit", "verify")["findings"] == []
