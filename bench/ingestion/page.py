"""The figures, the tables and the words of `bench.ingestion`."""

from msgspec import Struct

from bench.ingestion.killed import Killed
from bench.ingestion.large import Large
from bench.report import Metrics, Page, Table

_NOTES = (
    (
        "`kyozon ingest` sends a folder of small files to a server, which is killed (SIGKILL) up to a second after 3 to 18 "
        "more of them are complete, every third time with its database, as is the command; both are started again, and so "
        "on. After each kill every document that is called complete is read back and compared; at the end all are."
    ),
    "*Again* is the same command once more, on the same files: how many requests to models it made.",
    (
        "The large file is a PDF written on the fly: on each page thirty lines of words and a picture of 97 kB of noise. "
        "It goes through `kyozon ingest`, the server, the process that reads documents, and the database. Memory is the "
        "most that each process ever held (`VmHWM`); PostgreSQL keeps to its settings and is left out."
    ),
    (
        "The embedder is a server on loopback that answers with hashes, so that the time is Kyozon's own. With the "
        "embedder that comes along each chunk costs some tenths of a second of a processor on top."
    ),
)


class Measured(Struct, frozen=True):
    """Both halves."""

    killed: Killed
    large: Large


def metrics(found: Measured) -> Metrics:
    """One flat object."""
    killed, large = found.killed, found.large
    return {
        "files": killed.files,
        "kills": len(killed.complete),
        "whole": killed.whole,
        "broken": killed.broken,
        "missing": killed.missing,
        "twice": killed.twice,
        "again_decisions": killed.again_decisions,
        "again_s": killed.again_seconds,
        "large_pages": large.pages,
        "large_mib": large.mebibytes,
        "large_chunks": large.chunks,
        "large_s": large.seconds,
        "server_idle_mib": large.idle,
        "server_peak_mib": large.server,
        "reader_peak_mib": large.reader,
        "sender_peak_mib": large.sender,
    }


def page(found: Measured) -> Page:
    """The page for people."""
    return Page(
        name="ingestion",
        title="Taking documents in",
        summary=_summary(found),
        plot="Documents complete after each kill, and the memory of each process that a large file goes through",
        tables=(_kills(found.killed), _memory(found.large)),
        notes=_NOTES,
    )


def _summary(found: Measured) -> str:
    killed, large = found.killed, found.large
    return (
        f"**{killed.whole} of {killed.files} files are whole after {len(killed.complete)} kills** in the middle of taking "
        f"them in; {killed.missing} are missing, {killed.broken} broken, {killed.twice} there twice. The same folder once "
        f"more costs {killed.again_decisions} requests to models. A PDF of **{large.mebibytes:,.0f} MiB and "
        f"{large.pages:,} pages** is taken in while the server holds at most **{large.server:,.0f} MiB** "
        f"({large.idle:,.0f} before) and the process that reads it {large.reader:,.0f} MiB. "
        "[How to take documents in](../how-to/ingest-documents.md)."
    )


def _kills(killed: Killed) -> Table:
    rows = [(f"{place + 1}", f"{count}") for place, count in enumerate(killed.complete)]
    rows.append(("at the end", f"{killed.whole}"))
    return Table(
        f"{killed.files} files, killed again and again",
        ("kill", "complete, and whole"),
        "lr",
        tuple(rows),
        f"In {killed.seconds:,.0f} s, starts included.",
    )


def _memory(large: Large) -> Table:
    rows = (
        ("server before", f"{large.idle:,.0f}"),
        ("server", f"{large.server:,.0f}"),
        ("process that reads documents", f"{large.reader:,.0f}"),
        ("`kyozon ingest`", f"{large.sender:,.0f}"),
    )
    note = f"{large.mebibytes:,.0f} MiB, {large.pages:,} pages, {large.chunks:,} chunks, in {large.seconds:,.0f} s."
    return Table("One large file", ("process", "MiB at most"), "lr", rows, note)
