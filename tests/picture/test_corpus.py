"""The corpus, judged by programs that are not ours: a sample in every run, all of it in the long ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blurline.policy.metadata_policy import MetadataPolicy
from tests.picture.corpus import TOOLS, kinds, orientations
from tests.picture.corpus_judge import Verdict, judge, treat
from tests.picture.corpus_table import GUIDE, verdicts_of_all

pytestmark = pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason=f"needs {', '.join(TOOLS)}")


def _faults(verdicts: list[Verdict]) -> dict[str, tuple[str, ...]]:
    return {str(verdict.treated): verdict.faults for verdict in verdicts if verdict.faults}


@pytest.mark.parametrize("container", ["JPEG", "WEBP", "TIFF", "AVIF"])
def test_a_sample_of_the_corpus_comes_back_meaning_what_it_meant(container: str, tmp_path: Path) -> None:
    kind = next(each for each in kinds() if each.container == container and each.colour == "ICC profile")
    both = [treat(kind, 6, MetadataPolicy.MAPPING, has_face, tmp_path) for has_face in (False, True)]
    assert _faults(judge(both, tmp_path)) == {}


def test_the_table_has_every_kind_of_the_corpus() -> None:
    guide = GUIDE.read_text()
    assert [kind.name for kind in kinds() if f"| {kind.name} |" not in guide] == []


@pytest.mark.long
def test_the_corpus_comes_back_meaning_what_it_meant(tmp_path: Path) -> None:
    verdicts = verdicts_of_all(tmp_path)
    assert len(verdicts) == sum(6 * len(orientations(kind)) + 3 for kind in kinds())
    assert _faults(verdicts) == {}
