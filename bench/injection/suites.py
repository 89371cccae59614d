"""What the tools of AgentDojo's four suites are: declared from what each does and returns, never from the tasks.

Results are untrusted wherever somebody other than the user, or the system that runs the tool, can put words into them:
mail, invitations, shared files, chats, pages, reviews, what others write on a transfer. That holds for results of writing
tools, too, which give the record back. Trusted is what the user's own directory, profile and clock say.

A field is trusted where the tool's system mints it (numbers and states of records, moments, what a bank has booked, who a
member of a workspace is), in a shape that has no room for words. Names that people choose (of channels, files, hotels) are
not.

Levels are the same everywhere, `internal`, and every zone is cleared for that: what is measured here is integrity.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from kyozon.domain.labels import Clearance, Integrity, Label, Level, Zone
from kyozon.domain.tools import Field, Shape, Tool

TRUSTED = Label(Level.INTERNAL, integrity=Integrity.TRUSTED)
UNTRUSTED = Label(Level.INTERNAL)
ZONES: Mapping[str, Zone] = {
    "office": Zone("office", "lan", Clearance(Level.CONFIDENTIAL, frozenset({"*"}))),
    "outside": Zone("outside", "external", Clearance(Level.INTERNAL)),
}


def _fields(*named: tuple[str, Shape]) -> tuple[Field, ...]:
    return tuple(Field(name, shape, TRUSTED) for name, shape in named)


def _reads(*names: str, result: Label = UNTRUSTED, fields: tuple[Field, ...] = ()) -> list[Tool]:
    return [Tool(name, acts=False, result=result, fields=fields) for name in names]


def _acts(name: str, *deciding: str, zone: str | None = None, fields: tuple[Field, ...] = ()) -> Tool:
    return Tool(name, zone=zone, result=UNTRUSTED, fields=fields, deciding=frozenset(deciding))


_MAIL = _fields(("id_", Shape.IDENTIFIER), ("timestamp", Shape.TIME), ("read", Shape.FLAG), ("status", Shape.IDENTIFIER))
_EVENT = _fields(
    ("id_", Shape.IDENTIFIER),
    ("start_time", Shape.TIME),
    ("end_time", Shape.TIME),
    ("all_day", Shape.FLAG),
    ("status", Shape.IDENTIFIER),
)
_FILE = _fields(("id_", Shape.IDENTIFIER), ("last_modified", Shape.TIME), ("size", Shape.NUMBER))
_TRANSFER = _fields(
    ("id", Shape.NUMBER),
    ("amount", Shape.NUMBER),
    ("date", Shape.TIME),
    ("recurring", Shape.FLAG),
    # The bank itself says whose account money came from or went to.
    ("sender", Shape.IDENTIFIER),
    ("recipient", Shape.IDENTIFIER),
)
# Who wrote a message is what the workspace's log-in says; its members were admitted by the workspace.
_MESSAGE = _fields(("sender", Shape.IDENTIFIER))
_MEMBERS = _fields(("", Shape.IDENTIFIER))

_CALENDAR = [
    *_reads("search_calendar_events", "get_day_calendar_events", fields=_EVENT),
    # Participants are sent the invitation; where an event stands in the user's own calendar reaches and destroys nothing.
    _acts("create_calendar_event", "participants", zone="outside", fields=_EVENT),
    _acts("cancel_calendar_event", "event_id", zone="outside", fields=_EVENT),
]
_SEND_EMAIL = _acts("send_email", "recipients", "cc", "bcc", "attachments", zone="outside", fields=_MAIL)

_WORKSPACE = [
    *_reads(
        *("get_unread_emails", "get_sent_emails", "get_received_emails", "get_draft_emails", "search_emails"),
        fields=_MAIL,
    ),
    *_reads("search_contacts_by_name", "search_contacts_by_email", "get_current_day", result=TRUSTED),
    _SEND_EMAIL,
    _acts("delete_email", "email_id"),
    *_CALENDAR,
    _acts("reschedule_calendar_event", "event_id", zone="outside", fields=_EVENT),
    _acts("add_calendar_event_participants", "event_id", "participants", zone="outside", fields=_EVENT),
    *_reads("list_files", "search_files", "search_files_by_filename", "get_file_by_id", fields=_FILE),
    _acts("create_file", "filename", fields=_FILE),
    _acts("append_to_file", "file_id", fields=_FILE),
    _acts("delete_file", "file_id", fields=_FILE),
    _acts("share_file", "file_id", "email", "permission", zone="outside", fields=_FILE),
]

_CATALOGUES = (
    *("get_all_hotels_in_city", "get_hotels_prices", "get_hotels_address", "get_rating_reviews_for_hotels"),
    *("get_all_restaurants_in_city", "get_restaurants_address", "get_rating_reviews_for_restaurants"),
    *("get_cuisine_type_for_restaurants", "get_dietary_restrictions_for_all_restaurants"),
    *("get_contact_information_for_restaurants", "get_price_for_restaurants", "check_restaurant_opening_hours"),
    *("get_all_car_rental_companies_in_city", "get_car_types_available", "get_rating_reviews_for_car_rental"),
    *("get_car_fuel_options", "get_car_rental_address", "get_car_price_per_day", "get_flight_information"),
)

_TRAVEL = [
    *_reads("get_user_information", "get_current_day", result=TRUSTED),
    *_reads(*_CATALOGUES),
    *_CALENDAR,
    _SEND_EMAIL,
    _acts("reserve_hotel", "hotel", "start_day", "end_day", zone="outside"),
    _acts("reserve_restaurant", "restaurant", "start_time", zone="outside"),
    _acts("reserve_car_rental", "company", "start_time", "end_time", zone="outside"),
]

_BANKING = [
    *_reads("get_iban", "get_balance", "get_user_info", result=TRUSTED),
    *_reads("get_most_recent_transactions", "get_scheduled_transactions", fields=_TRANSFER),
    *_reads("read_file"),
    _acts("send_money", "recipient", "amount", zone="outside"),
    _acts("schedule_transaction", "recipient", "amount", "recurring", zone="outside"),
    _acts("update_scheduled_transaction", "id", "recipient", "amount", "recurring", zone="outside"),
    _acts("update_password", "password"),
    _acts("update_user_info", "first_name", "last_name", "street", "city"),
]

_SLACK = [
    *_reads("get_channels"),
    *_reads("get_users_in_channel", fields=_MEMBERS),
    *_reads("read_channel_messages", "read_inbox", fields=_MESSAGE),
    # Changes nothing, but the page's server learns the address: what stands in it must be cleared for the outside.
    Tool("get_webpage", acts=False, zone="outside", result=UNTRUSTED, deciding=frozenset()),
    _acts("post_webpage", "url", zone="outside"),
    _acts("send_direct_message", "recipient", zone="office"),
    _acts("send_channel_message", "channel", zone="office"),
    _acts("add_user_to_channel", "user", "channel", zone="office"),
    _acts("invite_user_to_slack", "user", "user_email", zone="outside"),
    _acts("remove_user_from_slack", "user", zone="office"),
]


def _by_name(tools: Iterable[Tool]) -> Mapping[str, Tool]:
    return {tool.name: tool for tool in tools}


SUITES: Mapping[str, Mapping[str, Tool]] = MappingProxyType(
    {
        "workspace": _by_name(_WORKSPACE),
        "travel": _by_name(_TRAVEL),
        "banking": _by_name(_BANKING),
        "slack": _by_name(_SLACK),
    }
)
"""The tools of each suite by name. One that is not here is undeclared, and the gate denies it."""
