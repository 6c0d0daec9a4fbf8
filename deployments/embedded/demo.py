"""The demo: start the embedded stack, submit the sample photographs over REST, and print a table of results."""

from __future__ import annotations

import time
from pathlib import Path
from uuid import UUID

from rich.console import JustifyMethod
from rich.progress import Progress
from rich.table import Table

from blurline.access.tokens import LocalIssuer, Scope
from blurline.client import Client
from blurline.contract import Image
from deployments.embedded.run import console, print_addresses, running_stack, watch
from deployments.embedded.stack import EmbeddedStack
from deployments.shipped import shipped

SAMPLES = shipped("samples")
_PATTERNS = ("*.jpg", "*.png", "*.webp")
_TIMEOUT_S = 180
_COLUMNS: dict[str, JustifyMethod] = {"image": "left", "faces": "right", "state": "left", "ms": "right"}


def run_demo(home: Path, workers: int | None, once: bool) -> int:
    """Run the demo and return the exit code, 0 if every image was published. Stays up unless ``once``."""
    exit_code = 1
    with running_stack(home, workers) as stack:
        folder = home.absolute() / "demo"
        images = _submit_samples(stack, home, folder)
        exit_code = 0 if images and all(image.state == "published" for image in images) else 1
        _print_results(images, folder)
        if not once:
            print_addresses(stack)
            watch(stack, until=lambda: False)
    return exit_code


def _submit_samples(stack: EmbeddedStack, home: Path, folder: Path) -> list[Image]:
    """Submit and follow the samples, and download the results to ``folder``."""
    token = LocalIssuer(home).issue("demo", [Scope.SUBMIT], ttl_s=3600)
    paths = sorted(path for pattern in _PATTERNS for path in SAMPLES.glob(pattern))
    folder.mkdir(exist_ok=True)
    with Client(stack.addresses.api, token, patience_s=0) as client:
        job = client.submit_files(paths)
        _follow(stack, client, job.id, len(paths))
        images = list(client.images(job.id))
        for image in images:
            if image.state == "published":
                with (folder / image.name).open("wb") as file:
                    client.result(image.id, file)
    return images


def _follow(stack: EmbeddedStack, client: Client, job_id: UUID, images: int) -> None:
    deadline = time.monotonic() + _TIMEOUT_S
    with Progress(console=console) as progress:
        bar = progress.add_task("Destroying faces", total=images)

        def is_finished() -> bool:
            job = client.job(job_id)
            progress.update(bar, completed=images - job.progress.queued - job.progress.processing)
            return job.state == "finished" or time.monotonic() > deadline

        watch(stack, until=is_finished)


def _print_results(images: list[Image], folder: Path) -> None:
    """Print a row for each image, and where the results are: a path in a narrow table would be cut."""
    table = Table()
    for heading, justify in _COLUMNS.items():
        table.add_column(heading, justify=justify)
    for image in images:
        table.add_row(
            image.name,
            "" if image.faces_found is None else str(image.faces_found),
            image.state,
            "" if image.processing_ms is None else f"{image.processing_ms:.0f}",
        )
    console.print(table)
    for image in images:
        if image.error:
            console.print(f"{image.name}: {image.error.message}", markup=False, highlight=False)
    console.print(f"The results are in {folder}", markup=False, highlight=False)
