"""The governance report over real records: its figures are the database's, it can be made again, it keeps its schema."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from msgspec import structs

import kyozon.governance.duties
from kyozon.bootstrap import discovery
from kyozon.cli.governance_page import GovernancePage
from kyozon.cli.incident_page import incident_page
from kyozon.domain.callers import Caller
from kyozon.domain.decisions import Attempt, Candidate
from kyozon.domain.errors import KyozonError, NotFound, UpstreamFailed
from kyozon.domain.labels import Label, Level
from kyozon.domain.language import Language, Text
from kyozon.domain.reports import Figure, GovernanceReport, IncidentReport, Period
from kyozon.domain.requests import EmbeddingRequest, RerankRequest
from kyozon.domain.review import GrantUse
from kyozon.services.reporting import schemas
from kyozon.services.reporting.governance import GovernanceReporter, Sources
from kyozon.services.reporting.incidents import IncidentReporter, Scope
from kyozon.storage.database import Database
from kyozon.storage.happenings import PostgresHappenings
from kyozon.storage.journal import PostgresJournal
from kyozon.storage.keys import PostgresKeyStore
from kyozon.storage.policies import PostgresPolicies
from kyozon.storage.records import PostgresRecords
from tests.fakes.installation import CONFIDENTIAL, EMBEDDER, IN_HOUSE, RERANKER, FakeInstallation, api_key, ask
from tests.fakes.record_samples import a_decision, an_outcome
from tests.fakes.scripted import hello

EVER = Period(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
NOTED = "kept | <b>as</b> it is"


async def kept(house: FakeInstallation, database: Database) -> None:
    journal = PostgresJournal(database)
    for decision in house.book.decisions_by_id.values():
        await journal.open(decision, None)
        await journal.close(house.book.outcomes[decision.id], ())
    await journal.stop()


async def filled(database: Database) -> FakeInstallation:
    """Three answers outside, one after a failure, one in the house, two refusals, and a change of the policy between."""
    house = FakeInstallation(keep=PostgresPolicies(database).keep)
    ann, bob = api_key("ann"), structs.replace(api_key("bob"), user="bob")
    await house.chat.answer(ask(key=ann))
    house.chats["bargain"].scripts = [[UpstreamFailed("bargain", 500, "ill")], hello()]
    await house.chat.answer(ask(key=bob))
    await house.chat.answer(ask(key=bob, declared=CONFIDENTIAL))
    for model in ("dear", "cheap"):
        with pytest.raises(KyozonError):
            await house.chat.answer(ask(model, declared=CONFIDENTIAL))
    now = house.registry.installation
    house.registry.installation = structs.replace(now, default_label=Label(Level.PUBLIC), cards=now.cards[:2])
    for _ in range(2):
        await house.chat.answer(ask(key=bob))
    await kept(house, database)
    await PostgresKeyStore(database).add(ann)
    return house


def reporter(database: Database, house: FakeInstallation) -> GovernanceReporter:
    tables = tuple(module.table for module in discovery.modules(kyozon.governance.duties))
    noted = (Figure("noted", Text(NOTED, NOTED), NOTED),)
    sources = Sources(
        PostgresPolicies(database), PostgresHappenings(database), PostgresKeyStore(database), None, noted, tables
    )
    return GovernanceReporter(sources, house.time.world, "test")


def figures(report: GovernanceReport) -> dict[str, Any]:
    return {figure.name: figure.value for figure in report.recorded.figures}


async def test_every_figure_is_the_databases(database: Database) -> None:
    house = await filled(database)
    report = await reporter(database, house).report(EVER)
    async with database.reading() as connection:
        tokens = await connection.fetchrow("SELECT sum(uncached + cache_read + cache_write), sum(output) FROM outcome")
        money = await connection.fetchval("SELECT sum(amount) FROM outcome")
        by_status = dict(await connection.fetch("SELECT status, count(*) FROM outcome GROUP BY 1"))
    models = report.recorded.models
    assert (sum(one.consumption.input_tokens for one in models), sum(one.consumption.output_tokens for one in models)) == (
        int(tokens[0]),
        int(tokens[1]),
    )
    assert sum((one.consumption.money.get("USD", Decimal(0)) for one in models), Decimal(0)) == money > 0
    found = figures(report)
    assert {name: found[name] for name in ("answered", "refused")} == by_status == {"answered": 5, "refused": 2}
    assert (found["decisions"], found["deliveries"], found["deliveries_outside"]) == (7, len(house.sent), 4)
    assert found["refusals.clearance"] == found["refused.not_permitted"] == 2
    assert found["refusals.region"] == 0


async def test_the_inventory_tells_models_by_what_they_do(database: Database) -> None:
    house = FakeInstallation((IN_HOUSE, EMBEDDER, RERANKER), keep=PostgresPolicies(database).keep)
    await house.chat.answer(ask())
    await house.embeddings.embed(Caller(api_key()), EmbeddingRequest({}, "embedder", ("a",)), None, b"{}")
    await house.reranking.rerank(Caller(api_key()), RerankRequest({}, "reranker", "what?", ("a", "b")), None, b"{}")
    await kept(house, database)
    models = (await reporter(database, house).report(EVER)).recorded.models
    assert {one.model: (one.kind, one.embedder) for one in models} == {
        "in-house": ("chat", False),
        "embedder": ("embedding", True),
        "reranker": ("reranking", False),
    }


async def test_the_ledger_has_every_delivery_outside_and_nothing_else(database: Database) -> None:
    house = await filled(database)
    report = await reporter(database, house).report(EVER)
    rows = report.recorded.transfers
    assert [(row.label, row.deliveries, row.persons) for row in rows] == [("internal", 2, 2), ("public", 2, 1)]
    assert sum(row.deliveries for row in rows) == Counter(house.sent)["cheap"]
    assert {(row.provider, row.zone, row.models) for row in rows} == {("bargain", "external", ("cheap",))}


async def test_the_system_card_tells_what_changed_and_when(database: Database) -> None:
    house = await filled(database)
    card = (await reporter(database, house).report(EVER)).recorded.system
    assert [policy.decisions for policy in card.policies] == [5, 2]
    (change,) = card.changes
    assert (change.old, change.new) == tuple(policy.basis for policy in card.policies)
    assert {text.en for text in change.what} == {
        "default label: internal became public",
        "model boutique/dear removed",
        "model local/embedder removed",
    }
    assert {zone.id: zone.clearance for zone in card.zones} == {"host": "restricted+*", "external": "internal"}


async def test_the_report_is_made_again_from_the_records_alone(database: Database) -> None:
    house = await filled(database)
    published = await reporter(database, house).report(EVER)
    again = msgspec.json.decode(msgspec.json.encode(published), type=GovernanceReport)
    assert again == published
    elsewhere = reporter(database, FakeInstallation(cards=()))  # other settings, other models
    assert await elsewhere.recorded(EVER) == published.recorded
    async with database.reading() as connection:
        await connection.execute("ALTER TABLE outcome DISABLE TRIGGER USER")
        await connection.execute(
            "UPDATE outcome SET body = jsonb_set(body, '{usage,output}', '11') WHERE status = 'answered'"
        )
    assert await elsewhere.recorded(EVER) != published.recorded


async def test_what_ends_after_the_period_is_open_in_it(database: Database) -> None:
    house = await filled(database)
    last, journal = max(house.book.decisions_by_id.values(), key=lambda one: one.id), PostgresJournal(database)
    later = structs.replace(last, id="dec_zzz")
    ended = structs.replace(house.book.outcomes[last.id], decision_id="dec_zzz", at=last.at + timedelta(hours=1))
    await journal.open(later, None)
    await journal.close(ended, ())
    await journal.stop()
    found = [await reporter(database, house).report(Period(EVER.since, last.at + timedelta(minutes=m))) for m in (1, 61)]
    assert [figures(report)["open"] for report in found] == [1, 0]
    assert figures(await reporter(database, house).report(Period(EVER.since, EVER.since)))["decisions"] == 0
    assert figures(await reporter(database, house).report(structs.replace(EVER, tenant="nobody")))["decisions"] == 0


async def test_the_json_keeps_the_published_schema(database: Database) -> None:
    house = await filled(database)
    report = await reporter(database, house).report(EVER)
    validator = jsonschema_rs.validator_for(schemas.schema("governance"))
    found = msgspec.json.decode(msgspec.json.encode(report))
    validator.validate(found)
    del found["recorded"]["transfers"][0]["label"]
    assert not validator.is_valid(found)


@pytest.mark.parametrize("language", ["en", "ja"])
async def test_every_duty_is_on_the_page_with_its_figure(database: Database, language: Language) -> None:
    house = await filled(database)
    report = await reporter(database, house).report(EVER)
    text = GovernancePage(report, language).text()
    known = {figure.name for figure in (*report.recorded.figures, *report.present.figures)}
    for table in report.duties:
        assert table.name.to(language) in text
        for duty in table.duties:
            assert duty.duty.to(language) in text
            assert set(duty.figures) <= known, duty.article
    assert {"en": "refusals by rule clearance: 2", "ja": "ルール clearance による拒否: 2"}[language] in text
    assert {"en": "not available", "ja": "取得不可"}[language] in text  # nobody examined the audit log
    assert {"en": "no legal advice", "ja": "法的助言ではなく"}[language] in text
    assert NOTED not in text
    assert r"kept \| \<b\>as\</b\> it is" in text


async def test_an_incident_lists_who_what_where_and_when(database: Database) -> None:
    house = await filled(database)
    incidents = IncidentReporter(
        PostgresPolicies(database), PostgresRecords(database, EVER.until), house.time.world, "test"
    )
    report = await incidents.report(Scope(period=EVER, zone="external"))
    assert len(report.exposures) == report.sums[0].deliveries == 4
    for one in report.exposures:
        decision = house.book.decisions_by_id[one.decision]
        assert (one.user, one.body_sha256, one.at) == (decision.user, decision.body_sha256, decision.at)
        assert (one.zone, one.provider, one.zone_kind) == ("external", "bargain", "external")
    jsonschema_rs.validator_for(schemas.schema("incident")).validate(msgspec.json.decode(msgspec.json.encode(report)))
    named = await incidents.report(Scope(decisions=(report.exposures[0].decision,)))
    assert named.exposures == report.exposures[:1]
    assert named.exposures[0].body_sha256 in incident_page(named, "ja")
    refused = await incidents.report(Scope(period=EVER, user="ann"))
    assert {one.user for one in refused.exposures} == {"ann"}
    assert refused.refused == 2
    assert msgspec.json.decode(msgspec.json.encode(report), type=IncidentReport) == report
    with pytest.raises(NotFound):
        await incidents.report(Scope(decisions=("dec_none",)))
    first = report.exposures[0].decision
    assert (await incidents.report(Scope(decisions=(first, first), period=EVER, zone="external"))).decisions == 4
    assert [
        (await incidents.report(Scope(decisions=(first,), tenant=name))).decisions for name in ("default", "other")
    ] == [
        1,
        0,
    ]


async def test_words_told_to_a_collector_and_words_let_out_by_a_person_are_listed(database: Database) -> None:
    time, journal = FakeInstallation().time, PostgresJournal(database)
    grant, outside = GrantUse("grt_1", "external"), Candidate("openai/gpt", "openai", "external", rank=1)
    decision = a_decision(grant=grant, candidates=(outside,), chosen="openai/gpt")
    await journal.open(decision, None)
    await journal.close(
        an_outcome(decision, model="openai/gpt", attempts=(Attempt("openai/gpt", "openai"),), heard=True), ()
    )
    await journal.stop()
    records = PostgresRecords(database, EVER.until)
    incidents = IncidentReporter(PostgresPolicies(database), records, time.world, "test")

    report = await incidents.report(Scope(decisions=(decision.id,)))

    assert [(one.provider, one.model, one.zone, one.grant, one.label) for one in report.exposures] == [
        ("openai", "openai/gpt", "external", "grt_1", "confidential+jp-only+pii"),
        ("collector", "", "collector", None, "confidential+jp-only+pii"),
    ]
    assert [one.provider for one in (await incidents.report(Scope(period=EVER, zone="collector"))).exposures] == [
        "collector"
    ]
    assert "対象：決定 " + decision.id.replace("_", r"\_") in incident_page(report, "ja")
    assert "grt" in incident_page(report, "en")
    told = await reporter(database, FakeInstallation()).recorded(EVER)
    assert [(row.provider, row.models, row.deliveries) for row in told.transfers] == [
        ("collector", (), 1),
        ("openai", ("openai/gpt",), 1),
    ]
