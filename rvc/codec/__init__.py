"""Recordings in and out: strangers' audio to mono 16 kHz in a throwaway child, results to the formats people want.

Importing this package loads neither libsndfile nor FFmpeg; the child that decodes and the first `encode` do.
"""

from rvc.codec.decoding import Recording, RecordingFacts, decode, probe
from rvc.codec.encoding import MEDIA_TYPES, encode, format_of
from rvc.codec.limits import DecodeLimits

__all__ = ["MEDIA_TYPES", "DecodeLimits", "Recording", "RecordingFacts", "decode", "encode", "format_of", "probe"]
