"""Retrieval-based voice conversion: the inference library of Voiceproject.

Knows nothing of Django, settings or environment variables. Importing `rvc`, `rvc.errors`, `rvc.options` and
`rvc.voicefile` needs no torch; `rvc.pipeline` does.
"""

SAMPLE_RATE = 16000
"""Hz, of every wave before the synthesizer."""
