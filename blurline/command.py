"""The `blurline` command. It alone of the kernel reaches outward, and only inside the verb that needs it."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from blurline.commands.submit import submit
from blurline.errors import BlurlineError, ConfigurationError
from blurline.metadata import MetadataPolicy
from blurline.policy import OutputFormat, Policy, Style
from blurline.profile import ProfileName
from blurline.settings import Settings, export_prefect, load_home, load_settings, variable
from blurline.tokens import Scope

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

Photos = Annotated[list[Path], typer.Argument(help="Photographs.", exists=True, dir_okay=False)]
Outcome = tuple[int, Path] | str
_FEW = 2  # so few photographs are treated sooner than another process is started

Profile = Annotated[ProfileName, typer.Option(help="Which detector passes are made.")]


def main() -> None:
    """Run the command; an error of ours is one line on standard error and exit code 1."""
    try:
        app()
    except BlurlineError as error:
        typer.secho(f"blurline: {error}", fg="red", err=True)
        sys.exit(1)


@app.command()
def up(
    workers: Annotated[int | None, typer.Option(help="Worker children; one a core when absent.")] = None,
) -> None:
    """Start the whole stack on this machine and keep it running until Ctrl-C."""
    _check_models()
    from deployments.embedded.run import run_until_signal

    run_until_signal(load_home(), workers)


@app.command()
def demo(
    once: Annotated[bool, typer.Option(help="End after the table; exit code 0 only if all were published.")] = False,
    workers: Annotated[int | None, typer.Option(help="Worker children; one a core when absent.")] = None,
) -> None:
    """Start the whole stack, submit the sample photographs, and show what becomes of them."""
    _check_models()
    from deployments.embedded.demo import run_demo

    sys.exit(run_demo(load_home(), workers, once))


@app.command()
def worker(
    pool: Annotated[str | None, typer.Option(help="Work pool; the setting when absent.")] = None,
    limit: Annotated[int | None, typer.Option(help="Children; one a core when absent.")] = None,
) -> None:
    """Join the work pool with children that keep the models loaded."""
    values = load_settings()
    export_prefect(values)
    _check_models()
    from deployments.worker.start import start_worker

    start_worker(values, pool, limit)


@app.command()
def deploy() -> None:
    """Create or update the work pool, its queues and the deployments in Prefect."""
    from deployments.deploy import deploy as set_up

    export_prefect(load_settings())
    set_up()


@app.command()
def migrate() -> None:
    """Bring the database up to date."""
    from sql.migrate import migrate as apply

    applied = apply(load_settings().database)
    typer.echo("\n".join(applied) or "The database is up to date.")


@app.command()
def token(
    user: Annotated[str, typer.Option(help="Whom the token is for.")] = "operator",
    scope: Annotated[list[Scope] | None, typer.Option(help="May be given several times; all when absent.")] = None,
    ttl_s: Annotated[int, typer.Option("--ttl", help="How long it is valid, in seconds.", min=1)] = 86_400,
) -> None:
    """Print a bearer token of the local issuer."""
    from blurline.tokens import LocalIssuer

    typer.echo(LocalIssuer(load_settings().home).issue(user, scope or list(Scope), ttl_s))


app.command()(submit)


@app.command()
def rerun(
    state: Annotated[
        list[str] | None, typer.Option(help="failed, needs_review or published; failed when absent.")
    ] = None,
    submitted_from: Annotated[datetime | None, typer.Option(help="Only images submitted from then on.")] = None,
    submitted_until: Annotated[datetime | None, typer.Option(help="Only images submitted before.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only this owner's images.")] = None,
    job: Annotated[UUID | None, typer.Option(help="Only this job's images.")] = None,
    another_model: Annotated[bool, typer.Option("--another-model", help="Only results of another model.")] = False,
    score_below: Annotated[float | None, typer.Option(help="Only with a destroyed face of a lower score.")] = None,
    override: Annotated[list[str] | None, typer.Option(help="Change in the policies, as name=value.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 1000,
    really: Annotated[
        bool, typer.Option("--really", help="Do it; without, only say which images it would be.")
    ] = False,
    cancel: Annotated[UUID | None, typer.Option(help="Call off what is left of the re-run with this id.")] = None,
) -> None:
    """Re-run images that have ended, as the flow `rerun-backlog` does."""
    export_prefect(load_settings())
    from blurline.ids import new_id
    from flows.cancel_rerun import call_off
    from flows.rerun_backlog import EndedState, PolicyOverrides, run_again
    from sql.reruns import Selection

    if cancel is not None:
        typer.echo(call_off(cancel))
        return
    try:
        states = tuple(EndedState(name) for name in state or ["failed"])
        overrides = PolicyOverrides.model_validate(dict(pair.split("=", 1) for pair in override or []))
    except ValueError as error:
        raise ConfigurationError(f"The re-run cannot be made: {error}") from error
    selection = Selection(states, submitted_from, submitted_until, owner, job, another_model, score_below, limit)
    changes = overrides.model_dump(mode="json", exclude_none=True)
    typer.echo(run_again(selection, changes, new_id(), dry_run=not really))


@app.command()
def bench(
    names: Annotated[
        list[str] | None, typer.Argument(help="core, stack, submission, deface, database; all if none.")
    ] = None,
) -> None:
    """Measure speed and print it as JSON, each figure beside a baseline of the same run. Needs a source checkout."""
    try:
        from tests.benchmarks.run import run
    except ModuleNotFoundError as error:
        raise ConfigurationError("The benchmark is run from a source checkout: `make bench`.") from error
    typer.echo(run(names or []))


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check that every part can be used: models and their execution provider, database, store, Prefect."""
    values = load_settings()
    export_prefect(values)
    from deployments.doctor import examine

    findings = examine(values)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        for finding in findings:
            mark = typer.style("ok  ", fg="green") if finding.is_ok else typer.style("FAIL", fg="red")
            typer.echo(f"{mark} {finding.check}: {finding.says}")
    sys.exit(0 if all(finding.is_ok for finding in findings) else 1)


@app.command()
def settings() -> None:
    """Print every setting with its value (secrets masked) and meaning."""
    values = load_settings()
    for name, field in Settings.model_fields.items():
        typer.echo(f"{variable(name)}={getattr(values, name)}\n    {field.description}")


@app.command()
def detect(
    photos: Photos,
    min_score: Annotated[float | None, typer.Option(help="Lowest score shown; the threshold when absent.")] = None,
    profile: Profile = ProfileName.STANDARD,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object an image.")] = False,
) -> None:
    """Find faces and print them, without any server: x1 y1 x2 y2 score, in pixels of the upright photograph."""
    from blurline.opening import open_photo
    from models import look_for

    policy = Policy(profile=profile)
    values = load_settings()
    look = look_for(policy, values)
    lowest = look.threshold if min_score is None else min_score
    failed = False
    for path in photos:
        try:
            photo = open_photo(path.read_bytes(), values.limits)
        except BlurlineError as error:
            typer.secho(f"{path}: {error}", fg="red", err=True)
            failed = True
            continue
        for number, frame in enumerate(photo.frames):
            faces = look.found_in(frame).rows
            rows = [[round(value, 4) for value in row] for row in faces[faces[:, 4] >= lowest].astype(float).tolist()]
            if jsonl:
                of_frame = {"frame": number} if len(photo.frames) > 1 else {}
                typer.echo(json.dumps({"image": path.name, **of_frame, "faces": rows}))
                continue
            of = f", frame {number}" if len(photo.frames) > 1 else ""
            typer.echo(f"{path}{of}: {len(rows)} found")
            for row in rows:
                typer.echo("  {:8.1f} {:8.1f} {:8.1f} {:8.1f}  {:.3f}".format(*row))
    sys.exit(1 if failed else 0)


@app.command()
def redact(
    photos: Photos,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the results.", file_okay=False)],
    profile: Profile = ProfileName.STANDARD,
    style: Annotated[Style, typer.Option(help="How a face is destroyed.")] = Style.PIXELATE,
    min_score: Annotated[float | None, typer.Option(help="Destroy from this score up.")] = None,
    metadata: Annotated[MetadataPolicy, typer.Option(help="What metadata passes.")] = MetadataPolicy.STRIP,
    output_format: Annotated[OutputFormat, typer.Option(help="The results' format.")] = OutputFormat.SAME,
    jobs: Annotated[int | None, typer.Option(help="Photographs at a time; one a core when absent.", min=1)] = None,
) -> None:
    """Find and destroy the faces of photographs, without any server."""
    policy = Policy(profile=profile, style=style, min_score=min_score, metadata=metadata, output_format=output_format)
    values = load_settings()
    output.mkdir(parents=True, exist_ok=True)
    targets = [output / path.name for path in photos]
    _check_targets(photos, targets)
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


@app.command()
def evaluate(
    labels: Annotated[Path, typer.Argument(help="Of Blurline, COCO, WIDER FACE, or a folder of YOLO.", exists=True)],
    images: Annotated[Path, typer.Option(help="Folder of the labelled pictures.", exists=True, file_okay=False)],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the report.")] = Path("evaluation"),
    profile: Annotated[list[ProfileName] | None, typer.Option(help="May be repeated; all when absent.")] = None,
    model: Annotated[
        list[Path] | None,
        typer.Option(help="An ONNX file to compare, read as BLURLINE_MODEL_FAMILY; may be repeated.", exists=True),
    ] = None,
    padding: Annotated[float, typer.Option(help="How far a box is grown, as in a policy.")] = Policy().padding,
    jobs: Annotated[int | None, typer.Option(help="Pictures at a time; one a core when absent.", min=1)] = None,
) -> None:
    """Measure detection on labelled pictures: recall, coverage and cost of each profile and model side by side."""
    from models.evaluation.measure import Candidate, measure
    from models.evaluation.report import print_comparison, write_report
    from models.evaluation.truth import read_labels

    labelled = read_labels(labels, images)
    values = load_settings()
    policies = [Policy(profile=name, padding=padding) for name in profile or list(ProfileName)]
    candidates = [Candidate(policy.profile, policy, values) for policy in policies] + [
        Candidate(f"{policy.profile}-{path.stem}", policy, values.model_copy(update={"model_file": path}))
        for path in model or []
        for policy in policies
    ]
    measured = []
    for candidate in candidates:
        typer.echo(f"{candidate.name}: {len(labelled)} pictures …", err=True)
        measured.append(measure(candidate, labelled, jobs))
    written = write_report(output, measured, labelled)
    print_comparison(measured)
    typer.echo("\n".join(map(str, written)))


def _check_models() -> None:
    """Load every model once, so that a wrong file is refused now and with a sentence. Raises ModelRejected."""
    from models import load_detectors

    load_detectors(load_settings())


def _redact_file(path: Path, target: Path, policy: Policy, settings: Settings) -> Outcome:
    """Write the redacted photograph; how many faces were found and where it is, or a sentence that says why not.

    The extension of another format is added to the name.
    """
    from blurline.memory import keep_freed_memory
    from blurline.opening import open_photo
    from models import anonymize

    keep_freed_memory()
    try:
        photo = open_photo(path.read_bytes(), settings.limits)
        done = anonymize(photo, policy, settings)
        if done.format is not photo.encoding.format:
            target = target.with_name(f"{target.name}.{done.format.extension}")
        target.write_bytes(done.data)
    except BlurlineError as error:
        return str(error)
    return done.faces, target


def _map(
    treat: Callable[[Path, Path], Outcome], paths: list[Path], targets: list[Path], jobs: int | None
) -> Iterator[Outcome]:
    """``treat`` on each pair, in order, by as many processes as are worth starting."""
    processes = min(jobs or os.cpu_count() or 1, len(paths))
    if processes == 1 or len(paths) <= _FEW:
        yield from map(treat, paths, targets)
        return
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(treat, paths, targets)


def _check_targets(paths: list[Path], targets: list[Path]) -> None:
    """Refuse what would write over an original, or two photographs to one file."""
    if len(set(targets)) < len(targets):
        twice = next(target for target in targets if targets.count(target) > 1)
        raise ConfigurationError(f"Two photographs are called {twice.name}; redact them into different folders.")
    for path, target in zip(paths, targets, strict=True):
        if target.exists() and target.samefile(path):
            raise ConfigurationError("The result would replace the original; choose another folder with -o.")
