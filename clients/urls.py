"""The addresses that client libraries ask, below the base address that they are given: /v1/ and what stands there."""

from django.urls import path

from clients.elevenlabs import history, views, voices
from clients.listing import ModelsView
from clients.openai.views import ModelView, SpeechView
from clients.views import NothingView

RECORDINGS = ("speech-to-speech", "voice-changer")
"""The vendor's documents and older clients say the one, newer clients the other."""

openai = [
    path("v1/audio/speech", SpeechView.as_view(), name="client-speech"),
    path("v1/models", ModelsView.as_view(), name="client-models"),
    path("v1/models/<str:model>", ModelView.as_view(), name="client-model"),
]
elevenlabs = [
    path("v1/text-to-speech/<str:voice>", views.TextView.as_view(), name="eleven-text"),
    path("v1/text-to-speech/<str:voice>/stream", views.TextView.as_view(streamed=True), name="eleven-text"),
    path("v1/text-to-speech/<str:voice>/with-timestamps", views.TimestampsView.as_view(), name="eleven-text"),
    path(
        "v1/text-to-speech/<str:voice>/stream/with-timestamps",
        views.TimestampsView.as_view(streamed=True),
        name="eleven-text",
    ),
    *(path(f"v1/{word}/<str:voice>", views.RecordingView.as_view(), name="eleven-recording") for word in RECORDINGS),
    *(
        path(f"v1/{word}/<str:voice>/stream", views.RecordingView.as_view(streamed=True), name="eleven-recording")
        for word in RECORDINGS
    ),
    path("v1/voices", voices.VoicesView.as_view(), name="eleven-voices"),
    path("v2/voices", voices.VoicePagesView.as_view(), name="eleven-voices"),
    path("v1/voices/add", voices.AddVoiceView.as_view(), name="eleven-add"),
    path("v1/voices/settings/default", voices.UsualSettingsView.as_view(), name="eleven-settings"),
    path("v1/voices/<str:voice>", voices.VoiceView.as_view(), name="eleven-voice"),
    path("v1/voices/<str:voice>/settings", voices.VoiceSettingsView.as_view(), name="eleven-settings"),
    path("v1/history", history.HistoryView.as_view(), name="eleven-history"),
    path("v1/history/<str:pk>", history.HistoryItemView.as_view(), name="eleven-item"),
    path("v1/history/<str:pk>/audio", history.HistorySoundView.as_view(), name="eleven-sound"),
    path("v1/user", views.UserView.as_view(), name="eleven-user"),
    path("v1/user/subscription", views.SubscriptionView.as_view(), name="eleven-user"),
]
urlpatterns = [*openai, *elevenlabs, path("v1/<path:rest>", NothingView.as_view(), name="client-nothing")]
