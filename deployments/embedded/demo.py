"""The demo: start the embedded stack, submit the sample photographs over REST, and print a table of results."""

from __future__ import annotations

import time
from pathlib import Path
from uuid import UUID

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


def run_demo(home: Path, workers: int | None, once: bool) -> int:
    """Run the demo and return the exit code, 0 if every image was published. Stays up unless ``once``."""
    exit_code = 1
    with running_stack(home, workers) as stack:
        images, results = _submit_samples(stack, home)
        exit_code = 0 if images and all(image.state == "published" for image in images) else 1
        _print_results(images, results)
        if not once:
            print_addresses(stack)
            watch(stack, until=lambda: False)
    return exit_code


def _submit_samples(stack: EmbeddedStack, home: Path) -> tuple[list[Image], dict[UUID, Path]]:
    """Submit, follow and download the samples. Return the images, and the path of each result."""
    token = LocalIssuer(home).issue("demo", [Scope.SUBMIT], ttl_s=3600)
    paths = sorted(path for pattern in _PATTERNS for path in SAMPLES.glob(pattern))
    folder = home.absolute() / "demo"
    folder.mkdir(exist_ok=True)
    with Client(stack.addresses.api, token, patience_s=0) as client:
        job = client.submit_files(paths)
        _follow(stack, client, job.id, len(paths))
        images = list(client.images(job.id))
        results: dict[UUID, Path] = {}
        for image in images:
            if image.state == "published":
                results[image.id] = folder / image.name
                with results[image.id].open("wb") as file:
                    client.result(image.id, file)
    return images, results


def _follow(stack: EmbeddedStack, client: Client, job_id: UUID, images: int) -> None:
    deadline = time.monotonic() + _TIMEOUT_S
    with Progress(console=console) as progress:
        bar = progress.add_task("Destroying faces", total=images)

        def is_finished() -> bool:
            job = client.job(job_id)
            progress.update(bar, completed=images - job.progress.queued - job.progress.processing)
            return job.state == "finished" or time.monotonic() > deadline

        watch(stack, until=is_finished)


def _print_results(images: list[Image], results: dict[UUID, Path]) -> None:
    table = Table()
    for heading, justify in (
        ("image", "left"),
        ("faces", "right"),
        ("state", "left"),
        ("ms", "right"),
        ("result", "left"),
    ):
        table.add_column(heading, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for image in images:
        result = results.get(image.id)
        error = image.error.message if image.error else ""
        table.add_row(
            image.name,
            "" if image.faces_found is None else str(image.faces_found),
            image.state,
            "" if image.processing_ms is None else f"{image.processing_ms:.0f}",
            _short(result) if result else error,
        )
    console.print(table)


def _short(path: Path) -> str:
    """The path, relative if it is below the current folder."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
