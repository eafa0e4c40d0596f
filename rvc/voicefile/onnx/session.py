"""One graph in onnxruntime, which is loaded here and only when a graph is to run."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any, NoReturn

import numpy as np

from rvc.errors import AssetError, RVCError, VoiceFileError

Array = np.ndarray[Any, Any]
CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
MOST_MEMORY = 4 << 30
"""Bytes that graphs may take in a worker, their weights included: a piece of 15 s needs one, whatever it holds."""

QUIET = 4  # only what is fatal is printed; everything else is raised
MEMORY_WORDS = ("available memory of", "bad_alloc", "failed to allocate", "out of memory", "bad allocation")


class OutOfMemory(RVCError):  # noqa: N818 - the word of its code
    """A graph asked for more memory than there is."""

    def __init__(self) -> None:
        super().__init__("out_of_memory", "This ONNX voice needs more memory than there is.")


def runtime() -> Any:
    """The package onnxruntime, which is told to report nothing to anybody. Raises AssetError where it is missing."""
    if find_spec("onnxruntime") is None:
        raise AssetError("needs_asset", "ONNX voices need the package onnxruntime, which is not installed here.")
    import onnxruntime  # noqa: PLC0415 - a web process must not carry it

    onnxruntime.disable_telemetry_events()
    return onnxruntime


@cache
def _bound_memory() -> None:
    """One allocator for all graphs of this process, which gives out at most MOST_MEMORY."""
    onnxruntime = runtime()
    place = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    growth = {"arena_extend_strategy": 1, "initial_chunk_size_bytes": -1, "max_dead_bytes_per_chunk": -1}
    onnxruntime.create_and_register_allocator(place, onnxruntime.OrtArenaCfg({"max_mem": MOST_MEMORY, **growth}))


class Session:
    """A loaded graph.

    threads: 0 for onnxruntime's own choice. providers: what computes, in order of preference. trial: in a child that
    is bounded itself, for one run; elsewhere the graph is optimised, and may take MOST_MEMORY.
    """

    def __init__(
        self, data: bytes, *, threads: int = 1, providers: Sequence[Any] = (CPU,), trial: bool = False
    ) -> None:
        """Raises AssetError without onnxruntime, VoiceFileError("unsupported_graph") for a graph it does not take."""
        onnxruntime = runtime()
        state = onnxruntime.capi.onnxruntime_pybind11_state
        self.errors = tuple(getattr(state, name) for name in dir(state) if _is_error(getattr(state, name)))
        self._options = onnxruntime.RunOptions
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = QUIET
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if trial:
            options.enable_cpu_mem_arena = False
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        else:
            _bound_memory()
            options.add_session_config_entry("session.use_env_allocators", "1")
        self._after_run = {} if trial else {"memory.enable_memory_arena_shrinkage": "cpu:0"}
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=list(providers))
        except (*self.errors, RuntimeError) as error:
            self._refuse(error)
        self.providers: list[str] = self._session.get_providers()

    @property
    def input_types(self) -> dict[str, str]:
        """The type of each input by its name, in onnxruntime's words."""
        return {value.name: value.type for value in self._session.get_inputs()}

    def options(self) -> Any:
        """The options of one run; setting `terminate` on them ends it."""
        options = self._options()
        options.log_severity_level = QUIET
        for name, value in self._after_run.items():  # what a piece took is given back after it
            options.add_run_config_entry(name, value)
        return options

    def run(self, feeds: Mapping[str, Array], options: Any = None) -> list[Array]:
        """All outputs. Raises VoiceFileError("unsupported_graph"), or OutOfMemory."""
        try:
            outputs: list[Array] = self._session.run(None, dict(feeds), options or self.options())
        except (*self.errors, RuntimeError, ValueError, MemoryError) as error:
            self._refuse(error)
        return outputs

    def _refuse(self, error: Exception) -> NoReturn:
        words = " ".join(str(error).split())
        if isinstance(error, MemoryError) or any(mark in words.lower() for mark in MEMORY_WORDS):
            raise OutOfMemory from error
        shown = "".join(letter for letter in words if letter.isprintable())[:200]
        raise VoiceFileError("unsupported_graph", f"The ONNX voice cannot be run: {shown}") from error


def providers_for(gpu: int | None) -> list[Any]:
    """What computes on this machine: the graphics card of this number where onnxruntime can, else the processor."""
    if gpu is None or CUDA not in runtime().get_available_providers():
        return [CPU]
    # Full float32, as everywhere in this library.
    return [(CUDA, {"device_id": gpu, "use_tf32": 0, "gpu_mem_limit": MOST_MEMORY}), CPU]


def _is_error(found: object) -> bool:
    return isinstance(found, type) and issubclass(found, Exception)
