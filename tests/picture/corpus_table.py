"""Writes the table of the corpus into docs/picture.md: `make corpus`."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from blurline.policy.metadata_policy import MetadataPolicy
from tests.picture.corpus import kinds, orientations
from tests.picture.corpus_judge import Verdict, judge, treat

GUIDE = Path(__file__).parents[2] / "docs" / "picture.md"
_BEGIN, _END = "<!-- From here on written by `make corpus`. -->\n", "<!-- Up to here. -->\n"
_HEAD = "| file | colour | bits | ΔE, none found | ΔE, a face found | notes | what is wrong |\n"
_LINE = "|---|---|---|---|---|---|---|\n"


def verdicts_of_all(folder: Path) -> list[Verdict]:
    """The verdict on every kind in every orientation under every policy, with and without a face."""
    treated = [
        treat(kind, orientation, policy, has_face, folder)
        for kind in kinds()
        for orientation, has_face, policy in product(orientations(kind), (False, True), MetadataPolicy)
    ]
    return judge(treated, folder)


def table(verdicts: Sequence[Verdict]) -> str:
    """A row for each kind, with the worst difference of colours and every fault of its results."""
    rows: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        rows[verdict.treated.kind.name].append(verdict)
    return _HEAD + _LINE + "".join(_row(name, found) for name, found in rows.items())


def _row(name: str, found: Sequence[Verdict]) -> str:
    without, with_face = (
        max(each.delta_e for each in found if each.treated.has_face is has_face) for has_face in (False, True)
    )
    notes = sorted({f"`{note}`" for each in found for note in each.treated.notes})
    faults = sorted({fault.split(" instead")[0] for each in found for fault in each.faults})
    return f"| {name} | {without:.1f} | {with_face:.1f} | {', '.join(notes)} | {'; '.join(faults)} |\n"


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
