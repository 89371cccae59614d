"""A session over a small office: mail from anybody, a calendar, a release desk."""

from typing import Any

from kyozon.domain.labels import Clearance, Integrity, Label, Level, Zone
from kyozon.domain.tools import Call, Field, Shape, Tool, ToolPolicy, Value, Verdict
from kyozon.governance.tools.gate import judge
from kyozon.governance.tools.session import Session, result

PROMPT = Label(Level.INTERNAL, integrity=Integrity.TRUSTED)
STRANGER = Label(Level.INTERNAL)
SECRET = Label(Level.CONFIDENTIAL, frozenset({"pii"}), Integrity.TRUSTED)
ZONES = {"outside": Zone("outside", "external", Clearance(Level.INTERNAL))}
FIELDS = (Field("id", Shape.IDENTIFIER, PROMPT), Field("size", Shape.NUMBER, PROMPT), Field("", Shape.IDENTIFIER, PROMPT))

READ = Tool("read_mail", acts=False, result=STRANGER, fields=FIELDS)
SEND = Tool("send", zone="outside", result=STRANGER, deciding=frozenset({"to"}))
DELETE = Tool("delete", result=STRANGER, deciding=frozenset({"id"}))
FETCH = Tool("fetch", acts=False, zone="outside", result=STRANGER, deciding=frozenset())
RELEASE = Tool("release", zone="outside", result=STRANGER, deciding=frozenset({"zone"}), releases=True)
ASKS = Tool("pay", result=STRANGER, asks=True)
TOOLS = {tool.name: tool for tool in (READ, SEND, DELETE, FETCH, RELEASE, ASKS)}


def session(policy: ToolPolicy = "fields", name: str = "one") -> Session:
    return Session(name, policy, "policy-1", PROMPT)


def holding(one: Session, content: Any, value_id: str = "mail", label: Label | None = None) -> Session:
    """The session with a result of `read_mail`, unread."""
    value = result(one, READ, one.call(value_id, "read_mail", {}), content)
    return one.kept(value if label is None else Value(value_id, content, label, fields=FIELDS))


def verdict(call: Call, one: Session) -> Verdict:
    return judge(call, TOOLS.get(call.tool), ZONES, one)


def rules(found: Verdict) -> list[str]:
    return [objection.rule for objection in found.objections]
