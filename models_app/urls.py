from django.urls import path

from models_app import exports, previews, views
from models_app.imports.urls import urlpatterns as imports

app_name = "voices"
urlpatterns = [
    path("", views.voice_list, name="list"),
    path("add/", views.voice_add, name="add"),
    *imports,
    path("<uuid:pk>/", views.voice_detail, name="detail"),
    path("<uuid:pk>/edit/", views.voice_edit, name="edit"),
    path("<uuid:pk>/preview/", previews.voice_preview, name="preview"),
    path("<uuid:pk>/share/", views.voice_share, name="share"),
    path("<uuid:pk>/delete/", views.voice_delete, name="delete"),
    *(
        path(f"<uuid:pk>/export/{kind}/", exports.voice_export, {"kind": kind}, name=f"export-{kind}")
        for kind in exports.KINDS
    ),
]
