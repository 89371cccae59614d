"""Words in drawings of Office that kreuzberg passes over: SmartArt, and shapes that lie on the sheets of Excel."""

from collections import defaultdict
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from kyozon.parsing.office_parts import Parts

_MOST_DIGITS = 10  # of an unsigned number of 32 bits
_OF_THE_LOOK = ("pres", "parTrans", "sibTrans")  # points that hold no words of the author's


class Drawings:
    """The drawings of one file. Each is read where it stands first."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._met: set[str] = set()

    def on_slide(self, part: str) -> list[str]:
        """The words of the SmartArt on a slide, paragraph by paragraph; those of shapes kreuzberg has."""
        return [words for one in self._parts.linked(part, "diagramData") for words in self.in_diagram(one)]

    def on_sheet(self, part: str) -> list[str]:
        """The words of shapes and SmartArt on a sheet, paragraph by paragraph."""
        found: list[str] = []
        for drawing in self._parts.linked(part, "drawing"):
            if drawing not in self._met:
                self._met.add(drawing)
                found += (words for body in _named(self._parts.root(drawing), "txBody") for words in _paragraphs(body))
                found += self.on_slide(drawing)
        return found

    def in_diagram(self, part: str) -> list[str]:
        """The words of the SmartArt whose model is in a part: what hangs on a point comes after it."""
        if part in self._met:
            return []
        self._met.add(part)
        model = self._parts.root(part)
        points = [point for point in _named(model, "pt") if point.get("type") not in _OF_THE_LOOK]
        words = {
            point.get("modelId", ""): [one for body in _named(point, "t") for one in _paragraphs(body)] for point in points
        }
        return [one for point in _in_order(model, list(words)) for one in words.pop(point, ())]


def _in_order(model: ET.Element, points: list[str]) -> Iterator[str]:
    """The points from the root down, and after them those that hang on nothing; one that is in a circle comes again."""
    below: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for link in _named(model, "cxn"):
        if link.get("type", "parOf") == "parOf":
            below[link.get("srcId", "")].append((_place(link.get("srcOrd", "")), link.get("destId", "")))
    hanging = {point for children in below.values() for _, point in children}
    waiting = [*reversed(points), *reversed([point for point in points if point not in hanging])]
    while waiting:
        point = waiting.pop()
        yield point
        waiting += (child for _, child in sorted(below.pop(point, ()), reverse=True))


def _place(number: str) -> int:
    """Which one below its point it is; the first where that is no number, or none that Office would write."""
    return int(number) if number.isdecimal() and len(number) <= _MOST_DIGITS else 0


def _paragraphs(body: ET.Element) -> Iterator[str]:
    for paragraph in _named(body, "p"):
        if words := "".join(one.text or "" for one in _named(paragraph, "t")):
            yield words


def _named(element: ET.Element, name: str) -> Iterator[ET.Element]:
    """What is in it by that name, in whichever namespace: Office has two for everything."""
    return (one for one in element.iter() if one.tag.rpartition("}")[2] == name)
