"""The report of `blurline evaluate`: figures as JSON, curves as a picture, misses as an HTML page.

The curves need matplotlib, which the container image lacks: it would need a tenth of the image for one picture.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, select_autoescape
from PIL import Image, ImageDraw
from rich.console import Console
from rich.table import Table

from blurline.picture.decode import open_photo
from models.evaluation.measure import SetMeasurement
from models.evaluation.scoring import pair, sizes_px
from models.evaluation.truth import Labelled

_CROP_PX = 240
_CONTEXT = 2.5  # the crop's side, as a multiple of the face's longer side
_MOST_CROPS = 60


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of a picture as a data URI, and its caption."""

    picture: str
    size_px: float
    score: float
    uri: str


def write_report(folder: Path, measured: Sequence[SetMeasurement], labelled: Sequence[Labelled]) -> list[Path]:
    """Write figures, curves where matplotlib is installed, and the misses of each variant. Return the written files."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = folder / "figures.json"
    figures.write_text(json.dumps([each.report for each in measured], indent=1) + "\n")
    curves = [folder / "precision_recall.png"] if find_spec("matplotlib") else []
    for path in curves:
        _draw_curves(path, measured)
    pages = []
    for each in measured:
        page = folder / f"misses-{each.variant.name}.html"
        page.write_text(_page(each, labelled), encoding="utf-8")
        pages.append(page)
    return [figures, *curves, *pages]


def print_comparison(measured: Sequence[SetMeasurement]) -> None:
    """Print every figure with its 95 % confidence interval, one column per variant."""
    first = measured[0].report
    table = Table(title=f"{first['pictures']} pictures, {first['faces']} faces; in brackets 95 % confidence intervals")
    table.add_column("")
    for each in measured:
        table.add_column(each.variant.name, justify="right")
    table.add_row("threshold", *(f"{each.report['threshold']:.2f}" for each in measured))
    for name, figure in first.items():
        if isinstance(figure, dict) and "low" in figure:
            table.add_row(name.replace("_", " "), *(_interval(each.report.get(name)) for each in measured))
    for at in ("p50", "p95"):
        table.add_row(f"look, ms {at}", *(f"{each.report['look_ms'][at]:.0f}" for each in measured))
    table.add_row(
        "detection time, in runs of CenterFace at 640",
        *(f"{each.report['look_over_one_run']:.2f}" for each in measured),
    )
    _print_whole(table)
    for each in measured:
        _print_whole(_reliability_table(each))


def _reliability_table(measured: SetMeasurement) -> Table:
    table = Table(title=f"{measured.variant.name}: how well the doubt predicts a visible face")
    for column in ("doubt", "pictures", "mean doubt", "with a visible face"):
        table.add_column(column, justify="right")
    for row in measured.report["doubt_reliability"]:
        shares = (f"{row[name]:.2f}" for name in ("mean_doubt", "with_a_visible_face"))
        table.add_row(f"{row['from']:.1f} to {row['to']:.1f}", str(row["pictures"]), *shares)
    return table


def _print_whole(table: Table) -> None:
    """Print a table as wide as it needs to be."""
    console = Console()
    console.width = max(console.width, console.measure(table, options=console.options.update(width=1000)).maximum)
    console.print(table)


def _interval(figure: dict[str, float] | None) -> str:
    if figure is None:
        return ""
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def _draw_curves(path: Path, measured: Sequence[SetMeasurement]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6), layout="constrained")
    axes = figure.subplots()
    for each in measured:
        (line,) = axes.plot(each.curve.recall, each.curve.precision, label=each.variant.name)
        at = int(np.count_nonzero(each.curve.score >= each.report["threshold"])) - 1
        if at >= 0:
            axes.plot(each.curve.recall[at], each.curve.precision[at], "o", color=line.get_color())
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall", ylabel="precision (a lower bound: labels are incomplete)")
    axes.set_title("Precision and recall; the dot is the threshold")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left")
    figure.savefig(path, dpi=120)


def _page(measured: SetMeasurement, labelled: Sequence[Labelled]) -> str:
    threshold = float(measured.report["threshold"])
    missed: list[tuple[float, int, int]] = []
    unlabelled: list[tuple[float, int, int]] = []
    for at, (picture, found, match) in enumerate(zip(labelled, measured.outcomes, measured.matches, strict=True)):
        missed += [(match.size_px[face], at, face) for face in np.nonzero(match.hit < threshold)[0].tolist()]
        _, is_right, counts = pair(found.faces.astype(np.float64), picture)
        wrong = ~is_right & counts & (found.faces[:, 4] >= threshold)
        unlabelled += [(float(found.faces[row, 4]), at, row) for row in np.nonzero(wrong)[0].tolist()]
    environment = Environment(loader=PackageLoader("models.evaluation", "."), autoescape=select_autoescape(["html"]))
    return environment.get_template("misses.html").render(
        name=measured.variant.name,
        threshold=threshold,
        missed_count=len(missed),
        unlabelled_count=len(unlabelled),
        missed=[_missed_face(measured, labelled, at, face) for _, at, face in _worst(missed)],
        unlabelled=[_unlabelled_face(measured, labelled, at, row) for _, at, row in _worst(unlabelled)],
    )


def _worst(rows: list[tuple[float, int, int]]) -> list[tuple[float, int, int]]:
    return sorted(rows, reverse=True)[:_MOST_CROPS]


def _missed_face(measured: SetMeasurement, labelled: Sequence[Labelled], at: int, face: int) -> Crop:
    match = measured.matches[at]
    return _crop(measured, labelled, at, labelled[at].faces[face], match.size_px[face], max(match.hit[face], 0))


def _unlabelled_face(measured: SetMeasurement, labelled: Sequence[Labelled], at: int, row: int) -> Crop:
    found = measured.outcomes[at].faces[row].astype(np.float64)
    return _crop(measured, labelled, at, found[:4], float(sizes_px(found[None, :4])[0]), float(found[4]))


def _crop(
    measured: SetMeasurement, labelled: Sequence[Labelled], at: int, box: Any, size_px: float, score: float
) -> Crop:
    """The surroundings of a box: labels green, destroyed boxes red, weaker candidates yellow."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    half = max(box[2] - box[0], box[3] - box[1], 1) * _CONTEXT / 2
    pixels = open_photo(labelled[at].path.read_bytes()).pixels
    area = int(x - half), int(y - half), int(x + half) + 1, int(y + half) + 1
    image = Image.fromarray(pixels).crop(area)
    scale = _CROP_PX / image.width
    image = image.resize((_CROP_PX, _CROP_PX), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    threshold = measured.report["threshold"]
    for row in measured.outcomes[at].faces:
        _outline(draw, row, area, scale, "red" if row[4] >= threshold else "yellow")
    for face in labelled[at].faces:
        _outline(draw, face, area, scale, "lime")
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80)
    uri = "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
    return Crop(labelled[at].path.name, size_px, score, uri)


def _outline(draw: ImageDraw.ImageDraw, box: Any, area: tuple[int, int, int, int], scale: float, colour: str) -> None:
    x1, y1, x2, y2 = ((float(value) - area[corner % 2]) * scale for corner, value in enumerate(box[:4]))
    if x2 > x1 and y2 > y1:
        draw.rectangle((x1, y1, x2, y2), outline=colour, width=2)
