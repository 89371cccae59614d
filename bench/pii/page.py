"""The tables and the words of `bench.pii`."""

from collections.abc import Iterator

from bench.pii.measuring import Measured
from bench.pii.scoring import ALL, Score
from bench.report import Page, Table

_COLUMNS = ("precision", "recall", "F1", "leaked", "hard negatives flagged")
_NOTES = (
    (
        "The texts are short, invented and made from templates: letters, forms, logs, chats, tables. Real text is less "
        "regular, so expect less. Texts of one template are alike; a hash of the template says which half a text is in. "
        "The rules were written by what the development half and texts of their author's own showed. No text of the "
        "report half was read, but its totals by type were seen several times meanwhile, and of its false finds how long "
        "they were and by which rule; at the first time F1 was .967, with a recall of .942."
    ),
    (
        "Harder texts were put aside while the rules for names and births were mended, 95 with something in them, each "
        "filled three times with names drawn by lot, every second one rare, and 111 look-alikes. Looked at for the first "
        "time: names in Japanese text 180 of 198 (188 with common names), in English text 82 of 93, dates of birth 42 of "
        "48, look-alikes flagged 7 of 111; with the rules before 172, 53, 35 and 9. A part of such texts is in "
        "`tests/samples/people.txt`."
    ),
    (
        "A span is found when nine tenths of its characters are covered by finds of its type; a find is right "
        "when half of it "
        "lies on spans of its type. An address may cover a postal code. *Leaked* is the share of spans of which "
        "more than a "
        "tenth is covered by no find at all: what would have left the house."
    ),
    (
        "Hard negatives are texts with nothing personal in them that look as if: order numbers, wrong check "
        "digits, companies and "
        "places called after people, hashes, talk about passwords."
    ),
    (
        "The second look is the independent check that must find nothing before masking counts: other people's "
        "rules and the "
        "literals that keys begin with. What it holds back goes only where personal data and secrets may go."
    ),
    (
        "Processor time is user and system time of one process on one core, after a first round that warms up. "
        "The texts are "
        "short, so what a call costs by itself weighs more than in long ones."
    ),
    (
        "The other libraries run with their own defaults, in environments of their own, and are not tuned for "
        "these texts; types "
        "that they call differently are mapped, and types that are not scored here (organisations, amounts, "
        "links) are left out."
    ),
)


def page(found: Measured) -> Page:
    """The page for people."""
    return Page(
        name="pii",
        title="How personal data and secrets are found",
        summary=_summary(found),
        plot="Recall by type, and F1 and processor time of Kyozon and other libraries",
        tables=tuple(_tables(found)),
        notes=_NOTES,
        arguments="--data FILE --peer",
    )


def _tables(found: Measured) -> Iterator[Table]:
    yield _halves(found)
    yield _types(found)
    if found.peers:
        yield _peers(found)
    yield _second(found)


def _summary(found: Measured) -> str:
    honest = found.half("report")
    return (
        f"On the half of the texts that nobody read while the rules were written, Kyozon's detectors find "
        f"**{honest.found[ALL]} of "
        f"{honest.gold[ALL]}** spans of personal data and secrets in Japanese and English (recall "
        f"{honest.recall():.3f}) with a "
        f"precision of {honest.precision():.3f}, **F1 {honest.f1():.3f}**, for {found.ours.ms_per_kb:.1f} ms of "
        f"processor time per "
        f"kB. Something is found in **{honest.flagged} of {honest.negatives}** texts that only look as if. "
        "[Mask personal data](../how-to/mask-personal-data.md) says how to use them."
    )


def _halves(found: Measured) -> Table:
    rows = {
        "report half": found.half("report"),
        "development half": found.half("development"),
        "all": found.score(),
        "all, Japanese": found.score(lambda text: text.lang == "ja"),
        "all, English": found.score(lambda text: text.lang == "en"),
    }
    return Table("What is found", ("texts", "spans", *_COLUMNS), "lrrrrrr", tuple(_row(*row) for row in rows.items()))


def _row(name: str, score: Score) -> tuple[str, ...]:
    figures = (f"{score.precision():.3f}", f"{score.recall():.3f}", f"{score.f1():.3f}", f"{score.leak:.3f}")
    return name, str(score.gold[ALL]), *figures, f"{score.flagged} of {score.negatives}"


def _types(found: Measured) -> Table:
    honest, whole = found.half("report"), found.score()
    rows = tuple(
        (kind, str(whole.gold[kind]), f"{whole.precision(kind):.3f}", f"{whole.recall(kind):.3f}", _of(honest, kind))
        for kind in sorted(whole.gold, key=lambda kind: -whole.gold[kind])
        if kind != ALL
    )
    columns = ("type", "spans", "precision", "recall", "found in the report half")
    return Table("By type", columns, "lrrrr", rows, "Precision and recall are of both halves together.")


def _of(score: Score, kind: str) -> str:
    return f"{score.found[kind]} of {score.gold[kind]}" if score.gold[kind] else ""


def _peers(found: Measured) -> Table:
    rows = [_peer("Kyozon", found.half("report"), found.ours.ms_per_kb)]
    rows += [_peer(name, found.half("report", of=name), run.ms_per_kb) for name, run in found.peers.items()]
    return Table("Beside other libraries", ("library", *_COLUMNS, "ms/kB"), "lrrrrrr", tuple(rows), "The report half.")


def _peer(name: str, score: Score, ms_per_kb: float) -> tuple[str, ...]:
    _, _, *figures = _row(name, score)
    return name, *figures, f"{ms_per_kb:.1f}"


def _second(found: Measured) -> Table:
    counts = {kind: sum(text.kind == kind for text in found.texts) for kind in found.held_back}
    rows = (
        ("texts with something in them, masked", f"{found.held_back['pii']} of {counts['pii']}"),
        ("hard negatives", f"{found.held_back['hard_negative']} of {counts['hard_negative']}"),
        ("processor time", f"{found.second:.2f} ms/kB"),
    )
    return Table("What the second look holds back", ("", "held back"), "lr", rows)
