"""Under which licences a model may come is said by a header, or by the key; who has both is asked for both."""

import pytest
from msgspec import structs
from openai import AsyncOpenAI, BadRequestError, PermissionDeniedError

from tests.fakes.installation import FakeInstallation, api_key

HELLO = [{"role": "user", "content": "Say hello."}]


@pytest.fixture(autouse=True)
def licensed(house: FakeInstallation) -> None:
    """Of the three that chat, two have a licence."""
    licences = {"in-house": ("Apache-2.0", True), "cheap": ("Llama 3.1 Community License", True)}
    cards = tuple(
        structs.replace(card, licence=licences.get(card.id, (None, None))[0], open_weights=card.id in licences)
        for card in house.registry.installation.cards
    )
    house.registry.installation = structs.replace(house.registry.installation, cards=cards)


@pytest.mark.parametrize(
    ("licence", "answered"), [("apache-2.0", "in-house"), ("MIT, Apache-2.0", "in-house"), ("open", None), ("", None)]
)
async def test_a_header_says_it(house: FakeInstallation, openai: AsyncOpenAI, licence: str, answered: str | None) -> None:
    raw = await openai.chat.completions.with_raw_response.create(
        model="auto",
        messages=HELLO,  # type: ignore[arg-type]
        extra_headers={"x-kyozon-licence": licence},
    )
    decision = house.book.decisions_by_id[raw.headers["x-kyozon-decision"]]
    objecting = {one.model for one in decision.candidates if any(found.rule == "licence" for found in one.objections)}
    assert answered is None or decision.chosen == answered
    assert ("dear" in objecting) == bool(licence)
    assert ("cheap" in objecting) == (answered is not None)


async def test_a_key_says_it_for_named_models_too(house: FakeInstallation, openai: AsyncOpenAI) -> None:
    house.key_store.by_id["key_test"] = structs.replace(api_key("test"), licences=frozenset({"apache-2.0"}))
    assert (await openai.chat.completions.create(model="in-house", messages=HELLO)).choices  # type: ignore[arg-type]
    with pytest.raises((PermissionDeniedError, BadRequestError), match=r"apache-2\.0"):
        await openai.chat.completions.create(model="dear", messages=HELLO)  # type: ignore[arg-type]
    with pytest.raises((PermissionDeniedError, BadRequestError), match=r"apache-2\.0"):
        await openai.chat.completions.create(
            model="cheap",
            messages=HELLO,  # type: ignore[arg-type]
            extra_headers={"x-kyozon-licence": "open"},
        )
