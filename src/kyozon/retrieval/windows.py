"""What of a chunk is embedded at once: whole sentences, few enough that one vector can say what they are about.

A vector of a whole page says what the page is about, and loses the sentence that answers a question. So a chunk has a
vector for each window of about a hundred tokens, and is as near to a query as the nearest of them.
"""

from kyozon.retrieval.sentences import sentences
from kyozon.retrieval.splitting import estimated

TOKENS = 96


def windows(text: str, context: str = "", tokens: int = TOKENS) -> tuple[str, ...]:
    """The texts to embed for a chunk, each with its context in front; about equally long, cut between sentences."""
    parts = [text[start:end] for start, end in sentences(text, 0, len(text))]
    costs = [estimated(part) for part in parts]
    most = max(1, round(sum(costs) / tokens))
    held, used, cut = [""], 0, sum(costs) / most
    for part, cost in zip(parts, costs, strict=True):
        if held[-1] and used + cost / 2 > cut * len(held):
            held.append("")
        held[-1] += part
        used += cost
    said = [window.strip() for window in held if window.strip()] or [text]
    return tuple(f"{context}\n{window}" if context else window for window in said)
