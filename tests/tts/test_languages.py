import pytest

from tts.languages import guess

TEXTS = {
    "en": "The quick brown fox jumps over the lazy dog.",
    "de": "Guten Tag, das ist ein kleiner Test.",
    "fr": "Bonjour, c'est une belle journée dans le jardin.",
    "es": "La casa es muy grande y el perro está aquí.",
    "it": "Questo è il mio cane, non il tuo.",
    "pt": "Isto não é para mim, mas para você.",
    "nl": "Dit is een zin die niet in het Engels is.",
    "pl": "To nie jest mój pies, ale bardzo go lubię.",
    "ru": "Привет, как дела?",
    "uk": "Привіт, як справи, їжачок?",
    "ja": "これは日本語の文章です。",
    "zh": "你好，世界。",
    "ko": "안녕하세요",
    "ar": "مرحبا بالعالم",
    "fa": "سلام پدر، چطوری؟",
    "el": "Καλημέρα κόσμε",
    "hi": "नमस्ते दुनिया",
}


@pytest.mark.parametrize("language", TEXTS)
def test_a_language_is_guessed(language):
    assert guess(TEXTS[language], "xx") == language


@pytest.mark.parametrize("text", ["", "42 + 17", "…!", "Zyx Qwv", "🙂🙂"])
def test_nothing_is_guessed_from_nothing(text):
    assert guess(text, "de") == "de"
