"""Where the parts of a quality model lie among the arrays of its file."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kyozon.routing.estimating.abilities import TIERS
from kyozon.routing.estimating.contents import Contents
from kyozon.routing.estimating.eye import Eye, Meaning
from kyozon.routing.estimating.forest import Forest
from kyozon.routing.estimating.panels import Panels
from kyozon.routing.estimating.seeing import Lens
from kyozon.routing.estimating.shape import NAMES
from kyozon.routing.estimating.standing import Standing
from kyozon.routing.estimating.words import BUCKETS

Arrays = dict[str, NDArray[Any]]

TREES = ("feature", "threshold", "right", "value", "roots", "targets")
LENGTH = 1
DEEPEST = 64
DIMENSIONS = 384
_COMPANY = 2


def lens_of(contents: Contents, arrays: Arrays) -> Lens:
    """The lens; raises `ValueError` for arrays that do not fit together."""
    domains, targets = len(contents.domains), TIERS + len(contents.anchors)
    expected = {
        "evidence": (BUCKETS, domains),
        "absence": (domains,),
        "usual": (domains,),
        "rarity": (BUCKETS,),
        "weights": (BUCKETS, targets),
        "weight steps": (targets,),
        "means": (targets,),
        "typical": (domains, 2),
    }
    _check(arrays, expected)
    return Lens(
        evidence=arrays["evidence"],
        evidence_step=contents.numbers.get("evidence step", 0.0),
        absence=_double(arrays["absence"]),
        usual=_double(arrays["usual"]),
        patience=contents.numbers.get("patience", 0.0),
        rarity=arrays["rarity"].astype(np.float32),
        weights=arrays["weights"],
        weight_steps=_double(arrays["weight steps"]),
        means=_double(arrays["means"]),
        typical=_double(arrays["typical"]),
        panels=panels_of(contents, arrays),
    )


def panels_of(contents: Contents, arrays: Arrays) -> Panels:
    """The panels, none in a file without them; raises `ValueError` for arrays that do not fit together."""
    anchors, domains = len(contents.anchors), len(contents.domains)
    count = len(arrays.get("panel trust", ()))
    members = arrays.get("panel members", np.zeros((0, anchors)))
    columns = int(np.count_nonzero(members)) - count
    shapes: dict[str, tuple[int, ...]] = {
        "panel domains": (count, domains),
        "panel members": (count, anchors),
        "panel trust": (count,),
        "panel words": (BUCKETS, columns),
        "panel steps": (columns,),
        "panel form": (len(NAMES), columns),
        "panel offset": (columns,),
    }
    if "panel trust" not in arrays:
        return Panels(*(np.zeros(shape) for shape in shapes.values()))
    _check(arrays, shapes)
    few = (np.count_nonzero(members, axis=1) < _COMPANY).any()
    if few or members.max(initial=0) > 1 or arrays["panel domains"].max(initial=0) > 1:
        raise ValueError("a panel of the quality model has not two members, or counts one twice")
    return Panels(*(arrays[name] if name == "panel words" else _double(arrays[name]) for name in shapes))


def standing_of(contents: Contents, arrays: Arrays) -> Standing | None:
    """How the anchors stand to each other, where the file says it; raises `ValueError` for arrays that do not fit."""
    if "standing usual" not in arrays:
        return None
    anchors, width = len(contents.anchors), len(NAMES)
    shapes: dict[str, tuple[int, ...]] = {
        "usual": (anchors,),
        "middle": (width,),
        "scale": (width,),
        "slopes": (width, anchors),
    }
    _check(arrays, {f"standing {name}": shape for name, shape in shapes.items()})
    if (arrays["standing scale"] <= 0).any():
        raise ValueError("the quality model's standing scale is not above nought")
    return Standing(*(_double(arrays[f"standing {name}"]) for name in shapes))


def eye_of(contents: Contents, arrays: Arrays, *, vector: bool) -> Eye:
    """The eye for words alone or for words and vector; raises `ValueError` for arrays that do not fit together."""
    kind = "vector " if vector else ""
    domains, anchors = len(contents.domains), len(contents.anchors)
    targets = TIERS + anchors
    _check(arrays, {"expected": (domains, targets), f"{kind}stack": (anchors, 5 if vector else 4)})
    meaning = None
    width = len(NAMES) + 1 + 2 * targets
    if vector:
        meaning = _meaning(arrays, targets)
        width += targets
    return Eye(
        expected=_double(arrays["expected"]),
        tiers=_forest(arrays, f"{kind}tiers", TIERS + LENGTH, width),
        anchors=_forest(arrays, f"{kind}anchors", anchors, width + TIERS),
        stack=_double(arrays[f"{kind}stack"]),
        panels=panels_of(contents, arrays),
        meaning=meaning,
    )


def meaning_arrays(meaning: Meaning) -> Arrays:
    """A regression on vectors as arrays of a file."""
    return {
        "middle": meaning.middle.astype("<f4"),
        "centres": meaning.centres.astype("<f2"),
        "meaning": meaning.weights.astype("<f4"),
        "meaning means": meaning.means.astype("<f4"),
    }


def _meaning(arrays: Arrays, targets: int) -> Meaning:
    count = len(arrays["meaning"])
    shapes: dict[str, tuple[int, ...]] = {"middle": (DIMENSIONS,), "centres": (count, DIMENSIONS)}
    _check(arrays, shapes | {"meaning": (count, targets), "meaning means": (targets,)})
    single = [arrays[name].astype(np.float32) for name in ("middle", "centres")]
    return Meaning(single[0], single[1], _double(arrays["meaning"]), _double(arrays["meaning means"]))


def forest_arrays(forest: Forest, name: str) -> Arrays:
    """A forest as arrays of a file. A node's left child is the next node, and a leaf leads to itself."""
    place = "<u2" if len(forest.right) <= np.iinfo("<u2").max else "<i4"
    kinds = {"feature": "u1", "threshold": "<f4", "right": place, "value": "<f2", "roots": place, "targets": "u1"}
    arrays = {f"{name} {part}": np.asarray(getattr(forest, part)).astype(kind) for part, kind in kinds.items()}
    return arrays | {f"{name} depth": np.array([forest.depth], dtype=np.int32)}


def _forest(arrays: Arrays, name: str, width: int, features: int) -> Forest:
    _check(arrays, {f"{name} depth": (1,)})
    parts = {part: arrays.get(f"{name} {part}") for part in TREES}
    if any(part is None or part.ndim != 1 for part in parts.values()):
        raise ValueError(f"the quality model lacks a part of its {name}")
    depth = int(arrays[f"{name} depth"][0])
    if not 0 < depth <= DEEPEST:
        raise ValueError(f"the trees of the {name} are {depth} deep")
    ready = {part: _ready(array) for part, array in parts.items() if array is not None}
    places = np.arange(len(ready["right"]))
    left = np.where(ready["right"] == places, places, places + 1)
    forest = Forest(**ready, left=left, depth=depth, width=width)
    trouble = forest.trouble(features)
    if trouble:
        raise ValueError(trouble)
    return forest


def _ready(array: NDArray[Any]) -> NDArray[Any]:
    """Indices in the machine's own width and values in single precision: nothing is converted on each walk."""
    return array.astype(np.float32 if array.dtype.kind == "f" else np.intp)


def _double(array: NDArray[Any]) -> NDArray[np.float64]:
    return array.astype(np.float64)


def _check(arrays: Arrays, shapes: dict[str, tuple[int, ...]]) -> None:
    for name, shape in shapes.items():
        if name not in arrays or arrays[name].shape != shape:
            raise ValueError(f"the quality model's {name} should be an array of {shape}")
