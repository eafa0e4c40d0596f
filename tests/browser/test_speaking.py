"""A text on its page: written, counted, sent, heard before its end, changed."""

import pytest
from django.core.files.base import ContentFile

from conversions.models import Conversion, Piece
from tests import base
from tests.browser.conftest import PHONE
from tests.browser.test_journey import until
from tts.models import Speech
from tts.tasks import work as tts_work

pytestmark = pytest.mark.browser
TEXT = "Good evening, everybody.\n\nThis is the second paragraph of a short text."
EARLY = "document.querySelector('#early audio')"
RESULT = "document.querySelector('[data-track=b] audio')"


@pytest.fixture
def worker(tmp_path):
    """Makes a piece of two seconds of tone, and in the end the result of all of them."""

    def piece(job, number):
        path = tmp_path / "piece.wav"
        path.write_bytes(base.tone(2.0, rate=40000))
        Piece.objects.add(job, path, number=number, seconds=2.0, progress=0.3 * (number + 1))

    def finish(job, count):
        sound = base.tone(2.0 * count, rate=40000)
        for file in (job.source, job.result):
            file.save("x.wav", ContentFile(sound), save=False)
        columns = {"source_seconds": 2.0 * count, "result_seconds": 2.0 * count, "result_rate": 40000}
        assert job.finish(source=job.source.name, result=job.result.name, **columns)

    piece.finish = finish
    return piece


def write(page, text=TEXT):
    page.goto("/speak/")  # where texts had a page of their own
    page.get_by_role("textbox", name="Text", exact=True).fill(text)


def speak(page):
    page.get_by_role("button", name="Speak", exact=True).click()
    page.wait_for_url("**/conversions/*-*/")
    return Conversion.objects.claim(Conversion.objects.latest("created_at").pk)


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
def test_it_works(open_page, alice, voice, worker, viewport):
    page = open_page(alice, **({"viewport": viewport} if viewport else {}))
    write(page)
    page.get_by_text("71 of 5,000 characters, about 0:05").wait_for()
    page.get_by_label("Who speaks").select_option("pyttsx3|gmw/en-us")
    job = speak(page)
    assert page.locator(".spoken-text").inner_text().split() == TEXT.split()
    assert not page.get_by_text("Listen already").is_visible()
    worker(job, 0)
    page.get_by_text("Listen already").wait_for()
    page.evaluate(f"void {EARLY}.play()")
    until(page, f"{EARLY}.currentTime > 0.5")
    worker(job, 1)
    until(page, f"{EARLY}.src.endsWith('/1/') && {EARLY}.currentTime > 0.2")
    worker.finish(job, 2)
    page.get_by_role("link", name="Download").wait_for()
    until(page, "document.getElementById('early').hidden")
    assert page.locator(".track").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "nothing sticks out"


def test_a_real_worker_is_heard_before_it_has_spoken_the_end(open_page, alice, voice):
    """The engine, the pipeline and the page as they are: between two passages the browser plays the first."""
    page = open_page(alice)
    write(page, "Good evening.\n\nThis is the end.")
    job = speak(page)
    heard = []

    def report(stage, fraction):
        job.beat(stage=stage, progress=fraction)
        if not heard and job.pieces.exists():
            page.get_by_text("Listen already").wait_for(timeout=30_000)
            page.evaluate(f"void {EARLY}.play()")
            until(page, f"{EARLY}.currentTime > 0.3")
            heard.append(job.pieces.count())

    columns = tts_work(job, report)
    assert heard == [1]
    assert job.finish(**columns)
    page.get_by_role("link", name="Download").wait_for(timeout=30_000)
    until(page, f"Math.abs({RESULT}.duration - {columns['result_seconds']}) < 0.05")
    assert Speech.objects.get().engine == "pyttsx3"


def test_a_document_becomes_a_batch(open_page, alice, voice, tmp_path):
    path = tmp_path / "Two chapters.md"
    path.write_text("# One\n\nIt was late.\n\n# Two\n\nHe left.\n")
    page = open_page(alice)
    page.goto("/speak/")
    page.get_by_label("A whole document").set_input_files(path)
    page.get_by_label("Language of the text").select_option("en")
    page.get_by_role("button", name="Speak", exact=True).click()
    page.wait_for_url("**/conversions/batches/*/")
    page.get_by_role("heading", name="Two chapters").wait_for()
    assert [speech.text.split()[0] for speech in Speech.objects.order_by("conversion__batch_position")] == [
        "One",
        "Two",
    ]


def test_a_refused_text_stays_and_says_why(open_page, alice, voice):
    page = open_page(alice)
    write(page, "x" * 5003)
    assert "over" in page.locator("[data-count]").get_attribute("class")
    page.get_by_role("button", name="Speak", exact=True).click()
    page.locator("#text-errors .errorlist").wait_for()
    open_page.complaints[:] = [words for words in open_page.complaints if "422" not in words]
    assert page.get_by_role("textbox", name="Text", exact=True).input_value() == "x" * 5003
    page.get_by_role("textbox", name="Text", exact=True).fill("Short now.")
    page.get_by_text("10 of 5,000 characters").wait_for()
    page.get_by_role("button", name="Speak", exact=True).click()
    page.wait_for_url("**/conversions/*-*/")
    assert Speech.objects.get().text == "Short now."


def test_a_sample_is_heard(open_page, alice, voice):
    page = open_page(alice)
    page.goto("/speak/")
    assert page.get_by_role("button", name="Hear a sample").is_disabled()
    page.get_by_label("Who speaks").select_option("pyttsx3|gmw/en-us")
    page.get_by_role("button", name="Hear a sample").click()
    page.get_by_role("button", name="Stop").wait_for(timeout=30_000)


def test_it_works_without_scripts(open_page, alice, voice, worker):
    page = open_page(alice, java_script_enabled=False)
    write(page)
    job = speak(page)
    worker(job, 0)
    page.wait_for_selector("noscript a[href$='/stream/']")  # the page has loaded itself again
    worker.finish(job, 1)
    page.wait_for_selector("audio[aria-label=Result]")
    page.get_by_role("link", name="Change the text").click()
    assert page.get_by_role("textbox", name="Text", exact=True).input_value() == TEXT
