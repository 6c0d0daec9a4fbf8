"""The script that made the int8 CenterFace: ``python -m models.quantise TARGET.onnx PICTURE...``.

It converts the vendored CenterFace to a newer operator set, folds batch normalisation into the convolutions, removes
the landmarks, and quantises statically (Jacob et al., "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference", 2018): activations as uint8, one scale a tensor; weights as int8, one scale a
channel, with 7 bits, so that sums do not saturate on CPUs without VNNI. The first convolutions and the heads stay in
float, because nearly all of the error arises there. The pictures give the ranges of activations; the card names them.
Needs the development dependency ``onnx``.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper, version_converter
from PIL import Image

from blurline import open_photo
from blurline.picture.letterbox import scale_to_side
from models.card import WEIGHTS, file_sha256, vendored_card
from models.detector import to_tensor
from models.session import disable_telemetry

disable_telemetry()

from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static  # noqa: E402

_OPERATOR_SET = 17
_LANDMARKS = "540"
_HEADS = {"536", "537", "538", "539"}
_FIRST_IN_FLOAT = 3
_SIDES_PX = (320, 640)


def quantise(target: Path, pictures: list[Path]) -> None:
    """Write the int8 version of the vendored CenterFace, calibrated on ``pictures``, to ``target``."""
    model = _simplified(onnx.load(str(WEIGHTS / vendored_card("centerface").file)))
    convolutions = [node.name for node in model.graph.node if node.op_type == "Conv"]
    heads = [node.name for node in model.graph.node if _HEADS & set(node.output)]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "simplified.onnx"
        onnx.save(model, str(source))
        quantize_static(
            source,
            target,
            _Calibration(model.graph.input[0].name, pictures),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv", "Add", "Relu"],
            nodes_to_exclude=convolutions[:_FIRST_IN_FLOAT] + heads,
            extra_options={"CalibMovingAverage": True},
        )


class _Calibration(CalibrationDataReader):  # type: ignore[misc]
    """The detector's inputs of pictures, one after the other."""

    def __init__(self, input_name: str, pictures: list[Path]) -> None:
        self._inputs = ({input_name: tensor} for picture in pictures for tensor in _tensors(picture))

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return next(self._inputs, None)


def _tensors(picture: Path) -> Iterator[NDArray[np.float32]]:
    image = Image.fromarray(open_photo(picture.read_bytes()).pixels)
    for side_px in _SIDES_PX:
        for each in scale_to_side(image, side_px).letterboxes():
            yield to_tensor(each.pixels)


def _simplified(model: onnx.ModelProto) -> onnx.ModelProto:
    _remove_unused_weights(model.graph)
    model = version_converter.convert_version(model, _OPERATOR_SET)
    graph = model.graph
    for norm in [node for node in graph.node if node.op_type == "BatchNormalization"]:
        _fold_into_convolution(graph, norm)
    kept = [each for each in graph.output if each.name != _LANDMARKS]
    del graph.output[:]
    graph.output.extend(kept)
    for node in [node for node in graph.node if _LANDMARKS in node.output]:
        graph.node.remove(node)
    _remove_unused_weights(graph)
    del graph.value_info[:]
    for number, node in enumerate(graph.node):
        node.name = node.name or f"node{number}"
    onnx.checker.check_model(model)
    return model


def _fold_into_convolution(graph: Any, norm: Any) -> None:
    """Give the transposed convolution before a batch normalisation the weights of both, and remove the second."""
    values = {each.name: numpy_helper.to_array(each).astype(np.float64) for each in graph.initializer}
    (source,) = [node for node in graph.node if norm.input[0] in node.output]
    gain, offset, mean, variance = (values[name] for name in norm.input[1:5])
    (epsilon,) = [each.f for each in norm.attribute if each.name == "epsilon"]
    factor = gain / np.sqrt(variance + epsilon)
    bias = values[source.input[2]] if len(source.input) > 2 else 0.0
    weight = values[source.input[1]] * factor[None, :, None, None]
    names = [f"{source.output[0]}_weight", f"{source.output[0]}_bias"]
    for name, value in zip(names, (weight, (bias - mean) * factor + offset), strict=True):
        graph.initializer.append(numpy_helper.from_array(value.astype(np.float32), name))
    source.input[:] = [source.input[0], *names]
    for node in graph.node:
        node.input[:] = [source.output[0] if name == norm.output[0] else name for name in node.input]
    graph.node.remove(norm)


def _remove_unused_weights(graph: Any) -> None:
    used = {name for node in graph.node for name in node.input}
    kept = [each for each in graph.initializer if each.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


if __name__ == "__main__":
    quantise(Path(sys.argv[1]), [Path(each) for each in sys.argv[2:]])
    print(file_sha256(Path(sys.argv[1])), sys.argv[1])
