"""Voices as ONNX graphs: read as hostile data, rewritten, tried, and written from a voice. Nothing here needs torch."""
