"""Engines of speech: one file each, one contract for all. Importing this package loads none of them, and no Django.

What the rest of the application uses:

    from tts.engines.base import Attempt, Engine, Speaker, SpeechError, Spoken, Trouble, Utterance
    from tts.engines.registry import engine, engines, speak_with

    engines()                   the engines of the operator's list (TTS_ENGINES), by name, in that order
    engine("pyttsx3").trouble() None, or why it cannot be used here and the way out; cheap, fit for a page
    engine("pyttsx3").speakers()  who can speak: id, name, language, gender; cheap after the first time
    engine("pyttsx3").speak(Utterance("Hello.", language="en"), folder)
                                a mono WAV of 16 bits in `folder`, its rate, its length, and facts about it
    speak_with(("piper", "pyttsx3"), utterance, folder)
                                the same from the first that can, with what went wrong in those before it

Everything that fails raises SpeechError; its codes stand in `tts.engines.base`. An engine is given one piece of text at
a time, a few sentences: whoever has more cuts it first. Text is text for every engine: markup is spoken or dropped,
never obeyed, unless an engine says `ssml`, and none does.
"""
