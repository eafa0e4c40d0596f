"""Settings side by side on one clip: one job that measures once, and what becomes of its cells."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from django.core.management import call_command
from django.db import transaction

from accounts.models import Erasure, count_everything
from accounts.tasks import erase
from conversions import tasks
from conversions.models import Conversion
from conversions.sweeps.grid import MOST_CELLS, Axis, checked, combinations
from conversions.sweeps.models import Sweep, SweepCell
from conversions.sweeps.tasks import sweep as work_on
from jobs.models import LeaseLost, SoundOfDay, State
from rvc.errors import OptionError, RVCError
from rvc.options import ConversionOptions
from tests import base
from voiceproject.errors import SlowDown

pytestmark = pytest.mark.django_db

PITCHES = Axis("pitch_shift", (-12, 0, 12))
STRENGTHS = Axis("index_rate", (0, 0.75))


@pytest.fixture
def ask(done):
    """Compare settings on the recording of a finished conversion, which has one second."""

    def ask(*axes, start=0.0, seconds=10.0):
        return Sweep.objects.submit(done, axes or (PITCHES, STRENGTHS), start=start, seconds=seconds)

    return ask


def run(sweep):
    work_on(str(sweep.pk))
    sweep.refresh_from_db()
    return sweep


def heard(cell):
    return soundfile.read(io.BytesIO(cell.result.open().read()), dtype="float32")


class TestGrid:
    def test_it_is_every_combination_row_by_row(self):
        assert combinations([Axis("pitch_shift", (0, 12)), STRENGTHS]) == [
            {"pitch_shift": 0, "index_rate": 0},
            {"pitch_shift": 0, "index_rate": 0.75},
            {"pitch_shift": 12, "index_rate": 0},
            {"pitch_shift": 12, "index_rate": 0.75},
        ]

    def test_each_value_counts_once(self):
        [axis] = checked([Axis("pitch_shift", (1, 1.0, 2))], ConversionOptions())
        assert axis.values == (1.0, 2.0)

    @pytest.mark.parametrize(
        ("axes", "field"),
        [
            ([], "axes"),
            ([PITCHES, STRENGTHS, Axis("protect", (0.1, 0.2))], "axes"),
            ([PITCHES, PITCHES], "pitch_shift"),
            ([Axis("output_format", ("wav", "mp3"))], "output_format"),
            ([Axis("path", ("/etc", "/tmp"))], "path"),
            ([Axis("pitch_shift", (0,))], "axes"),
            ([Axis("pitch_shift", (0, 99))], "pitch_shift"),
            ([Axis("pitch_shift", (0, float("nan")))], "pitch_shift"),
            ([Axis("unvoiced", ("keep", "drop"))], "unvoiced"),
            ([Axis("pitch_shift", tuple(range(MOST_CELLS + 1)))], "axes"),
        ],
    )
    def test_it_names_what_is_wrong(self, axes, field):
        with pytest.raises(OptionError) as refused:
            checked(axes, ConversionOptions())
        assert refused.value.field == field


class TestSubmit:
    def test_it_is_one_job_of_all_its_sound(self, ask, done):
        before = SoundOfDay.objects.get().seconds
        sweep = ask()
        assert (sweep.state, sweep.seconds, sweep.seconds_of_sound) == (State.QUEUED, 1.0, 6.0)
        assert SoundOfDay.objects.get().seconds == before + 6.0
        assert [cell.options for cell in sweep.cells.all()] == combinations(sweep.own_options)
        assert sweep.owner == done.owner

    def test_it_counts_among_what_waits(self, ask, settings, conversion):
        Conversion.objects.filter(pk=conversion.pk).update(state="done")
        settings.PERSON_JOBS = 1
        ask()
        with pytest.raises(SlowDown):
            ask()

    def test_its_minutes_are_limited(self, ask, settings):
        settings.PERSON_MINUTES_A_DAY = 1
        SoundOfDay.objects.update(seconds=55)
        with pytest.raises(SlowDown):
            ask()
        assert not SweepCell.objects.exists()

    @pytest.mark.parametrize(("clip", "field"), [({"seconds": 31}, "seconds"), ({"start": 2}, "start")])
    def test_a_clip_lies_in_the_recording(self, ask, clip, field):
        with pytest.raises(OptionError) as refused:
            ask(**clip)
        assert refused.value.field == field

    def test_it_needs_a_result_to_start_from(self, submit):
        with pytest.raises(RVCError) as refused:
            Sweep.objects.submit(submit(), [PITCHES], start=0, seconds=5)
        assert refused.value.code == "source_missing"

    def test_a_voice_that_is_shared_no_more_is_refused(self, ask, done, bob):
        done.voice.owner = bob
        done.voice.save()
        with pytest.raises(RVCError) as refused:
            ask()
        assert refused.value.code == "voice_deleted"


@pytest.mark.usefixtures("encoder")
class TestWork:
    @pytest.fixture(autouse=True)
    def _own_features(self, settings, tmp_path):
        settings.FEATURE_CACHE_DIR = tmp_path / "features"
        tasks.converter.cache_clear()
        yield
        tasks.converter.cache_clear()

    def test_features_and_pitch_are_computed_once(self, ask):
        sweep = run(ask())
        assert (sweep.state, sweep.error_message, sweep.progress) == (State.DONE, "", 1.0)
        cells = list(sweep.cells.all())
        assert len(cells) == 6
        computed = [cell.facts["features"]["computed"] for cell in cells]
        wanted = {cell.facts["features"]["wanted"] for cell in cells}
        assert computed == [2, 0, 0, 0, 0, 0]  # the pitch, and the content of the one piece
        assert wanted == {2}
        assert sweep.facts["features"] == {"wanted": 12, "computed": 2}

    def test_each_cell_is_what_a_conversion_with_its_settings_gives(self, ask, done, submit):
        sweep = run(ask())
        for cell in list(sweep.cells.all())[::5]:
            alone = submit(**{**vars(done.options), **cell.options, "output_format": "flac"})
            tasks.convert(str(alone.pk))
            alone.refresh_from_db()
            samples, rate = heard(cell)
            wanted, wanted_rate = soundfile.read(io.BytesIO(alone.result.read()), dtype="float32")
            assert rate == wanted_rate
            assert np.array_equal(samples, wanted)

    def test_cells_differ(self, ask):
        sounds = [heard(cell)[0] for cell in run(ask()).cells.all()]
        for place, sound in enumerate(sounds):
            assert all(not np.array_equal(sound, other) for other in sounds[:place])

    def test_it_takes_the_clip_alone(self, ask):
        sweep = run(ask(Axis("pitch_shift", (0, 5)), start=0.25, seconds=0.5))
        assert [cell.result_seconds for cell in sweep.cells.all()] == [0.5, 0.5]
        assert sweep.stored_bytes == sum(cell.result.size for cell in sweep.cells.all())

    def test_one_cell_may_fail_alone(self, ask, done):
        sweep = run(ask(Axis("speaker", (0, 9))))
        good, bad = sweep.cells.all()
        assert (sweep.state, bool(good.result), good.error_code) == (State.DONE, True, "")
        assert (bool(bad.result), bad.error_code) == (False, "bad_option")
        assert "speaker" in bad.error_message

    def test_where_all_fail_the_job_fails(self, ask):
        sweep = run(ask(Axis("speaker", (8, 9))))
        assert (sweep.state, sweep.error_code) == (State.REJECTED, "bad_option")

    def test_what_an_earlier_attempt_finished_stays(self, ask):
        sweep = run(ask())
        names = [cell.result.name for cell in sweep.cells.all()]
        last = sweep.cells.last()
        last.result.storage.delete(last.result.name)
        SweepCell.objects.filter(pk=last.pk).update(result="")
        Sweep.objects.filter(pk=sweep.pk).update(state=State.QUEUED)
        again = run(sweep)
        assert again.state == State.DONE
        assert [cell.result.name for cell in again.cells.all()][:-1] == names[:-1]
        assert again.cells.last().result

    def test_a_cancelled_one_stops_and_keeps_what_is_done(self, ask, monkeypatch):
        sweep = ask()
        publish = SweepCell.publish

        def cancelling(cell, *words, **columns):
            publish(cell, *words, **columns)
            Sweep.objects.get(pk=cell.sweep_id).cancel()

        monkeypatch.setattr(SweepCell, "publish", cancelling)
        assert run(sweep).state == State.CANCELLED
        assert [bool(cell.result) for cell in sweep.cells.all()] == [True, *[False] * 5]

    def test_who_lost_it_publishes_nothing(self, ask):
        sweep = ask()
        sweep.token = "somebody else's"
        cell = sweep.cells.get(position=0)
        cell.sweep = sweep
        path = Path(sweep.conversion.result.path)
        with pytest.raises(LeaseLost), transaction.atomic():
            cell.publish(path, 0.5)
        assert not any(name.startswith("files/sweeps") for name in base.files_left())

    def test_nothing_is_left_when_the_conversion_goes(self, ask, done, settings, django_capture_on_commit_callbacks):
        run(ask(start=0.25))
        assert list(settings.FEATURE_CACHE_DIR.iterdir())
        with django_capture_on_commit_callbacks(execute=True):
            done.delete()
        assert not Sweep.objects.exists()
        assert not [name for name in base.files_left() if "sweeps" in name]
        assert list(settings.FEATURE_CACHE_DIR.iterdir()) == []

    def test_what_is_measured_in_its_clip_belongs_to_it(self, ask, settings):
        run(ask(start=0.25))
        measured = {path.name for path in settings.FEATURE_CACHE_DIR.iterdir()}
        for path in settings.FEATURE_CACHE_DIR.iterdir():
            os.utime(path, (0, 0))
        call_command("storage", "--sweep")
        assert {path.name for path in settings.FEATURE_CACHE_DIR.iterdir()} == measured

    def test_it_is_erased_with_all_that_is_a_persons(self, ask, alice, django_capture_on_commit_callbacks):
        run(ask(Axis("pitch_shift", (0, 5))))
        assert count_everything(alice)["sweeps"] == 1
        with django_capture_on_commit_callbacks(execute=True):
            erase(str(Erasure.objects.submit(alice).pk))
        assert count_everything(alice)["sweeps"] == 0
        assert base.files_left() == set()

    def test_a_conversion_that_was_deleted_meanwhile_ends_it(self, ask, done):
        sweep = ask()
        done.delete()
        assert work_on(str(sweep.pk)) is False
