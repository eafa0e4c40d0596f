from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeDoneView, PasswordChangeView
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from accounts.api import DataView, MeView
from accounts.tokens.api import TokenView, TokenViewSet
from conversions.api import ConversionViewSet
from conversions.batches.api import BatchViewSet
from conversions.presets_api import PresetViewSet
from conversions.sharing import urls as sharing
from conversions.sweeps.api import SweepViewSet
from conversions.sweeps.api import cell as sweep_cell
from conversions.uploads.api import UploadViewSet
from conversions.uploads.process import DownloadView, ProcessView
from jobs.api import UsageView
from models_app.api import VoiceViewSet
from models_app.assets_api import AssetViewSet
from models_app.imports.api import ImportViewSet
from monitoring.views import metrics, ready
from studio import urls as studio
from tts.api import EngineViewSet, SpeechViewSet, TextToSpeechView
from tts.documents.api import DocumentView
from voiceproject.throttle import throttled
from voiceproject.views import DocsView, nowhere
from webhooks.api import WebhookViewSet

router = SimpleRouter()
router.register("tokens", TokenViewSet, basename="token")
router.register("assets", AssetViewSet, basename="asset")
router.register("voices", VoiceViewSet, basename="voice")
router.register("imports", ImportViewSet, basename="import")
router.register("webhooks", WebhookViewSet, basename="webhook")
router.register("conversions", ConversionViewSet, basename="conversion")
router.register("presets", PresetViewSet, basename="preset")
router.register("batches", BatchViewSet, basename="batch")
router.register("sweeps", SweepViewSet, basename="sweep")
router.register("uploads", UploadViewSet, basename="upload")

router.register("speeches", SpeechViewSet, basename="speech")
router.register("engines", EngineViewSet, basename="engine")

api = [
    path("token/", TokenView.as_view(), name="sign-in"),
    path("me/", MeView.as_view(), name="me"),
    path("me/data/", DataView.as_view(), name="me-data"),
    path("usage/", UsageView.as_view(), name="usage"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    # drf-spectacular has no page for OPTIONS.
    path("docs/", DocsView.as_view(url_name="api:schema", http_method_names=["get", "head"]), name="docs"),
    path("text-to-speech", TextToSpeechView.as_view(), name="text-to-speech"),
    path("speeches/documents/", DocumentView.as_view(), name="speech-documents"),
    path("process", ProcessView.as_view(), name="process"),
    path("download/<str:filename>", DownloadView.as_view(), name="download"),
    *sharing.api,
    sweep_cell,
    *router.urls,
]

urlpatterns = [
    path("", include("studio.urls")),
    path("login/", throttled(LoginView.as_view(redirect_authenticated_user=True)), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("password/", PasswordChangeView.as_view(), name="password_change"),
    path("password/done/", PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("account/", include("accounts.urls")),
    path("voices/", include("models_app.urls")),
    path("conversions/", include((studio.conversions, "conversions"))),
    *sharing.public,
    path("speak/", include("tts.urls")),
    path("webhooks/", include("webhooks.urls")),
    path("api/", include((api, "api"))),
    path("", include("clients.urls")),
    path("readyz", ready, name="ready"),
    path("metrics", metrics, name="metrics"),
    path(f"{settings.ADMIN_PATH}login/", throttled(admin.site.login)),
    path(f"{settings.ADMIN_PATH}r/<path:rest>", nowhere),  # "view on site": pages show people what is their own
    path(settings.ADMIN_PATH, admin.site.urls),
]

handler400 = "voiceproject.errors.bad_request"
handler404 = "voiceproject.errors.not_found"
handler500 = "voiceproject.errors.server_error"
