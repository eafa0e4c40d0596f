"""When characters are heard: measured where a passage begins and ends, spread within it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.engines.words import says_something
from tts.splitting import split
from tts.timing import Clock, Span, joined

TEXT = "Ab cd. Efgh!\n\nIj"
PASSAGES = ["Ab cd.", "Efgh!", "Ij"]
SPANS = [Span(0, 0.0, 0.6), Span(1, 1.0, 2.0), Span(2, 2.5, 2.9)]


def test_it_works():
    timed = Clock(TEXT, PASSAGES).whole(SPANS)
    assert timed.characters == TEXT
    assert timed.begins[:6] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert (timed.begins[6], timed.ends[6]) == (0.6, 1.0), "the silence is the space's"
    assert timed.begins[7:12] == pytest.approx([1.0, 1.2, 1.4, 1.6, 1.8])
    assert list(zip(timed.begins, timed.ends, strict=True))[12:14] == [(2.0, 2.25), (2.25, 2.5)]
    assert (timed.begins[14], timed.ends[-1]) == (2.5, 2.9)


def test_piece_by_piece_it_is_the_same():
    whole, clock = Clock(TEXT, PASSAGES).whole(SPANS), Clock(TEXT, PASSAGES)
    assert joined([*[clock.until(span) for span in SPANS], clock.rest()]) == whole


def test_where_nothing_stands_between_two_sentences_the_silence_is_nobodys():
    timed = Clock("你好。再见。", ["你好。", "再见。"]).whole([Span(0, 0.0, 0.9), Span(1, 1.2, 1.8)])
    assert (timed.ends[2], timed.begins[3]) == (0.9, 1.2)


def test_what_was_not_spoken_takes_no_time_of_others():
    timed = Clock("Ab. *** Cd. ~", ["Ab.", "Cd."]).whole([Span(0, 0.0, 0.3), Span(1, 0.8, 1.1)])
    assert timed.characters == "Ab. *** Cd. ~"
    assert (timed.begins[3], timed.ends[7]) == (0.3, 0.8)
    assert (timed.begins[8], timed.ends[10], timed.begins[-1], timed.ends[-1]) == (0.8, 1.1, 1.1, 1.1)


def test_a_passage_that_an_engine_left_out():
    timed = Clock(TEXT, PASSAGES).whole([SPANS[0], SPANS[2]])
    assert timed.characters == TEXT
    assert (timed.begins[6], timed.ends[13], timed.begins[14]) == (0.6, 2.5, 2.5)


@given(st.text(st.sampled_from("ab .!?,\n\u3002\u4f60*~\xe9\t"), max_size=80), st.booleans())
def test_every_character_has_its_time_once_and_in_order(text, single):
    passages = [passage.text for passage in split(text, single=single, first=10, longest=20)]
    passages = [passage for passage in passages if says_something(passage)]
    spans = [Span(number, number * 2.0, number * 2.0 + 1.5) for number in range(len(passages))]
    timed = Clock(text, passages).whole(spans)
    assert timed.characters == text
    assert len(timed.begins) == len(timed.ends) == len(text)
    edges = [edge for pair in zip(timed.begins, timed.ends, strict=True) for edge in pair]
    assert edges == sorted(edges)
    for span, (begin, end) in zip(spans, Clock(text, passages).places, strict=True):
        assert (timed.begins[begin], timed.ends[end - 1]) == (span.begin, span.end)
        assert "".join(text[begin:end].split()) == "".join(passages[span.passage].split())
