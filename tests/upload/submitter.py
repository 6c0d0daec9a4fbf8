"""A user of `blurline submit`."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import psycopg

from blurline.ids import new_id
from blurline.settings import Settings
from blurline.storage.store import Store
from tests.simulated_worker import redacted
from tests.waiting import TIMEOUT_S

PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
"""A picture of one pixel. What follows it in a file is no part of the picture."""


@dataclass
class Submitter:
    """A folder of photographs, a folder for the results, and the command that submits them."""

    url: str
    settings: Settings
    store: Store
    photos: Path
    results: Path
    user: str = field(default_factory=lambda: str(new_id()))

    def start(self, *arguments: object, api: str | None = None) -> subprocess.Popen[str]:
        """Start the command on the folder of photographs."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("BLURLINE_")}
        return subprocess.Popen(
            [
                sys.executable, "-m", "blurline", "submit", *map(str, arguments or [self.photos, "--recursive"]),
                "-o", str(self.results), "--user", self.user,
            ],
            env=clean | {"BLURLINE_HOME": str(self.settings.home), "BLURLINE_API_URL": api or self.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )  # fmt: skip

    def run(self, *arguments: object, api: str | None = None) -> tuple[int, str]:
        """Run the command; its exit code and output."""
        process = self.start(*arguments, api=api)
        said, _ = process.communicate(timeout=TIMEOUT_S)
        return process.returncode, said

    def photograph(self, name: str, content: bytes = b"") -> Path:
        """Write a small picture whose file ends with unique content."""
        path = self.photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PIXEL + (content or f"the picture {name}".encode()))
        return path

    def uploads(self) -> list[str]:
        """The keys of this user's originals in the store."""
        prefix = f"{sha256(self.user.encode()).hexdigest()[:16]}/"
        return [stored.key for stored in self.store.list_originals(prefix, f"{prefix}0", f"{prefix}z")]

    def images(self) -> list[str]:
        """The names of all images in the database."""
        with psycopg.connect(self.settings.database.conninfo) as connection:
            return [name for (name,) in connection.execute("SELECT name FROM images ORDER BY name")]

    def fetched(self) -> dict[str, bytes]:
        """The results in the output folder."""
        files = [path for path in self.results.rglob("*") if path.is_file()]
        below = {path.relative_to(self.results).as_posix(): path for path in files}
        return {name: path.read_bytes() for name, path in below.items() if not name.startswith(".blurline-submit/")}

    def expected(self) -> dict[str, bytes]:
        """The results of all photographs."""
        photos = [path for path in self.photos.rglob("*") if path.is_file()]
        return {path.relative_to(self.photos).as_posix(): redacted(path.read_bytes()) for path in photos}
