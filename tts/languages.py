"""Which language a text is in, as far as its script and its smallest words tell: a guess for those who did not say."""

import re
import unicodedata
from collections import Counter

SCRIPTS = {
    "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "CJK": "zh", "CYRILLIC": "ru", "GREEK": "el", "ARABIC": "ar",
    "HEBREW": "he", "DEVANAGARI": "hi", "BENGALI": "bn", "TAMIL": "ta", "TELUGU": "te", "THAI": "th", "GEORGIAN": "ka",
    "ARMENIAN": "hy", "GUJARATI": "gu", "GURMUKHI": "pa", "KANNADA": "kn", "MALAYALAM": "ml",
}  # fmt: skip
"""First word of a letter's Unicode name, and the language that most of what is written with it is in."""
WORDS = {
    "en": "the and of to is in that it was for on are with as this be at have you not from they he she his her we",
    "de": "der die das und ist nicht ein eine zu den von mit sich auf für im dem des ich wir sie es auch wie aus wird",
    "fr": "le la les et est un une des du dans que qui pour pas sur au avec ce il elle nous vous sont plus ne je être",
    "es": "el la los las y es un una de que en por con no para se del al lo como más pero su sus está son hay muy",
    "it": "il la lo gli e è un una di che non per con del della sono nel alla si dei delle come più ma anche questo",
    "pt": "o a os as e é um uma de que não para com do da no na em por se mais mas como seu sua são está dos das",
    "nl": "de het een en is van niet dat in op te zijn met voor aan er maar ook naar door wij ik je bij wordt deze",
    "sv": "och att det som en är på för med av inte till den har jag om ett men var vi så de han hon från kan",
    "da": "og at det er en til på som med af for ikke den har jeg der et men vi var han hun fra kan være også",
    "pl": "i w na z się nie jest do to że jak o po co ale za od jego czy tak był dla przez ma są już",
    "tr": "ve bir bu da de için ile çok ne o ben sen mi var daha gibi kadar olan değil ama sonra her şey olarak",
    "cs": "a je se v na to že s z do o jako ale za by jsem si po jeho pro není jsou také který už až",
    "fi": "ja on ei se että hän oli en mutta kun ovat tai niin mitä myös kuin jos ole minä olen tämä sen",
    "hu": "a az és hogy nem egy is van de ez azt csak meg ha mint már volt vagy ki még el fel lesz",
    "ro": "și în de la a cu nu pe este o un care din mai că pentru se sunt au ce fi sau dar am",
    "id": "dan yang di itu dengan untuk ini dari tidak dalam akan pada juga saya ke karena ada kami mereka adalah",
    "vi": "và của là có không được cho một các trong người với này đã những để khi từ tôi như",
}
"""Small words by language; the first of the table wins where two fit as well."""
UKRAINIAN = frozenset("іїєґ")
PERSIAN = frozenset("پچژگ")
LOOKED_AT = 2000
LETTER_RUNS = re.compile(r"[^\W\d_]+")


def guess(text: str, otherwise: str = "en") -> str:
    """The language, BCP 47; `otherwise` where nothing speaks for one."""
    letters = [letter for letter in text[:LOOKED_AT].lower() if letter.isalpha()]
    scripts = Counter(unicodedata.name(letter, "?").split()[0].split("-")[0] for letter in letters)
    if not scripts:
        return otherwise
    if scripts["HIRAGANA"] + scripts["KATAKANA"] > 0.1 * len(letters):
        return "ja"  # beside the Chinese signs that it is written with as well
    script = scripts.most_common(1)[0][0]
    return _by_words(text, otherwise) if script == "LATIN" else _told_apart(SCRIPTS.get(script, otherwise), letters)


def _by_words(text: str, otherwise: str) -> str:
    words = Counter(LETTER_RUNS.findall(text[:LOOKED_AT].lower()))
    found = {language: sum(words[word] for word in small.split()) for language, small in WORDS.items()}
    best = max(found, key=lambda language: found[language])
    return best if found[best] else otherwise


def _told_apart(language: str, letters: list[str]) -> str:
    """Languages of one script that letters of their own tell apart."""
    if language == "ru" and UKRAINIAN & set(letters):
        return "uk"
    return "fa" if language == "ar" and PERSIAN & set(letters) else language
