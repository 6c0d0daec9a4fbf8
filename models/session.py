"""The only module of the product that imports onnxruntime. It disables telemetry and sets the options of sessions.

The first session imports it, so that importing `models` stays fast. A session has one thread: a worker runs one process
per core, which is faster than two threads in a session. All sessions of a process share one arena of memory, which
grows with the largest input and keeps its memory until `Session.release_memory`.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from blurline.errors import ConfigurationError, ModelRejected


def disable_telemetry() -> None:
    """Keep onnxruntime from phoning home; before its import, since `disable_telemetry_events()` is too late.

    Without it, a session writes a device id into the user's cache folder and looks up the host of a collector.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"


class Session:
    """A loaded model with one image input.

    Raises ModelRejected if onnxruntime cannot load the file or its input has another shape, and ConfigurationError if
    the execution provider is not available: there is no silent fallback.
    """

    def __init__(self, path: Path, provider: str = "CPUExecutionProvider", threads: int = 1) -> None:
        disable_telemetry()
        import onnxruntime

        available = onnxruntime.get_available_providers()
        if provider not in available:
            raise ConfigurationError(
                f"The installed onnxruntime does not have the execution provider {provider}, only "
                f"{', '.join(available)}. Install an onnxruntime build with it, or choose one of these."
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.use_env_allocators", "1")
        _create_arena()
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=[provider])
        except Exception as error:
            raise ModelRejected(f"{path} is not a model that onnxruntime can load: {error}") from error
        self.provider: str = self._session.get_providers()[0]
        if self.provider != provider:
            raise ConfigurationError(f"The model {path.name} runs on {self.provider}, not on {provider} as configured.")
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].shape[1] not in (3, "c", None):
            raise ModelRejected(
                f"{path} has the inputs {[(i.name, i.shape) for i in inputs]}; a detector has one, (1, 3, H, W)."
            )
        self._input = inputs[0].name
        height, width = inputs[0].shape[2:]
        self.fixed_input = (height, width) if isinstance(height, int) and isinstance(width, int) else None

    @property
    def metadata(self) -> dict[str, str]:
        """The custom properties of the model file, as its exporter wrote them."""
        properties: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        return properties

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Return the model's outputs, in order, for (1, 3, H, W) float32."""
        outputs: list[NDArray[np.float32]] = self._session.run(None, {self._input: tensor})
        return outputs

    def release_memory(self, tensor: NDArray[np.float32]) -> None:
        """Run the model on a small ``tensor``, after which onnxruntime returns the shared arena's unused memory."""
        import onnxruntime

        options = onnxruntime.RunOptions()
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        self._session.run(None, {self._input: tensor}, options)


@cache
def _create_arena() -> None:
    """Create the arena that the sessions of this process share."""
    import onnxruntime

    memory = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    onnxruntime.create_and_register_allocator(memory, None)
