"""The plot of `bench.injection`: what goes on by itself, and what people are asked, under each policy."""

from matplotlib.figure import Figure

from bench.injection.findings import POLICIES, Measured
from bench.plots import BLUE, ORANGE, canvas, tidy


def figure(found: Measured) -> Figure:
    """Two rows of bars, a bar for each policy."""
    drawn = canvas(8, 4.2)
    tasks, asked = drawn.subplots(2, 1)
    shares = [found.alone(policy) for policy in POLICIES]
    tasks.barh(POLICIES, [100 * done / of for done, of in shares], color=BLUE, height=0.55)
    for place, (done, of) in enumerate(shares):
        tasks.annotate(f"{done} of {of}", (100 * done / of, place), (5, 0), textcoords="offset points", va="center")
    tasks.set_xlim(0, 100)
    tasks.invert_yaxis()
    tidy(
        tasks,
        "Tasks done with nobody asked; attacks through tools that succeed: "
        f"{max(found.total(policy) for policy in POLICIES)}",
        "percent",
    )
    counts = [found.approvals(policy) / of for policy, (_, of) in zip(POLICIES, shares, strict=True)]
    asked.barh(POLICIES, counts, color=ORANGE, height=0.55)
    for place, count in enumerate(counts):
        asked.annotate(f"{count:.2f}", (count, place), (5, 0), textcoords="offset points", va="center")
    asked.set_xlim(0, max(counts) * 1.15 or 1)
    asked.invert_yaxis()
    tidy(asked, "Approvals a task, so that all tasks are done", "approvals")
    return drawn
