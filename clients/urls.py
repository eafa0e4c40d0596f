"""The addresses that client libraries ask, below the base address that they are given: /v1/ and what stands there."""

from django.urls import path

from clients.openai.views import ModelsView, ModelView, SpeechView
from clients.views import NothingView

urlpatterns = [
    path("v1/audio/speech", SpeechView.as_view(), name="client-speech"),
    path("v1/models", ModelsView.as_view(), name="client-models"),
    path("v1/models/<str:model>", ModelView.as_view(), name="client-model"),
    path("v1/<path:rest>", NothingView.as_view(), name="client-nothing"),
]
