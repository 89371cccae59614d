"""From a file to its text: finds out what it is, and has it read."""

from pathlib import Path, PurePath

from kyozon.domain.knowledge import Parsed
from kyozon.parsing import refusals
from kyozon.parsing.characters import declared_in_page, decoded
from kyozon.parsing.kinds import Kind, kind_of
from kyozon.parsing.mail import parse_mail
from kyozon.parsing.office import parse_office
from kyozon.parsing.pdf import parse_pdf
from kyozon.parsing.plain import parse_markdown, parse_separated, parse_text
from kyozon.parsing.scans import parse_picture
from kyozon.parsing.web import parse_page
from kyozon.ports.knowledge_parsing import Report

_HEAD = 1 << 16  # In an encrypted file of Office, what says so stands there.


def parse_file(path: Path, filename: str, report: Report) -> Parsed:
    """As `ports.knowledge_parsing.DocumentParser`, in this very process: a file may take as long as it likes."""
    with path.open("rb") as file:
        kind = kind_of(file.read(_HEAD), filename)
    title = PurePath(filename.replace("\\", "/")).stem
    if kind is Kind.PDF:
        return parse_pdf(path, title, report)
    if kind is Kind.OFFICE:
        return parse_office(path, title, report)
    if kind is Kind.PICTURE:
        return parse_picture(path, title, report)
    raw = path.read_bytes()
    return parse_mail(raw, title) if kind is Kind.MAIL else _parse_plain(kind, raw, title)


def _parse_plain(kind: Kind, raw: bytes, title: str) -> Parsed:
    text = decoded(raw, declared_in_page(raw) if kind is Kind.PAGE else None)
    if text is None:
        raise refusals.unsupported()
    if kind is Kind.PAGE:
        return parse_page(text, title)
    if kind is Kind.MARKDOWN:
        return parse_markdown(text, title)
    if kind in (Kind.COMMA_SEPARATED, Kind.TAB_SEPARATED):
        return parse_separated(text, title, "\t" if kind is Kind.TAB_SEPARATED else None)
    return parse_text(text, title)
