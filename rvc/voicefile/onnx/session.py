"""One graph in onnxruntime, which is loaded here and only when a graph is to run."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any, NoReturn

import numpy as np

from rvc.errors import AssetError, RVCError, VoiceFileError

Array = np.ndarray[Any, Any]
CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
QUIET = 4  # only what is fatal is printed; everything else is raised
MEMORY_WORDS = ("bad_alloc", "failed to allocate", "out of memory", "bad allocation")


def runtime() -> Any:
    """The package onnxruntime, which is told to report nothing to anybody. Raises AssetError where it is missing."""
    if find_spec("onnxruntime") is None:
        raise AssetError("needs_asset", "ONNX voices need the package onnxruntime, which is not installed here.")
    import onnxruntime  # noqa: PLC0415 - a web process must not carry it

    onnxruntime.disable_telemetry_events()
    return onnxruntime


class Session:
    """A loaded graph. threads: 0 for onnxruntime's own choice. providers: what computes, in order of preference."""

    def __init__(
        self, data: bytes, *, threads: int = 1, providers: Sequence[Any] = (CPU,), optimised: bool = True
    ) -> None:
        """Raises AssetError without onnxruntime, VoiceFileError("unsupported_graph") for a graph it does not take."""
        onnxruntime = runtime()
        state = onnxruntime.capi.onnxruntime_pybind11_state
        self.errors = tuple(getattr(state, name) for name in dir(state) if _is_error(getattr(state, name)))
        self._options = onnxruntime.RunOptions
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = QUIET
        options.enable_cpu_mem_arena = False  # what a piece took is given back after it
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if not optimised:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=list(providers))
        except self.errors as error:
            self._refuse(error)
        except RuntimeError as error:
            self._refuse(error)
        self.providers: list[str] = self._session.get_providers()

    def options(self) -> Any:
        """The options of one run; setting `terminate` on them ends it."""
        options = self._options()
        options.log_severity_level = QUIET
        return options

    def run(self, feeds: Mapping[str, Array], options: Any = None) -> list[Array]:
        """All outputs. Raises VoiceFileError("unsupported_graph"), or RVCError("out_of_memory")."""
        try:
            outputs: list[Array] = self._session.run(None, dict(feeds), options or self.options())
        except (*self.errors, RuntimeError, ValueError) as error:
            self._refuse(error)
        return outputs

    def _refuse(self, error: Exception) -> NoReturn:
        words = " ".join(str(error).split())
        if any(mark in words.lower() for mark in MEMORY_WORDS):
            raise RVCError("out_of_memory", "This ONNX voice needs more memory than there is.") from error
        shown = "".join(letter for letter in words if letter.isprintable())[:200]
        raise VoiceFileError("unsupported_graph", f"The ONNX voice cannot be run: {shown}") from error


def providers_for(gpu: int | None) -> list[Any]:
    """What computes on this machine: the graphics card of this number where onnxruntime can, else the processor."""
    if gpu is None or CUDA not in runtime().get_available_providers():
        return [CPU]
    return [(CUDA, {"device_id": gpu, "use_tf32": 0}), CPU]  # full float32, as everywhere in this library


def _is_error(found: object) -> bool:
    return isinstance(found, type) and issubclass(found, Exception)
