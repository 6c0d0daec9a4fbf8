"""Small ONNX models for the tests of detectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

INPUT_PX = 64
"""Height and width of the models' input."""


def constant_model(path: Path, output: np.ndarray) -> Path:
    """Write an ONNX file that takes a YOLO model's input and always returns ``output``."""
    node = helper.make_node(
        "Constant", [], ["output0"], value=helper.make_tensor("v", TensorProto.FLOAT, output.shape, output.ravel())
    )
    graph = helper.make_graph(
        [node],
        "face",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, 3, INPUT_PX, INPUT_PX))],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, output.shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(path))
    return path


PLATE_SIZE_PX = (72, 24)
"""Width and height of the only plates and signs that `plate_model` finds, in pixels of its input."""

_PLATE_INPUT_PX = 320
_CELL_PX = 8


def plate_model(path: Path, names: str | None = "{0: 'kenteken', 1: 'sign'}") -> Path:
    """Write an ONNX file of the YOLO shape that finds yellow plates (class 0) and blue signs (class 1).

    Each score is the fourth power of the share of the box with that colour. ``names``: the names
    in the file.
    """
    side = _PLATE_INPUT_PX // _CELL_PX
    anchors = sum((_PLATE_INPUT_PX // stride) ** 2 for stride in (8, 16, 32))
    centre = (np.arange(side) + 0.5) * _CELL_PX
    x, y = (each.ravel() for each in np.meshgrid(centre, centre))
    boxes = np.zeros((1, 4, anchors), np.float32)
    boxes[0, :, : side * side] = np.stack([x, y, *(np.full(side * side, length) for length in PLATE_SIZE_PX)])
    width, height = PLATE_SIZE_PX
    around = ((height - _CELL_PX) // 2, (width - _CELL_PX) // 2)
    constants = {
        "power": np.float32(4),
        "gain": np.float32(1.5),
        "offset": np.float32(0.3),
        "low": np.float32(0),
        "high": np.float32(1),
        "shape": np.array([1, 2, side * side], np.int64),
        "unused": np.zeros((1, 2, anchors - side * side), np.float32),
        "boxes": boxes,
    }
    nodes = [
        helper.make_node("Split", ["images"], ["red", "green", "blue"], axis=1, num_outputs=3),
        helper.make_node("Min", ["red", "green"], ["both"]),
        helper.make_node("Max", ["red", "green"], ["either"]),
        helper.make_node("Sub", ["both", "blue"], ["yellowness"]),
        helper.make_node("Sub", ["blue", "either"], ["blueness"]),
        helper.make_node("Concat", ["yellowness", "blueness"], ["colours"], axis=1),
        helper.make_node("Mul", ["colours", "gain"], ["strong"]),
        helper.make_node("Sub", ["strong", "offset"], ["clear"]),
        helper.make_node("Clip", ["clear", "low", "high"], ["levels"]),
        helper.make_node(
            "AveragePool", ["levels"], ["shares"], kernel_shape=(height, width), strides=(_CELL_PX, _CELL_PX),
            pads=(*around, *around), count_include_pad=1,
        ),
        helper.make_node("Pow", ["shares", "power"], ["sharp"]),
        helper.make_node("Reshape", ["sharp", "shape"], ["flat"]),
        helper.make_node("Concat", ["flat", "unused"], ["scores"], axis=2),
        helper.make_node("Concat", ["boxes", "scores"], ["output0"], axis=1),
    ]  # fmt: skip
    graph = helper.make_graph(
        nodes,
        "plates",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, 3, _PLATE_INPUT_PX, _PLATE_INPUT_PX))],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, (1, 6, anchors))],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    if names is not None:
        helper.set_model_props(model, {"names": names})
    onnx.save(model, str(path))
    return path
