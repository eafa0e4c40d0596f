"""Rows of this server as ElevenLabs' clients read them."""

import calendar
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Sum
from django.db.models.functions import Length
from django.utils.translation import get_language_info
from rest_framework.request import Request
from rest_framework.reverse import reverse

from conversions.models import Conversion, Kind
from models_app.models import VoiceModel
from tts.engines.registry import engines
from tts.models import Speech

OURS = "rvc"
NO_LIMIT = 2**31 - 1
"""Where this server counts nothing and a number has to stand."""


def voice_settings(voice: VoiceModel) -> dict[str, Any]:
    """What a request that says nothing gets."""
    options = voice.options()
    return {
        "stability": options.loudness_mix,
        "similarity_boost": options.index_rate,
        "style": 0.0,
        "use_speaker_boost": False,
        "speed": 1.0,
    }


def voice_shape(voice: VoiceModel, request: Request) -> dict[str, Any]:
    labels = {"language": voice.language, "tags": ", ".join(voice.tag_words)}
    preview = reverse("api:voice-preview", args=[voice.pk], request=request) if voice.preview else None
    return {
        "voice_id": str(voice.pk),
        "name": voice.name,
        "category": "cloned" if voice.owner_id else "premade",
        "labels": {name: words for name, words in labels.items() if words},
        "description": voice.description or None,
        "preview_url": preview,
        "available_for_tiers": [],
        "settings": voice_settings(voice),
        "high_quality_base_model_ids": [OURS],
        "is_owner": voice.owner_id == request.user.pk,
        "created_at_unix": calendar.timegm(voice.created_at.utctimetuple()),
    }


def model_shapes() -> list[dict[str, Any]]:
    """The usual engines under our own name, then each that can speak here."""
    usable = {name: engine for name, engine in engines().items() if engine.trouble() is None}
    names = {OURS: "The usual engines", **{name: engine.label for name, engine in usable.items()}}
    return [_model(name, label) for name, label in names.items()]


def _model(name: str, label: str) -> dict[str, Any]:
    return {
        "model_id": name,
        "name": label,
        "description": "Speaks, or takes a recording, and converts it with an RVC voice.",
        "can_be_finetuned": False,
        "can_do_text_to_speech": True,
        "can_do_voice_conversion": name == OURS,
        "can_use_style": False,
        "can_use_speaker_boost": False,
        "serves_pro_voices": False,
        "token_cost_factor": 0.0,
        "requires_alpha_access": False,
        "maximum_text_length_per_request": settings.SPEECH_CHARACTERS,
        "languages": [_language(str(settings.TTS_LANGUAGE))],
    }


def _language(code: str) -> dict[str, str]:
    """The one that is spoken where nothing else is known; more than that depends on what an operator installed."""
    try:
        name = str(get_language_info(code.partition("-")[0])["name"])
    except KeyError:
        name = code
    return {"language_id": code, "name": name}


def history_shape(conversion: Conversion) -> dict[str, Any]:
    speech = getattr(conversion, "speech", None)
    text = speech.text if speech is not None else ""
    return {
        "history_item_id": str(conversion.pk),
        "voice_id": str(conversion.voice_id) if conversion.voice_id else None,
        "model_id": speech.engine if speech is not None and speech.engine else OURS,
        "voice_name": conversion.voice_name,
        "text": text,
        "date_unix": calendar.timegm(conversion.created_at.utctimetuple()),
        "character_count_change_from": 0,
        "character_count_change_to": len(text),
        "content_type": conversion.result_type,
        "state": "created",
        "settings": {"stability": conversion.loudness_mix, "similarity_boost": conversion.index_rate},
        "source": "TTS" if conversion.kind == Kind.SPEECH else "STS",
    }


def subscription_shape(user: User) -> dict[str, Any]:
    """Nothing is sold here: characters are those of the texts that are kept, and there is no limit to them."""
    kept = Speech.objects.visible_to(user).aggregate(characters=Sum(Length("text")))
    return {
        "tier": "self-hosted",
        "status": "active",
        "character_count": kept["characters"] or 0,
        "character_limit": NO_LIMIT,
        "max_credit_limit_extension": 0,
        "can_extend_character_limit": False,
        "allowed_to_extend_character_limit": False,
        "voice_slots_used": VoiceModel.objects.filter(owner=user).count(),
        "voice_limit": NO_LIMIT,
        "voice_add_edit_counter": 0,
        "professional_voice_slots_used": 0,
        "professional_voice_slots_used_in_workspace": 0,
        "professional_voice_limit": 0,
        "can_extend_voice_limit": False,
        "can_use_instant_voice_cloning": False,
        "can_use_professional_voice_cloning": False,
        "current_overage": {"amount": "0", "currency": "usd"},
    }


def user_shape(user: User) -> dict[str, Any]:
    return {
        "user_id": str(user.pk),
        "workspace_id": "here",
        "first_name": user.get_username(),
        "subscription": subscription_shape(user),
        "is_new_user": False,
        "can_use_delayed_payment_methods": False,
        "is_onboarding_completed": True,
        "is_onboarding_checklist_completed": True,
        "created_at": calendar.timegm(user.date_joined.utctimetuple()),
        "seat_type": "workspace_admin" if user.is_staff else "workspace_member",
    }
