"""What a zone may not have might as well not be there: without it the same bytes go to that zone (I14)."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from kyozon.domain.labels import parse_clearance
from tests.noninterference.machine import SECRECIES
from tests.noninterference.oracle import Secrecy
from tests.noninterference.premises import POLICIES, Chat, Premises

QUESTIONS = st.lists(st.tuples(st.sampled_from(["cheap", "partner"]), st.booleans()), min_size=1, max_size=4)
READER = parse_clearance("restricted+*")


async def _sent(
    documents: list[Secrecy], questions: list[tuple[str, bool]], *, present: list[bool]
) -> dict[str, list[bytes]]:
    """What reached each zone when every question is asked with all the documents that its model's zone may have."""
    premises = Premises()
    zones = premises.house.registry.installation.zones
    stored = []
    for document, there in zip(documents, present, strict=True):
        token = premises.truth.plant("acme", document)
        if there:
            stored.append(await premises.ingest_as(token, "acme", document))
    for model, streamed in questions:
        zone = zones["external" if model == "cheap" else "partner"]
        names = [item.name for item in stored]
        fit = await premises.house.provenance.fit("acme", names, READER, zone)
        await premises.chat("acme", [item for item in stored if item.name in fit], Chat(model=model, streamed=streamed))
    assert not premises.leaks
    return premises.bytes_at


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(documents=st.lists(SECRECIES, min_size=1, max_size=5), questions=QUESTIONS)
def test_a_zone_gets_the_same_bytes_whether_or_not_there_is_what_it_may_not_have(
    documents: list[Secrecy], questions: list[tuple[str, bool]]
) -> None:
    whole = asyncio.run(_sent(documents, questions, present=[True] * len(documents)))
    for zone in ("external", "partner"):
        place = POLICIES["open"][zone]
        without = asyncio.run(_sent(documents, questions, present=[place.may_have(one) for one in documents]))
        assert without.get(zone) == whole.get(zone)
