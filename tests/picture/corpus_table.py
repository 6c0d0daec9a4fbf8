"""Writes the table of the corpus into docs/picture.md: `make corpus`."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from blurline.policy.metadata_policy import MetadataPolicy
from blurline.policy.policy import OutputFormat
from tests.picture.corpus import kinds, orientations
from tests.picture.corpus_judge import Verdict, judge, treat

GUIDE = Path(__file__).parents[2] / "docs" / "picture.md"
_BEGIN, _END = "<!-- From here on written by `make corpus`. -->\n", "<!-- Up to here. -->\n"
_OTHERS = tuple(each for each in OutputFormat if each is not OutputFormat.SAME)
_COLUMNS = (
    *("file", "colour", "bits", "ΔE, none found", "ΔE, a face found"),
    *(f"… as {each}" for each in _OTHERS),
    *("notes", "notes of another format", "what is wrong"),
)


def verdicts_of_all(folder: Path) -> list[Verdict]:
    """The verdict on every kind in every orientation under every policy, with and without a face, and with a face in
    every output format."""
    treated = []
    for kind in kinds():
        for orientation, has_face, policy in product(orientations(kind), (False, True), MetadataPolicy):
            treated.append(treat(kind, orientation, policy, has_face, folder))
        treated += [treat(kind, 1, MetadataPolicy.MAPPING, True, folder, wanted) for wanted in _OTHERS]
    return judge(treated, folder)


def table(verdicts: Sequence[Verdict]) -> str:
    """A row for each kind, with the worst difference of colours and every fault of its results."""
    rows: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        rows[verdict.treated.kind.name].append(verdict)
    lines = [" | ".join(_COLUMNS), "|".join(["---"] * len(_COLUMNS))]
    return "".join(f"| {line} |\n" for line in (*lines, *(_row(name, found) for name, found in rows.items())))


def _row(name: str, found: Sequence[Verdict]) -> str:
    same = [each for each in found if each.treated.wanted is OutputFormat.SAME]
    others = [each for each in found if each.treated.wanted is not OutputFormat.SAME]
    groups = [[each for each in same if each.treated.has_face is has_face] for has_face in (False, True)]
    groups += [[each for each in others if each.treated.wanted is wanted] for wanted in _OTHERS]
    figures = [f"{max(each.delta_e for each in group):.1f}" for group in groups]
    faults = sorted({fault.split(" instead")[0] for each in found for fault in each.faults})
    return " | ".join([name, *figures, _notes(same), _notes(others), "; ".join(faults)])


def _notes(found: Sequence[Verdict]) -> str:
    return ", ".join(sorted({f"`{note}`" for each in found for note in each.treated.notes}))


def main() -> None:
    """Judge the corpus, and write its table."""
    with tempfile.TemporaryDirectory() as folder:
        verdicts = verdicts_of_all(Path(folder))
    before, _, rest = GUIDE.read_text().partition(_BEGIN)
    GUIDE.write_text(f"{before}{_BEGIN}\n{table(verdicts)}\n{_END}{rest.partition(_END)[2]}")
    for verdict in verdicts:
        if verdict.faults:
            print(verdict.treated, *verdict.faults, sep="; ")


if __name__ == "__main__":
    main()
