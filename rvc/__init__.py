"""Retrieval-based voice conversion: the inference library of Voiceproject.

Knows nothing of Django or settings and reads no environment variables. Importing `rvc`, `rvc.errors`, `rvc.options` and
`rvc.voicefile` needs no torch; `rvc.pipeline` does.
"""

import os

# Compute threads sleep while they wait for each other: spinning costs a quarter of the processor time for nothing.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read by the compute libraries when they are loaded, after this

SAMPLE_RATE = 16000
"""Hz, of every wave before the synthesizer."""
