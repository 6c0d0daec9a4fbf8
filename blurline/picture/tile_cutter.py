"""The process that cuts one file into tiles, which its input names: `python -m blurline.picture.tile_cutter`."""

from __future__ import annotations

import json
import resource
import sys
import threading
from pathlib import Path

from blurline.errors import PictureError
from blurline.limits import Limits
from blurline.picture.decode import open_photo
from blurline.picture.tile_cutting import cut_tiles
from blurline.picture.tile_process import REFUSED

_MEMORY_BYTES, _STACK_BYTES = 2_300_000_000, 1 << 20
_TOO_LARGE = "The picture is too large to be cut into tiles on request. Download the file to see it at full size."


def main(request: str) -> str | None:
    """Cut the file; why it cannot be cut, or None."""
    given = json.loads(request)
    threading.stack_size(_STACK_BYTES)
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    try:
        photo = open_photo(Path(given["source"]).read_bytes(), Limits(**given["limits"]), merges=given["merges"])
        with Path(given["target"]).open("wb") as file:
            cut_tiles(photo.frames, file)
    except MemoryError:
        return _TOO_LARGE
    except PictureError as error:
        return _TOO_LARGE if isinstance(error.__cause__, MemoryError) else str(error)
    return None


if __name__ == "__main__":
    request = sys.stdin.read()
    if not request:
        sys.exit()  # nobody needs it any more
    refusal = main(request)
    sys.stdout.write(refusal or "")
    sys.exit(REFUSED if refusal else 0)
