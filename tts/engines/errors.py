"""The one error of engines of speech."""

from rvc.errors import RVCError


class SpeechError(RVCError):
    """Something could not be spoken. Codes are stable:

    of what was asked: text_says_nothing, text_too_long, unknown_speaker, unknown_language, bad_option (a rate or a
    volume), unknown_engine, no_engine (an empty chain);
    of an engine: engine_unavailable, engine_off (the operator has not allowed it), needs_voice, engine_failed,
    engine_timeout, speech_empty (it gave silence);
    of a service elsewhere: upstream, upstream_busy (it has no time now, or counts what is asked), upstream_refused
    (it does not take our key, or our words);
    engines_failed: all of a chain, each with its own sentence.
    """


OF_THE_WISH = frozenset({"text_says_nothing", "text_too_long", "bad_option"})
"""Codes that would come from any engine: there is no use in asking the next."""
