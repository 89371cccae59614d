"""The tables of `kyozon.toml`, one class each. An absent key is its default; `None` means that nobody has stated it."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict, create_model
from pydantic_core import PydanticCustomError

from kyozon.domain.labels import Level, parse_clearance, parse_label
from kyozon.domain.models import Ability, CardKind, Quirks, WireFormat
from kyozon.domain.quality import SHARES, parse_goal
from kyozon.governance.checkpoint import parse_key


class Section(BaseModel):
    """A table: no unknown keys, no conversions, never changed after it was read."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True, populate_by_name=False
    )


def _wrong(en: str, ja: str) -> PydanticCustomError:
    # The texts travel in the context: pydantic's own message has one language only.
    return PydanticCustomError("kyozon", "{en}", {"en": en, "ja": ja})


_LEVELS = ", ".join(level.value for level in Level)


def _label(text: str) -> str:
    try:
        return str(parse_label(text))
    except ValueError as error:
        raise _wrong(
            f'not a label. Write LEVEL or LEVEL+COMPARTMENT, as in "internal+pii"; levels: {_LEVELS}.',
            f"ラベルとして読めません。「internal+pii」のように「レベル」または「レベル+区分」で書いてください。レベル：{_LEVELS}。",
        ) from error


def _clearance(text: str) -> str:
    try:
        return str(parse_clearance(text))
    except ValueError as error:
        raise _wrong(
            f'not a clearance. Write LEVEL, LEVEL+COMPARTMENT or LEVEL+*, as in "confidential+jp-only"; levels: {_LEVELS}.',
            f"取り扱い範囲として読めません。「confidential+jp-only」のように書いてください。全区分は「+*」。レベル：{_LEVELS}。",
        ) from error


def _quality(value: object) -> object:
    """A name or a number; the file's numbers are read as decimals, for the sake of money."""
    text = str(value) if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else ""
    try:
        return str(parse_goal(text))
    except ValueError as error:
        known = ", ".join(f'"{name}"' for name in SHARES)
        raise _wrong(
            f"not a quality. Write {known}, or a share of the best from 0 to 1, as in 0.95.",
            f"品質として読めません。{known} か、最良のモデルに対する割合（0〜1、例：0.95）を書いてください。",
        ) from error


def _host(text: str) -> str:
    """A host's name in small letters; a star may stand for all the names under it."""
    if not re.fullmatch(r"(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", text):
        raise _wrong(
            'not a host. Write its name alone, as in "docs.example.com", or "*.example.com" for all under it.',
            "ホスト名として読めません。「docs.example.com」のように名前だけを書いてください。"
            "その下の全部は「*.example.com」です。",
        )
    return text.lower()


def _money(value: object) -> object:
    """Decimals as they are, whole numbers and quoted ones read; anything else is left for pydantic to refuse."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str):
        try:
            return Decimal(value)
        except InvalidOperation:
            return value
    return value


def _seconds(value: object) -> object:
    """The file's numbers are read as decimals, for the sake of money."""
    return float(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


def _abilities(value: object) -> object:
    """The short form `["tools"]` is `{ tools = true }`."""
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return dict.fromkeys(value, True)
    return value


def _variable(name: str) -> str:
    if not (name.replace("_", "").isalnum() and name.isascii() and name == name.upper()):
        raise _wrong(
            "this is the NAME of an environment variable in capitals, such as OPENAI_API_KEY, never the key itself. "
            "Put the key into the environment, and if one stood here, have it replaced.",
            "ここには OPENAI_API_KEY のような環境変数の「名前」（大文字）を書きます。キーそのものは書かないでください。"
            "キーは環境変数に入れ、ここに書いてしまったキーは再発行してください。",
        )
    return name


def _verifier_key(text: str) -> str:
    try:
        return str(parse_key(text))
    except ValueError as error:
        raise _wrong(
            "not a verifier key. `kyozon audit key` prints one on the machine whose checkpoints are to be trusted; copy it "
            "whole.",
            "検証鍵として読めません。信頼したいマシンで「kyozon audit key」を実行し、表示された鍵全体を写してください。",
        ) from error


LabelText = Annotated[str, AfterValidator(_label)]
VerifierKeyText = Annotated[str, AfterValidator(_verifier_key)]
ClearanceText = Annotated[str, AfterValidator(_clearance)]
VariableName = Annotated[str, AfterValidator(_variable)]
Money = Annotated[Decimal, BeforeValidator(_money), Field(ge=0, allow_inf_nan=False)]
# TOML has arrays only; strictness would ask for Python's own tuples and sets.
Names = Annotated[tuple[str, ...], Strict(strict=False)]
NameSet = Annotated[frozenset[str], Strict(strict=False)]
Quality = Annotated[str, BeforeValidator(_quality)]
Hosts = Annotated[frozenset[Annotated[str, AfterValidator(_host)]], Strict(strict=False)]
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s/]+")]
PostgresUrl = Annotated[str, Field(pattern=r"^postgres(ql)?://")]
Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, BeforeValidator(_seconds)]


class TimeoutsTable(Section):
    """How long a call to a model may take. What a provider leaves out is as the server says."""

    connect: Annotated[Seconds, Field(gt=0, le=600)] | None = None
    """Seconds to connect; 10 when left out."""
    first_token: Annotated[Seconds, Field(gt=0, le=86_400)] | None = None
    """Seconds to the first words of a stream; 600 when left out."""
    between: Annotated[Seconds, Field(gt=0, le=86_400)] | None = None
    """Seconds from one piece of a stream to the next; 120 when left out."""
    total: Annotated[Seconds, Field(gt=0, le=86_400)] | None = None
    """Seconds for a call altogether; 1800 when left out. Then no other model is called either."""


class Server(Section):
    """The HTTP server."""

    host: str = "127.0.0.1"
    """Address to listen on; `0.0.0.0` lets other machines in."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """Port to listen on; 0 takes a free one."""
    data_dir: str = "~/.kyozon"
    """Folder of everything Kyozon keeps: database, model files, logs."""
    language: Literal["auto", "en", "ja"] = "auto"
    """Language of messages for callers whose Accept-Language asks for neither `en` nor `ja`; `auto` is English."""
    max_body_mib: Count = 32
    """Largest request body, in MiB."""
    max_concurrent: Count = 256
    """Calls to models that run at the same time; further ones wait for a turn, key by key."""
    queue_length: Annotated[int, Field(ge=0)] = 512
    """Calls that may wait; beyond it the last of the key that has most is asked to retry."""
    queue_seconds: Annotated[int, Field(ge=1)] = 30
    """How long a call waits for its turn before it is asked to retry."""
    drain_seconds: Annotated[int, Field(ge=0)] = 30
    """How long a stopping server lets requests under way go on before it cuts them off."""
    slow_client_seconds: Count = 20
    """How long a client may take to send the headers of a request; a body may take longer, at 1 KiB a second."""
    metrics: Literal["admin", "open"] = "admin"
    """Who may read `/metrics`: admin keys, or everybody who can reach the server."""
    timeouts: TimeoutsTable = TimeoutsTable()
    """How long a call to a model may take, for providers that do not say otherwise."""


class Database(Section):
    """Where records are kept."""

    url: PostgresUrl | None = Field(default=None, repr=False)
    """A PostgreSQL of your own; without it an embedded one runs under `data_dir`."""
    durability: Literal["strict", "relaxed"] = "strict"
    """What a record waits for: `strict` for the disk, `relaxed` for the database, which writes it down a moment later.

    Whatever happens to Kyozon, nothing is lost under either. If the database's machine dies, `relaxed` may lose the last
    0.6 seconds of records, answered requests among them.
    """


class Labels(Section):
    """How sensitive data is when nobody says."""

    default: LabelText = "confidential"
    """Label of a request that states none and whose key has none."""
    compartments: NameSet = frozenset()
    """Compartments in use; when the list is given, a name outside it is a mistake."""


class ZoneTable(Section):
    """A place data can be sent to. `host`, `lan` and `external` are built in; each key given here replaces theirs."""

    kind: Literal["host", "lan", "external"] | None = None
    """This machine, your own network, or somebody else's."""
    clearance: ClearanceText | None = None
    """The most sensitive data the zone may receive; `+*` admits every compartment."""
    region: str | None = None
    """Country or region where the data is processed, such as `JP`."""
    retains: bool | None = None
    """Whether what is sent there is kept after the answer."""
    trains: bool | None = None
    """Whether what is sent there may train models."""
    masked: bool | None = None
    """Whether masked words may go there in place of those that may not; yes when left out, where masking is on at all."""


if TYPE_CHECKING:

    class QuirksTable(Section):
        """`domain.models.Quirks` as a table, made from it below, so that a new quirk can be set at once."""

else:
    QuirksTable = create_model(
        "QuirksTable",
        __base__=Section,
        __doc__=Quirks.__doc__,
        **{
            field.name: (
                Annotated[field.type, Strict(strict=False)] if field.type == tuple[str, ...] else field.type,
                msgspec.structs.asdict(Quirks())[field.name],
            )
            for field in msgspec.structs.fields(Quirks)
        },
    )


class ProviderTable(Section):
    """Who serves models. Four lines add an in-house server or one more account with a vendor."""

    vendor: str | None = None
    """Row of the vendor list to start from; the table's own name when left out."""
    base_url: HttpUrl | None = None
    """Address of the API, as in `http://10.0.0.5:8000/v1`."""
    api_key_env: VariableName | None = None
    """Environment variable that holds the key."""
    zone: str | None = None
    """Zone the provider stands in; the vendor's own when left out."""
    models: Names = ()
    """Names of models at the provider, used as they are. Left out: all that Kyozon knows of the vendor."""
    format: WireFormat | None = None
    """Wire format of a provider that is not in the vendor list."""
    jurisdiction: str | None = None
    """Country whose law binds the provider, such as `JP`."""
    region: str | None = None
    """Country or region where requests are processed."""
    retains: bool | None = None
    """Whether the provider keeps what it receives."""
    trains: bool | None = None
    """Whether the provider trains models on what it receives."""
    max_concurrent: Count | None = None
    """Calls it takes at the same time; further ones wait for a turn, key by key. No cap when left out."""
    timeouts: TimeoutsTable = TimeoutsTable()
    """How long a call may take."""
    quirks: QuirksTable = QuirksTable()
    """How the endpoint departs from its wire format."""


class PriceTable(Section):
    """What a million tokens cost from a day on."""

    valid_from: date
    """First day of the price (UTC)."""
    input: Money
    """Price of a million input tokens."""
    output: Money
    """Price of a million output tokens."""
    cached_input: Money | None = None
    """Price of a million input tokens read from the provider's cache."""
    cache_write: Money | None = None
    """Price of a million input tokens written to the provider's cache."""
    cache_write_hour: Money | None = None
    """The same for what is kept there for an hour, where that costs more."""
    thousand_searches: Money | None = None
    """Price of 1,000 searches besides their tokens, for a reranker that is paid so."""
    above_input: Annotated[int, Field(ge=0)] = 0
    """The price holds for requests of more input tokens than this: for vendors whose long prompts cost more. A later price
    without it ends it."""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    """ISO 4217 code."""
    source: str = ""
    """Where the price was stated."""


class ModelTable(Section):
    """A model card. What is left out stays unknown, or as the built-in card of that name says."""

    provider: str | None = None
    """Name of the `[providers.NAME]` that serves it; needed."""
    also_at: Names = ()
    """Further providers that serve the same model under the same name there: requests are spread over all of them."""
    upstream: str | None = None
    """The model's name at the provider; the table's own name when left out."""
    kind: CardKind | None = None
    """What it does: `chat`, `embedding` or `reranking`; chat when left out."""
    context: Count | None = None
    """Tokens of input and output together."""
    max_output: Count | None = None
    """Most tokens of one answer."""
    licence: str | None = None
    """Licence of the weights or terms of the service."""
    open_weights: bool | None = None
    """Whether the weights are published."""
    languages: NameSet | None = None
    """Languages it is good at, as in `["en", "ja"]`."""
    modalities: NameSet | None = None
    """What it takes in; `["text"]` when left out."""
    abilities: Annotated[dict[Ability, bool], BeforeValidator(_abilities)] | None = None
    """What it can do (`["tools"]`) or surely cannot (`{ tools = false }`); an unnamed ability is unknown."""
    prices: Annotated[tuple[PriceTable, ...], Strict(strict=False)] | None = None
    """Prices with the day each begins."""
    dimensions: Count | None = None
    """Length of the vectors of an embedding model."""
    query_prefix: str | None = None
    """What an embedding model was trained to read before a query, as in `query: `."""
    passage_prefix: str | None = None
    """The same before a passage."""
    tools_by_schema: bool | None = None
    """Tool calls by a JSON schema on the output, for a model whose chat template knows no tools."""


class CeilingsTable(Section):
    """Ceilings of all requests of one user, tenant or model together, whatever keys they come with."""

    requests_per_minute: Count | None = None
    """Requests a minute."""
    tokens_per_minute: Count | None = None
    """Tokens a minute, input and output together."""
    money_per_month: Money | None = None
    """Money a calendar month (UTC)."""


class LimitsTable(CeilingsTable):
    """Ceilings of a new key that states none of its own; left out means no ceiling."""

    concurrent_requests: Count | None = None
    """Requests at the same time; further ones wait for a turn."""
    users: dict[str, CeilingsTable] = {}
    """By the name of a user; users of one name in two tenants count apart."""
    tenants: dict[str, CeilingsTable] = {}
    """By the name of a tenant."""
    models: dict[str, CeilingsTable] = {}
    """By the name of a model."""


class Local(Section):
    """Open models on this machine."""

    enabled: bool = True
    """Whether this machine runs models."""
    model: str = "smollm2-135m-instruct"
    """Chat model loaded at the start."""
    slots: Count = 4
    """Requests a model works on at the same time."""
    context: Annotated[int, Field(ge=256)] = 4096
    """Tokens of input and output together, for each slot."""
    threads: Count | None = None
    """Processor threads; one fewer than the cores when left out."""
    max_loaded: Count = 2
    """Models in memory at the same time; the longest idle one makes room."""


class Answers(Section):
    """Answers: how long they are kept so that a repeated request is not billed again, and what becomes of links in them."""

    keep_for_minutes: Annotated[int, Field(ge=0)] = 1440
    """How long an answer to a request with an Idempotency-Key is kept."""
    retry_window_seconds: Annotated[int, Field(ge=0)] = 300
    """How long a client library's silent retry gets the answer already paid; 0 turns it off."""
    links: Literal["off", "mark", "strip"] = "off"
    """Links and images to hosts outside `link_hosts` could carry data out of a page that renders the answer: pass them as
    they are, make them inert but readable, or take the address out."""
    link_hosts: Hosts = frozenset()
    """Hosts that answers may link to, as in `["docs.example.com", "*.intra.example.com"]`."""


class Cache(Section):
    """Answers kept for other requests of the same user that ask the same."""

    allowed: bool = True
    """Whether requests may use the cache at all."""
    exact: bool = False
    """Whether a request that says nothing gets a kept answer to the very same request."""
    semantic: bool = False
    """Whether it also gets the answer to a question in nearly the same words."""
    lifetime_minutes: Count = 60
    """How long an answer is given again."""
    max_answers: Count = 100_000
    """Most answers kept; the oldest make room."""


class Reasoning(Section):
    """Models' chains of thought, kept apart from records and answers: a model's own account, and no explanation."""

    keep_hours: Annotated[int, Field(ge=0, le=720)] = 0
    """Hours that they are kept, encrypted, for who may read the decision; 0 keeps none."""


class Audit(Section):
    """The audit log: where its keys lie, where signed checkpoints go, how long records stay."""

    keys: str | None = None
    """Folder of the key that signs checkpoints and of the key that people's own keys lie under; `audit` under `data_dir`
    when left out. Servers of one database share it."""
    checkpoints: str | None = None
    """Folder away from this machine, such as a share, to which signed checkpoints are appended."""
    webhook: HttpUrl | None = Field(default=None, repr=False)
    """Address to which signed checkpoints are posted as text; it answers 200."""
    send_seconds: Annotated[int, Field(ge=1, le=3600)] = 10
    """Checkpoints are sent no oftener than this; what is newer than the last one sent could be cut off unseen."""
    trusted_keys: Annotated[tuple[VerifierKeyText, ...], Strict(strict=False)] = ()
    """Verifier keys whose checkpoints count beside this installation's own: of a machine before this one, say."""
    retention_days: Annotated[int, Field(ge=183)] = 183
    """How long decisions and outcomes stay at least; nothing is removed by itself after that either."""


class Masking(Section):
    """Personal data and secrets in requests: found, labelled, replaced by tokens on the way to places not cleared for them.

    It needs the extra `pii` (`pip install 'kyozon[pii]'`).
    """

    enabled: bool = False
    """Whether requests are looked through. What is found adds the compartments `pii` and `secret` to their labels."""
    keys: Names = ()
    """Names or ids of the keys whose requests are looked through; those of all keys when left out."""
    processes: Annotated[int, Field(ge=1, le=64)] = 1
    """How many requests are looked through at once; each has a process of its own, of some 80 MB."""
    timeout_seconds: Annotated[Seconds, Field(gt=0, le=600)] = 10.0
    """After so long a request is taken for personal data and secrets, and goes only where both may go."""


class Knowledge(Section):
    """Documents that answers are made from.

    PDF, Office and pictures need the extra `documents` (`pip install 'kyozon[documents]'`).
    """

    workers: Annotated[int, Field(ge=0, le=16)] = 2
    """Documents that this server takes in at the same time; 0 leaves them to other servers on the same database."""
    max_file_mib: Annotated[int, Field(ge=1, le=8192)] = 512
    """Largest file, in MiB. `[server] max_body_mib` does not bind files."""
    parse_seconds: Annotated[Seconds, Field(gt=0, le=86400)] = 1800.0
    """So long reading one file may take. A scanned page takes some 5 seconds of a processor, others a few milliseconds."""
    parse_memory_mib: Annotated[int, Field(ge=512)] = 2048
    """So much memory the process that reads one file may take."""
    index_mib: Annotated[int, Field(ge=1)] = 2048
    """So much memory the indexes for searching may take, of all tenants together, in MiB; about 3 KiB a passage. Those
    used longest ago are let go and read again when needed. The one used last stays, whatever its size. After a start those
    of tenants who have used their collections within a week are read ahead."""
    reranker: str | None = None
    """Name of a model of the kind `reranking` that puts what a search finds in order once more, where it may see it;
    `auto` for the cheapest of those that may. None when left out."""
    reranker_seconds: Annotated[Seconds, Field(gt=0, le=600)] = 5.0
    """So long a search waits for the reranker; after that the order stays as it was found."""


class Review(Section):
    """Answers that a person looks at before they are delivered (`kyozon review`): any one reason is enough."""

    labels: Annotated[tuple[LabelText, ...], Strict(strict=False)] = ()
    """Answers to requests labelled at least so, as in `["restricted", "public+legal"]`."""
    zones: NameSet = frozenset()
    """Answers from models in these zones."""
    keys: NameSet = frozenset()
    """Answers to these keys, by name or id."""
    hours: Annotated[int, Field(ge=1, le=8760)] = 24
    """How long what is asked for waits for a person, a grant for its use, and an approved answer to be fetched."""


class Telemetry(Section):
    """OpenTelemetry spans, one for each request; none without an endpoint."""

    otlp_endpoint: HttpUrl | None = None
    """Address of a collector that takes OTLP over HTTP, as in `http://127.0.0.1:4318`; `/v1/traces` is added to it."""
    zone: str = "external"
    """Zone the collector stands in."""
    content: bool = False
    """Whether spans carry what was said, where the request's label may enter the zone."""
