"""A Word document in such an order that kreuzberg reads all of it.

kreuzberg has of a paragraph that holds a text box the box alone, and of grouped boxes and SmartArt nothing. So the words
of a frame go behind its paragraph; and the reading of a word, in small print over it, goes out: it would stand in the
middle of the sentence.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from xml.sax.saxutils import escape

_TAG = re.compile(
    rb"<(?P<close>/?)(?P<name>w:p|w:rt|w:txbxContent|mc:AlternateContent|mc:Fallback|dgm:relIds)(?=[\s/>])"
    rb"""(?P<rest>(?:"[^"]*"|'[^']*'|[^"'>])*+)>"""
)
_MODEL = re.compile(rb"""\br:dm\s*=\s*["']([^"']*)["']""")
_MARKS = (b"<w:rt", b"<w:txbxContent", b"<dgm:relIds")
_DEEPEST = 100  # elements within each other
_PARAGRAPH = '<w:p><w:r><w:t xml:space="preserve">{}</w:t></w:r></w:p>'


class _Open:
    """An element that is open: what it consists of so far, and what comes behind it if it is a paragraph."""

    def __init__(self, name: bytes) -> None:
        self.name = name
        self.parts: list[bytes] = []
        self.behind: list[bytes] = []
        self.framed = False  # Among alternatives, one with a frame has been met.


def in_order(document: bytes, diagram: Callable[[str], Iterable[str]]) -> bytes:
    """The document's XML; `diagram` has the paragraphs of SmartArt by the name of the link to its model.

    It is the same where there is none of that, or where its elements are not closed in turn.
    """
    if not any(mark in document for mark in _MARKS):
        return document
    stack, done = [_Open(b"")], 0
    for tag in _TAG.finditer(document):
        stack[-1].parts.append(document[done : tag.start()])
        done = tag.end()
        if tag["name"] == b"dgm:relIds":
            _put_behind(stack, _paragraphs(tag["rest"], diagram))
        elif tag["close"]:
            if stack[-1].name != tag["name"]:
                return document
            _close(stack, tag[0])
        elif tag["rest"].endswith(b"/"):
            stack[-1].parts.append(tag[0])
        elif len(stack) > _DEEPEST:
            return document
        else:
            stack.append(_Open(tag["name"]))
            stack[-1].parts.append(tag[0])
    return b"".join([*stack[0].parts, document[done:]]) if len(stack) == 1 else document


def _paragraphs(attributes: bytes, diagram: Callable[[str], Iterable[str]]) -> bytes:
    model = _MODEL.search(attributes)
    said = diagram(model[1].decode("utf-8", "replace")) if model else ()
    return "".join(_PARAGRAPH.format(escape(words)) for words in said).encode()


def _close(stack: list[_Open], tag: bytes) -> None:
    """The innermost element is over: it stays where it stood, or what is in it goes behind its paragraph, or nowhere."""
    over = stack.pop()
    if over.name == b"w:txbxContent":
        if not _is_told_already(stack):
            _put_behind(stack, b"".join(over.parts[1:]))
    elif over.name != b"w:rt":
        stack[-1].parts += [*over.parts, tag, *over.behind]


def _is_told_already(stack: Sequence[_Open]) -> bool:
    """Whether this is what older programs show in the place of a frame; if it is not, those that come later are."""
    alternatives = [one for one in stack if one.name == b"mc:AlternateContent"]
    if any(one.name == b"mc:Fallback" for one in stack):
        return any(one.framed for one in alternatives)
    for one in alternatives:
        one.framed = True
    return False


def _put_behind(stack: Sequence[_Open], paragraphs: bytes) -> None:
    """Behind the paragraph that is open; here where there is none."""
    for one in reversed(stack):
        if one.name == b"w:p":
            one.behind.append(paragraphs)
            return
        if one.name in (b"w:txbxContent", b""):
            stack[-1].parts.append(paragraphs)
            return
