"""The only module that imports onnxruntime: it turns its telemetry off and sets the options of a session.

One thread a session: a worker runs one worker process a core, which beats two threads in one session.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from blurline.errors import ConfigurationError, ModelRejected

# onnxruntime reads this once, while it is imported; `disable_telemetry_events()` comes too late. Without it, a session
# leaves a device id in the user's cache folder and looks up the host of a collector.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime


class Session:
    """A loaded model with one image input.

    Raises ModelRejected when the file is no model that onnxruntime can load or has another kind of
    input, ConfigurationError when the wanted execution provider is not there: there is no silent fallback.
    """

    def __init__(self, path: Path, provider: str = "CPUExecutionProvider", threads: int = 1) -> None:
        available = onnxruntime.get_available_providers()
        if provider not in available:
            raise ConfigurationError(
                f"The execution provider {provider} is not in the installed onnxruntime, which has "
                f"{', '.join(available)}. Install the onnxruntime build that has it or choose one of these."
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=[provider])
        except Exception as error:
            raise ModelRejected(f"{path} is not a model that onnxruntime can load: {error}") from error
        self.provider: str = self._session.get_providers()[0]
        if self.provider != provider:
            raise ConfigurationError(f"The model {path.name} runs on {self.provider}, not on {provider} as set.")
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].shape[1] not in (3, "c", None):
            raise ModelRejected(
                f"{path} takes {[(i.name, i.shape) for i in inputs]}; a detector has one input of shape (1, 3, H, W)."
            )
        self._input = inputs[0].name
        height, width = inputs[0].shape[2:]
        self.fixed_input = (height, width) if isinstance(height, int) and isinstance(width, int) else None

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """(1, 3, H, W) float32 -> the model's outputs in their order."""
        outputs: list[NDArray[np.float32]] = self._session.run(None, {self._input: tensor})
        return outputs
