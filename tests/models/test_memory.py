"""Memory that large pictures used is returned to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.pictures import GROUP

_MOST_KEPT_MB = 150

# A process of its own: the memory of the test process is a matter of the tests before.
_MEASURE = """
import sys
from pathlib import Path

import psutil
from PIL import Image

from blurline import open_photo
from blurline.picture.malloc_tuning import tune_malloc
from blurline.settings import Settings
from models import anonymize, load_detectors, release_memory
from tests.pictures import encoded


def show_rss_mb():
    print(round(psutil.Process().memory_info().rss / 1e6))


tune_malloc()
load_detectors(Settings())
show_rss_mb()
large = Image.open(Path(sys.argv[1])).resize((6000, 3750))
anonymize(open_photo(encoded(large, "JPEG")))
del large
show_rss_mb()
release_memory(Settings())
show_rss_mb()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' allocators decide themselves")
def test_memory_of_a_large_picture_is_returned_at_rest() -> None:
    done = subprocess.run([sys.executable, "-c", _MEASURE, str(GROUP)], check=True, capture_output=True, text=True)
    loaded_mb, after_mb, rest_mb = map(int, done.stdout.split())
    assert after_mb > loaded_mb + _MOST_KEPT_MB, "the picture is large enough to show the difference"
    assert rest_mb < loaded_mb + _MOST_KEPT_MB
