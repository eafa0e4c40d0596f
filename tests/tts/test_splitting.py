"""Where texts are cut, what is never cut, and that no word is lost."""

import random

import pytest

from tts.splitting import LONGEST, paragraphs, sentences, split

SENTENCES = [
    "Hello.|World!|What?",
    "Dr. Smith paid $3.50 on Jan. 5th, e.g. at example.org.|He left at 5 p.m.|It rained.",
    "J. R. R. Tolkien wrote…|Yes.",
    "He paused… and went on... slowly.|Then he stopped...|It was over.",
    '"Really?" she asked.|"Yes!"|He nodded.',
    "(He did.)|[So did she.]|Done",
    "No.|I said no. 5 is fine.|See fig. 3 and No. 7.",
    "Apples, pears etc. are fruit.|We sell bread etc.|Come in.",
    "It costs 1.000.000,50 or 3.14 or .5.|Version 2.0.1 is out!?|Good.",
    "The U.S. is large.|She has a Ph.D. in law.",
    "Am I?|So did I.|Then we left.",
    "Er kam z.B. am 3. oder 4. Mai bzw. später.|Dann fuhr er usw.|Ende.",
    "¿Qué tal?|¡Bien!|«Sí», dijo.",
    "今日は。|元気ですか？|「はい！」|と言った。",
    "你好。|世界！",
    "नमस्ते।|कैसे हैं?",
    "مرحبا؟|نعم۔|شكرا",
    "No end here",
    "wait.what is this.com/a.b?c=d|",
]


@pytest.mark.parametrize("marked", SENTENCES)
def test_sentences_end_where_a_reader_breathes(marked):
    wanted = [sentence for sentence in marked.split("|") if sentence]
    spaced = "".join(part if part[-1] in "。？！」।" else f"{part} " for part in wanted).strip()
    assert sentences(spaced) == wanted


def test_an_empty_line_ends_a_paragraph_and_a_line_break_does_not():
    text = "One line\nand another.\r\n\r\nA second\tparagraph. \n \n\n\n Third.\u2029Fourth."
    assert paragraphs(text) == ["One line and another.", "A second paragraph.", "Third.", "Fourth."]
    assert [passage.ends_paragraph for passage in split("A b. C d.\n\nE f.")] == [True, True]


def test_short_sentences_share_a_passage_and_the_first_is_short():
    found = split("This is a short sentence. " * 40)
    lengths = [len(passage.text) for passage in found]
    assert lengths[0] <= 110
    assert all(LONGEST - 26 <= length <= LONGEST for length in lengths[1:-1])
    assert [passage.ends_paragraph for passage in found] == [False] * (len(found) - 1) + [True]


def test_with_pauses_of_its_own_every_sentence_stands_alone():
    assert [passage.text for passage in split("One. Two. Three.", single=True)] == ["One.", "Two.", "Three."]


def test_a_long_sentence_is_cut_at_its_commas_and_not_in_its_numbers():
    found = split("we meet at 10:30, or at 1,000 places, " * 30)
    assert all(len(passage.text) <= LONGEST and passage.text.endswith(",") for passage in found)
    assert all("10:30" in passage.text for passage in found)


def test_a_long_word_is_cut_anyhow_but_never_within_a_letter():
    found = split("a\u0301" * 1000)
    assert all(len(passage.text) <= LONGEST and passage.text[0] == "a" for passage in found)
    assert "".join(passage.text for passage in found) == "a\u0301" * 1000
    assert [len(passage.text) for passage in split("\u0301" * 700)] == [320, 320, 60], "accents alone end, too"


@pytest.mark.parametrize("text", ["", "   \n\n \t", "\u2029"])
def test_nothing_gives_nothing(text):
    assert split(text) == []


def test_no_word_is_lost_and_none_is_too_long():
    """Any text of any signs: what comes out is what went in, but for spaces."""
    signs = "aB1 \n.,!?…'\"()-。！「」é\u0301日नम\u200d𝒳:;/&<>\\" + "ab " * 20
    for seed in range(300):
        draw = random.Random(seed)
        text = "".join(draw.choices(signs, k=draw.randrange(1500)))
        for single in (False, True):
            found = split(text, single=single)
            assert "".join("".join(passage.text for passage in found).split()) == "".join(text.split())
            assert all(0 < len(passage.text) <= LONGEST for passage in found)


def test_a_text_of_the_longest_kind_takes_no_time():
    for text in ("a" * 100_000, ". " * 50_000, "a. " * 33_000, "\n\n" * 50_000, "(" * 100_000, '."' * 50_000):
        split(text)
