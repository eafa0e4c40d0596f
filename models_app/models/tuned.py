"""How a voice is used where nobody says otherwise: the options that suit it, and where it usually speaks."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from models_app.models.described import Described
from rvc.errors import OptionError
from rvc.options import ConversionOptions
from rvc.pitch.fitting import HIGHEST_USUAL, LOWEST_USUAL, check_usual_pitch


class Tuned(Described):
    """What turns a wish into the options of a conversion with this voice."""

    f0: Any
    speakers: Any

    usual_f0 = models.FloatField(
        _("usual pitch"),
        null=True,
        blank=True,
        validators=[MinValueValidator(LOWEST_USUAL), MaxValueValidator(HIGHEST_USUAL)],
        help_text=_(
            "Hz, the median of how this voice speaks: men about 80 to 150, women about 160 to 250. "
            "Recordings and texts are brought to it by the automatic pitch."
        ),
    )

    class Meta:
        abstract = True

    def options(self, **chosen: Any) -> ConversionOptions:
        """The options of a conversion: what was chosen, else what the voice recommends, else the default."""
        suits = dict(self.recommended)
        if suits.get("pitch_mode") == "auto" and not self.usual_f0:
            del suits["pitch_mode"]  # it was recommended while the usual pitch was known
        if chosen.get("pitch_mode", suits.get("pitch_mode")) != self.recommended.get("pitch_mode"):
            suits.pop("pitch_shift", None)  # it was meant to start from elsewhere
        return self.checked_options({**suits, **chosen})

    def speech_options(self, **chosen: Any) -> ConversionOptions:
        """As `options`; an engine has no pitch of its own to keep: its goes to the usual one where that is known.

        Unless somebody chooses another way, or a shift, or the voice recommends a way.
        """
        said = chosen.get("pitch_mode") or chosen.get("pitch_shift") or self.recommended.get("pitch_mode")
        if not said and self.f0 and self.usual_f0:
            chosen = {**chosen, "pitch_mode": "auto"}
        return self.options(**chosen)

    def checked_options(self, values: dict[str, Any]) -> ConversionOptions:
        """Options that this voice can take. Raises OptionError, which names the one that it cannot."""
        options = ConversionOptions.from_mapping(values)
        if options.speaker >= self.speakers:
            message = _("This voice has {speakers} speaker(s), counted from 0.").format(speakers=self.speakers)
            raise OptionError("speaker", message)
        return options

    def check_usual_pitch(self, options: ConversionOptions) -> None:
        """Raise OptionError("needs_usual_pitch") where the automatic pitch is wished and nobody said this voice's."""
        check_usual_pitch(options, follows=self.f0, usual=self.usual_f0 or 0.0)
