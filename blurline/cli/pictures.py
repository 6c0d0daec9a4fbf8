"""Commands that need no server: `detect`, `redact`, `evaluate`."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from blurline.access.noise_key import NOISE_KEY_FILE, load_or_create_noise_key
from blurline.errors import BlurlineError, ConfigurationError
from blurline.file_names import Names
from blurline.policy import OutputFormat, Policy, Style
from blurline.policy.metadata_policy import MetadataPolicy
from blurline.policy.profile import ProfileName
from blurline.settings import Settings, load_settings

if TYPE_CHECKING:
    from blurline.faces import Faces
    from blurline.picture.photo import Frame
    from models import Candidates, DetectionPlan
    from models.explain import PassExplanation

Photos = Annotated[list[Path], typer.Argument(help="Photographs.", exists=True, dir_okay=False)]
Targets = dict[str, Path]
Outcome = tuple[int, Path] | str
_FEW = 2  # up to this many photographs, starting another process takes longer than it saves

Profile = Annotated[ProfileName, typer.Option(help="Which detector passes to run.")]


def detect(
    photos: Photos,
    min_score: Annotated[float | None, typer.Option(help="Lowest score shown. Default: the threshold.")] = None,
    profile: Profile = ProfileName.STANDARD,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Print one JSON object per image.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Also print the detector passes with their cost, and draw their regions.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="Folder for the drawings of --explain. Default: beside each photograph.",
            file_okay=False,
        ),
    ] = None,
) -> None:
    """Find faces and print x1 y1 x2 y2 score, in pixels of the upright photograph. Needs no server.

    A drawing shows no pixels of the photograph in which a person can be recognised.
    """
    from blurline.picture.decode import open_photo
    from models import plan_for

    policy = Policy(profile=profile)
    values = load_settings()
    plan = plan_for(policy, values)
    lowest = plan.threshold if min_score is None else min_score
    failed = False
    for path in photos:
        try:
            photo = open_photo(path.read_bytes(), values.pictures.limits)
            for number, frame in enumerate(photo.frames):
                candidates = plan.candidates(frame)
                faces = plan.merge(candidates).rows
                of_frame = {"frame": number} if len(photo.frames) > 1 else {}
                name = ".".join([path.name, *map(str, of_frame.values()), profile, "look.png"])
                target = (output or path.parent) / name if explain else None
                explained = [] if target is None else _explain(plan, frame, candidates, faces, target)
                _print_faces(path, of_frame, faces[faces[:, 4] >= lowest], explained, target, jsonl)
        except (BlurlineError, OSError) as error:
            typer.secho(f"{path}: {error}", fg="red", err=True)
            failed = True
    sys.exit(1 if failed else 0)


def redact(
    photos: Photos,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the results.", file_okay=False)],
    profile: Profile = ProfileName.STANDARD,
    style: Annotated[Style, typer.Option(help="How to destroy a face.")] = Style.PIXELATE,
    min_score: Annotated[float | None, typer.Option(help="Lowest score to destroy. Default: the threshold.")] = None,
    metadata: Annotated[MetadataPolicy, typer.Option(help="Which metadata to keep.")] = MetadataPolicy.STRIP,
    output_format: Annotated[OutputFormat, typer.Option(help="Format of the results.")] = OutputFormat.SAME,
    jobs: Annotated[int | None, typer.Option(help="Parallel processes. Default: one per core.", min=1)] = None,
) -> None:
    """Find and destroy the faces in photographs. Needs no server."""
    policy = Policy(profile=profile, style=style, min_score=min_score, metadata=metadata, output_format=output_format)
    values = load_settings()
    with suppress(ConfigurationError):  # where no key can be created, each process has one of its own
        load_or_create_noise_key(values.home / NOISE_KEY_FILE)
    output.mkdir(parents=True, exist_ok=True)
    targets = _targets(photos, output)
    redact_one = partial(_redact_file, policy=policy, settings=values)
    failed = False
    for path, outcome in zip(photos, _map(redact_one, photos, targets, jobs), strict=True):
        if isinstance(outcome, str):
            typer.secho(f"{path}: {outcome}", fg="red", err=True)
            failed = True
        else:
            found, written = outcome
            typer.echo(f"{path}: {found} found -> {written}")
    sys.exit(1 if failed else 0)


def evaluate(
    labels: Annotated[
        Path, typer.Argument(help="Labels: a file of Blurline, COCO or WIDER FACE, or a YOLO folder.", exists=True)
    ],
    images: Annotated[Path, typer.Option(help="Folder with the labelled pictures.", exists=True, file_okay=False)],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the report.")] = Path("evaluation"),
    profile: Annotated[
        list[ProfileName] | None, typer.Option(help="Profile to measure; repeatable. Default: all.")
    ] = None,
    model: Annotated[
        list[Path] | None,
        typer.Option(help="An ONNX file to compare, of the family BLURLINE_MODEL_FAMILY; repeatable.", exists=True),
    ] = None,
    padding: Annotated[float, typer.Option(help="How far to grow boxes, as in a policy.")] = Policy().padding,
    jobs: Annotated[int | None, typer.Option(help="Parallel processes. Default: one per core.", min=1)] = None,
) -> None:
    """Measure detection on labelled pictures: recall, coverage and cost of each profile and model."""
    from models.evaluation.measure import Variant, measure
    from models.evaluation.report import print_comparison, write_report
    from models.evaluation.truth import read_labels

    labelled = read_labels(labels, images)
    values = load_settings()
    policies = [Policy(profile=name, padding=padding) for name in profile or list(ProfileName)]
    variants = [Variant(policy.profile, policy, values) for policy in policies] + [
        Variant(f"{policy.profile}-{path.stem}", policy, values.replace(model_file=path))
        for path in model or []
        for policy in policies
    ]
    measured = []
    for variant in variants:
        typer.echo(f"{variant.name}: {len(labelled)} pictures …", err=True)
        measured.append(measure(variant, labelled, jobs))
    written = write_report(output, measured, labelled)
    print_comparison(measured)
    typer.echo("\n".join(map(str, written)))


def _explain(
    plan: DetectionPlan, frame: Frame, candidates: Candidates, faces: Faces, target: Path
) -> list[PassExplanation]:
    """Explain the passes over a frame, and write their drawing as PNG."""
    from models.explain import draw, explain

    passes = explain(candidates, plan.detectors)
    drawn = BytesIO()
    draw(frame, faces, passes).save(drawn, "PNG")
    target.parent.mkdir(parents=True, exist_ok=True)
    _write_new(target, drawn.getvalue())
    return passes


def _print_faces(
    path: Path, of_frame: dict[str, int], faces: Faces, passes: list[PassExplanation], drawing: Path | None, jsonl: bool
) -> None:
    rows = [[round(value, 4) for value in row] for row in faces.astype(float).tolist()]
    if jsonl:
        explained = {"passes": [asdict(each) for each in passes], "drawing": str(drawing)} if drawing else {}
        typer.echo(json.dumps({"image": path.name, **of_frame, "faces": rows, **explained}))
        return
    of = "".join(f", frame {number}" for number in of_frame.values())
    typer.echo(f"{path}{of}: {len(rows)} found")
    for row in rows:
        typer.echo("  {:8.1f} {:8.1f} {:8.1f} {:8.1f}  {:.3f}".format(*row))
    if drawing is not None:
        from models.explain import table

        typer.echo("\n".join([*table(passes), f"  {drawing}"]))


def _redact_file(path: Path, targets: Targets, policy: Policy, settings: Settings) -> Outcome:
    """Write the redacted photograph. Return the faces and the path of the result, or an error message."""
    from blurline.picture.decode import open_photo
    from blurline.picture.malloc_tuning import tune_malloc
    from models import anonymize

    tune_malloc()
    try:
        photo = open_photo(path.read_bytes(), settings.pictures.limits)
        done = anonymize(photo, policy, settings)
        target = targets["" if done.format is photo.encoding.format else f".{done.format.extension}"]
        _write_new(target, done.data)
    except (BlurlineError, OSError) as error:
        return str(error)
    return done.faces, target


def _write_new(target: Path, data: bytes) -> None:
    """Write a whole file or none. Raise ConfigurationError when another file is in its place."""
    if target.exists() and target.read_bytes() != data:
        raise ConfigurationError(f"{target} exists and is another file. Remove it, or choose another folder with -o.")
    part = target.with_name(f".{uuid4().hex}.part")
    try:
        part.write_bytes(data)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _map(
    treat: Callable[[Path, Targets], Outcome], paths: list[Path], targets: list[Targets], jobs: int | None
) -> Iterator[Outcome]:
    """Apply ``treat`` to each pair, in order, with as many processes as are worth starting."""
    processes = min(jobs or os.cpu_count() or 1, len(paths))
    if processes == 1 or len(paths) <= _FEW:
        yield from map(treat, paths, targets)
        return
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(treat, paths, targets)


def _targets(paths: list[Path], output: Path) -> list[Targets]:
    """The path of each photograph's result, by the extension that is added when its format changes.

    No two are the same on any file system. Raises ConfigurationError where a result would replace an original or where
    two photographs have one name.
    """
    from blurline.picture.photo import Format

    names = Names()
    for path in paths:
        if names.unused(PurePosixPath(path.name)) != path.name:
            raise ConfigurationError(f"Two results would have the name {path.name}. Use different output folders.")
    targets = [
        {"": output / path.name}
        | {
            extension: output / names.unused(PurePosixPath(f"{path.name}{extension}"))
            for extension in (f".{each.extension}" for each in Format)
        }
        for path in paths
    ]
    for path, mine in zip(paths, targets, strict=True):
        if mine[""].exists() and mine[""].samefile(path):
            raise ConfigurationError("The result would replace the original; choose another folder with -o.")
    return targets
