"""What every `AnswerStore` must do. A store's own test inherits the suite and makes the store."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec import structs

from kyozon.domain.cache import CachedAnswer, Partition, Wanted
from kyozon.domain.usage import Charge
from kyozon.ports.cache import AnswerStore

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HERE = Partition("acme", ("ann", "guest-7"), "internal untrusted", "v1", "chat openai", "gpt", "p", "c")
BORDERS = {
    "tenant": "other",
    "principals": ("ann",),
    "label": "confidential untrusted",
    "policy_version": "v2",
    "kind": "chat anthropic",
    "model": "other",
    "parameters_sha256": "q",
    "context_sha256": "d",
}


def answer(**fields: object) -> CachedAnswer:
    found = CachedAnswer(
        partition=HERE,
        question_sha256="question",
        deployment="vendor/gpt",
        source="dec_1",
        content_type="answer/openai",
        payload=b'{"text":"\xe5\x85\xb1\xe5\xad\x98"}\x00',
        charge=Charge(Decimal("0.000123456789"), "JPY"),
        expires_at=NOW + timedelta(hours=1),
        essence="\ncapital france",
        vector=(1.0, 0.0),
    )
    return structs.replace(found, **fields)


def wanted(partition: Partition = HERE, deployments: tuple[str, ...] = ("vendor/gpt", "vendor-2/gpt")) -> Wanted:
    return Wanted(partition, deployments, NOW)


class AnswerStoreSuite:
    """Subclasses have a fixture `store`."""

    async def test_an_answer_comes_back_as_it_was_kept(self, store: AnswerStore) -> None:
        await store.keep(answer())
        found = await store.same(wanted(), "question")
        assert found is not None
        assert structs.replace(found, essence=None, vector=None) == answer(essence=None, vector=None)
        assert await store.same(wanted(), "another question") is None

    @pytest.mark.parametrize("border", Partition.__struct_fields__)
    async def test_nothing_crosses_a_border_however_similar(self, store: AnswerStore, border: str) -> None:
        """Another user's question with a similarity of .9085 was answered from a cache that compared first."""
        await store.keep(answer(vector=(0.9085, (1 - 0.9085**2) ** 0.5)))
        beyond = wanted(structs.replace(HERE, **{border: BORDERS[border]}))
        assert await store.same(beyond, "question") is None
        assert await store.nearest(beyond, "\ncapital france", (1.0, 0.0)) is None
        assert await store.nearest(wanted(), "\ncapital france", (1.0, 0.0)) is not None

    async def test_the_model_must_be_one_that_could_answer_now(self, store: AnswerStore) -> None:
        await store.keep(answer())
        elsewhere = wanted(deployments=("vendor-2/gpt",))
        assert await store.same(elsewhere, "question") is None
        assert await store.nearest(elsewhere, "\ncapital france", (1.0, 0.0)) is None

    async def test_the_nearest_of_those_with_the_same_essence(self, store: AnswerStore) -> None:
        await store.keep(answer(question_sha256="far", vector=(0.6, 0.8), source="far"))
        await store.keep(answer(question_sha256="near", vector=(0.8, 0.6), source="near"))
        await store.keep(answer(question_sha256="other", essence="\ncapital germany"))
        await store.keep(answer(question_sha256="exact only", essence=None, vector=None))
        await store.keep(answer(question_sha256="another embedder", vector=(1.0, 0.0, 0.0)))
        found = await store.nearest(wanted(), "\ncapital france", (1.0, 0.0))
        assert found is not None
        assert found[0].source == "near"
        assert found[1] == pytest.approx(0.8)

    async def test_what_has_expired_is_not_found(self, store: AnswerStore) -> None:
        await store.keep(answer(expires_at=NOW))
        assert await store.same(wanted(), "question") is None
        assert await store.nearest(wanted(), "\ncapital france", (1.0, 0.0)) is None

    async def test_of_the_same_question_the_last_answer_stays(self, store: AnswerStore) -> None:
        await store.keep(answer(source="first"))
        await store.keep(answer(source="second", essence=None, vector=None))
        found = await store.same(wanted(), "question")
        assert found is not None
        assert found.source == "second"
        assert await store.nearest(wanted(), "\ncapital france", (1.0, 0.0)) is None

    async def test_deletion_by_user_and_by_tenant(self, store: AnswerStore) -> None:
        bob = structs.replace(HERE, principals=("bob",))
        await store.keep(answer())
        await store.keep(answer(partition=bob))
        await store.keep(answer(partition=structs.replace(HERE, tenant="other")))
        assert await store.forget("acme", "guest-7") == 1
        assert await store.same(wanted(), "question") is None
        assert await store.same(wanted(bob), "question") is not None
        assert await store.forget("acme", None) == 1
        assert await store.forget("acme", None) == 0
        assert await store.forget("other", "ann") == 1

    async def test_tidying_leaves_the_youngest_of_this_policy(self, store: AnswerStore) -> None:
        await store.keep(answer(question_sha256="expired", expires_at=NOW))
        await store.keep(answer(question_sha256="old policy", partition=structs.replace(HERE, policy_version="v0")))
        for name in ("oldest", "older", "youngest"):
            await store.keep(answer(question_sha256=name))
        assert await store.tidy(NOW, "v1", 2) == 3
        assert await store.same(wanted(), "oldest") is None
        assert await store.same(wanted(), "older") is not None
        assert await store.same(wanted(), "youngest") is not None
        assert await store.tidy(NOW, "v1", 2) == 0
