"""The script that made the vendored weights: ``python -m models.vendor SOURCE.onnx TARGET.onnx``.

Makes the height and width of the input, and so of the outputs, symbolic, so that one file serves every input size.
Nothing else changes. Needs the development dependency ``onnx``. The cards beside the weights name the source and both
sha256.
"""

from __future__ import annotations

import sys
from pathlib import Path

import onnx

from models.card import file_sha256


def make_size_symbolic(source: Path, target: Path) -> None:
    """Write ``source`` to ``target`` with symbolic input sides and output dimensions."""
    model = onnx.load(str(source))
    weights = {initializer.name for initializer in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    for value in inputs:
        batch, _, height, width = value.type.tensor_type.shape.dim
        batch.dim_value = 1
        height.dim_param, width.dim_param = "height", "width"
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    for number, value in enumerate(model.graph.output):
        for axis, dimension in enumerate(value.type.tensor_type.shape.dim):
            dimension.dim_param = f"output{number}_{axis}"
    del model.graph.value_info[:]
    onnx.save(model, str(target))


if __name__ == "__main__":
    make_size_symbolic(Path(sys.argv[1]), Path(sys.argv[2]))
    print(file_sha256(Path(sys.argv[2])), sys.argv[2])
