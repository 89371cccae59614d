"""Links and images in answers that would carry data to hosts nobody has cleared, made inert.

A browser that renders an answer fetches its images by itself, and people click: what an injected instruction has put into
such an address leaves. The page that renders is a zone, and every host outside the allow-list another, cleared for nothing.

Nothing is parsed and no renderer is trusted to read Markdown as another does. Wherever in the text, in code, too, a
destination could begin, it is let be if it is plainly local or on an allowed host; else one character is put in that ends
it as a destination for every reader:

    ](destination        inline links and images             ] (destination
    ]: destination       reference-style definitions         ] :destination
    <tag attribute       HTML with attributes, autolinks     < tag attribute
    scheme://, www.      bare addresses                      scheme[:]//, www[.]

Each decision looks ahead a bounded way and at nothing before, so that any chunking of a stream gives the same text.
"""

import re
from typing import Literal

from msgspec import Struct

LinkMode = Literal["mark", "strip"]
"""`mark` leaves the address readable, `strip` takes it out."""

REMOVED = "[link removed]"
_LONGEST_HOST = 253
_WINDOW = 320
"""Most characters looked at for one decision: a scheme, a host, a port and what ends them."""
_TRIGGER = re.compile(r"[\]<hHfFwW]")
_END = re.compile(r"[\s)>\]\"'<`]")
_ADDRESS = re.compile(r"(https?)://([a-z0-9.-]+)(?::[0-9]{1,5})?", re.IGNORECASE)
# What ends a host for every reader, in a browser's sense; other punctuation may be part of one, unless a blank follows.
_CLOSING, _CLOSERS = ")\"'`.,;:!*_}", 8
_AFTER_HOST = re.compile(rf"[/?#\s<>\[\]^|]|[{_CLOSING}]{{1,{_CLOSERS}}}(?:\s|\Z)")
_CLOSED = re.compile(_AFTER_HOST.pattern + r"|\)(?![A-Za-z0-9-]|[.\u3002\uff0e\uff61][A-Za-z0-9-])")
_BLANK = re.compile(r"\s")
_SCHEME = re.compile(r"https?|ftps?|wss?", re.IGNORECASE)
_COLON = re.compile(r":(?=[/\\&])|&colon;|&#0{0,6}58;?|&#x0{0,6}3a;?", re.IGNORECASE)
_LONGEST_COLON = len("&#0000058;")
_BEGINS = ("http", "https", "ftp", "ftps", "ws", "wss", "www.")
_SCHEME_CHARACTERS = re.compile(r"[A-Za-z0-9+.-]*")
_OPEN_AUTOLINK = re.compile(r"<[^\s<>=\"'`]*")
_AUTOLINK = re.compile(_OPEN_AUTOLINK.pattern + ">")
_LOADS = frozenset({"style", "script", "svg", "math"})


class LinkRules(Struct, frozen=True):
    """What to do with addresses outside `hosts`: names such as `example.com`, or `*.example.com` for all under it."""

    mode: LinkMode
    hosts: frozenset[str] = frozenset()

    def allows(self, host: str) -> bool:
        """Whether a host is on the list; a star stands for at least one name before the rest."""
        name = host.lower().rstrip(".")
        parents = name.split(".")[1:]
        if len(name) > _LONGEST_HOST:
            return False
        return name in self.hosts or any("*." + ".".join(parents[at:]) in self.hosts for at in range(len(parents)))


class _Step(Struct, frozen=True):
    """What stands instead of the next `length` characters; `drops` takes out what follows, up to the address's end."""

    text: str
    length: int
    drops: bool = False


def neutralised(text: str, rules: LinkRules) -> str:
    """A whole text with its remote links made inert."""
    links = LinkFilter(rules)
    return links.feed(text) + links.finish()


def harmless(address: str, rules: LinkRules) -> str:
    """A field that is an address as a whole: as it is where it is surely local or on an allowed host, else inert.

    It is judged as a link's destination is, which forgives less than bare text: `//host` and `data:` are one, too.
    """
    said = (address, neutralised(address, rules))
    return next((one for one in said if _leads_nowhere(one, rules)), REMOVED)


def _leads_nowhere(address: str, rules: LinkRules) -> bool:
    """Whether an address is let be as a link's destination, also without the blanks that a browser takes out of it."""
    links = (f"[]({said})" for said in (address, "".join(character for character in address if character > " ")))
    return all(neutralised(link, rules) == link for link in links)


class LinkFilter:
    """The same for one stream of text. What could still become a link is held back: some 300 characters at most."""

    def __init__(self, rules: LinkRules) -> None:
        self._rules = rules
        self._held = ""
        self._dropping = False

    def feed(self, text: str) -> str:
        """What can be passed on now."""
        self._held += text
        return self._run(last=False)

    def finish(self) -> str:
        """The rest, when nothing follows."""
        return self._run(last=True)

    def _run(self, *, last: bool) -> str:
        text, at, out = self._held, 0, []
        while at < len(text):
            if self._dropping:
                end = _END.search(text, at)
                at = end.start() if end else len(text)
                self._dropping = end is None
                continue
            found = _TRIGGER.search(text, at)
            begin = found.start() if found else len(text)
            out.append(text[at:begin])
            at = begin
            if at == len(text):
                break
            step = _decide(_Window.at(text, at, last=last), self._rules)
            if step is None:
                break
            out.append(step.text)
            at += step.length
            self._dropping = step.drops
        self._held = text[at:]
        return "".join(out)


class _Window(Struct, frozen=True):
    """The text that a decision may look at, from a trigger on.

    `ended` says that the text ends with it; `full` that no more is looked at. With neither, more may come.
    """

    text: str
    ended: bool
    full: bool

    @classmethod
    def at(cls, text: str, begin: int, *, last: bool) -> "_Window":
        shown = text[begin : begin + _WINDOW]
        full = len(text) - begin >= _WINDOW
        return cls(shown, last and not full, full)

    def lacks(self, place: int) -> bool:
        """Whether the character at `place` must be awaited."""
        return place >= len(self.text) and not self.ended and not self.full


def _decide(window: _Window, rules: LinkRules) -> _Step | None:
    """The step at a trigger; None where more of the text is needed."""
    first = window.text[0]
    if first == "]":
        return _after_bracket(window, rules)
    if first == "<":
        return _tag(window, rules)
    return _bare(window, rules)


def _after_bracket(window: _Window, rules: LinkRules) -> _Step | None:
    text = window.text
    if window.lacks(1):
        return None
    if text[1:2] not in ("(", ":"):
        return _Step("]", 1)
    begin = 2
    while text[begin : begin + 1].isspace() or text[begin : begin + 1] == ">":  # in a quotation the next line begins so
        begin += 1
    angle = text[begin : begin + 1] == "<"
    begin += angle
    verdict = _destination(window, begin, rules, angle=angle)
    if verdict is None:
        return None
    kept = 2 if angle else verdict  # what follows the bracket is looked at for itself
    return _Step(text[:kept], kept) if verdict else _Step("] ", 1)


def _destination(window: _Window, begin: int, rules: LinkRules, *, angle: bool) -> int | None:
    """How far the text is surely harmless, 0 where it is not; None where more of it is needed."""
    text = window.text
    scheme = _SCHEME_CHARACTERS.match(text, begin)
    at = scheme.end() if scheme else begin
    if at == len(text):
        return None if window.lacks(at) else 2 if window.ended else 0
    following = text[at]
    if following == ":":
        return _allowed(window, begin, rules, closed=text[1] == "(" or angle)
    slash = following == "/" and at == begin
    if slash and window.lacks(at + 1):
        return None
    # A second slash, or what a reader may take for one or for a colon, makes it remote; so may what a browser strips.
    doubtful = text[at + 1 : at + 2] if slash else following
    remote = doubtful in ("&", "\\", "/") if slash else doubtful in ("&", "\\")
    stripped = doubtful <= " " and (angle or not doubtful.isspace())
    return 0 if remote or (stripped and doubtful) else 2


def _allowed(window: _Window, begin: int, rules: LinkRules, *, closed: bool = False) -> int | None:
    """Where the host of the address at `begin` ends if it is allowed, else 0; None where more of the text is needed.

    `closed` is an address that a bracket ends.
    """
    address = _ADDRESS.match(window.text, begin)
    if address is None:
        lowered = window.text[begin:].lower()
        unfinished = window.lacks(len(window.text)) and "https://".startswith(lowered.replace("http:", "https:"))
        return None if unfinished else 0
    return _ending(window, address.end(), rules.allows(address.group(2)), _CLOSED if closed else _AFTER_HOST)


def _ending(window: _Window, at: int, allowed: bool, after: re.Pattern[str]) -> int | None:  # noqa: FBT001 - private
    """`at` if an allowed host ends there, else 0; None where that cannot be seen yet."""
    if window.lacks(at):
        return None
    if not allowed:
        return 0
    unclear = window.text[at : at + 1] in _CLOSING and window.lacks(at + _CLOSERS + 1)
    if unclear and not _BLANK.search(window.text, at):
        return None
    ends = (at == len(window.text) and window.ended) or after.match(window.text, at) is not None
    return at if ends else 0


def _tag(window: _Window, rules: LinkRules) -> _Step | None:
    text = window.text
    if window.lacks(1):
        return None
    if not (text[1:2].isascii() and text[1:2].isalpha()):
        return _Step("<", 1)
    at = 1
    while at < len(text) and text[at] not in "/>" and not text[at].isspace():
        at += 1
    if window.lacks(at) or window.lacks(at + 1):
        return None
    name = text[1:at].lower()
    closed = text[at : at + 1] == ">" or text[at : at + 2] == "/>" or (at == len(text) and window.ended)
    if ":" in name:
        return _autolink(window, rules)
    return _Step("<", 1) if closed and name not in _LOADS else _Step("< ", 1)


def _autolink(window: _Window, rules: LinkRules) -> _Step | None:
    """An address between angle brackets, up to its end: a page that takes text for HTML would find attributes in others."""
    end = _AUTOLINK.match(window.text)
    if end is None and window.lacks(len(window.text)) and _OPEN_AUTOLINK.fullmatch(window.text):
        return None
    verdict = _allowed(window, 1, rules) if end else 0
    return _Step(end.group(), end.end()) if end and verdict else _Step("< ", 1)


def _bare(window: _Window, rules: LinkRules) -> _Step | None:
    text = window.text
    lowered = text[:5].lower()
    if not window.ended and len(text) < len("https:") and any(begin.startswith(lowered) for begin in _BEGINS):
        return None
    if lowered.startswith("www."):
        return _www(window, rules)
    scheme = _SCHEME.match(text)
    return _Step(text[0], 1) if scheme is None else _address(window, scheme.group(), rules)


def _address(window: _Window, scheme: str, rules: LinkRules) -> _Step | None:
    text, at = window.text, len(scheme)
    needed = _LONGEST_COLON if text[at : at + 1] == "&" else 1
    if window.lacks(at + needed):
        return None
    colon = _COLON.match(text, at)
    if colon is None:
        return _Step(text[0], 1)
    return _judged(_allowed(window, 0, rules), text, rules, _Step(f"{scheme}[:]", colon.end()))


def _judged(verdict: int | None, text: str, rules: LinkRules, marked: _Step) -> _Step | None:
    """What becomes of an address: an allowed one stays up to the end of its host."""
    if verdict is None:
        return None
    if verdict:
        return _Step(text[:verdict], verdict)
    return _Step(REMOVED, marked.length, drops=True) if rules.mode == "strip" else marked


def _www(window: _Window, rules: LinkRules) -> _Step | None:
    text = window.text
    if window.lacks(4):
        return None
    if not text[4:5].isalnum():
        return _Step(text[:4], 4)
    host = re.match(r"[a-z0-9.-]+", text, re.IGNORECASE)
    at = host.end() if host else 4
    verdict = _ending(window, at, host is not None and rules.allows(host.group()), _AFTER_HOST)
    return _judged(verdict, text, rules, _Step(f"{text[:3]}[.]", 4))
