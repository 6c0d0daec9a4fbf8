"""Small ONNX models for the tests of detectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

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
