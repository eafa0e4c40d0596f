from django.urls import path

from models_app import assets_views, exports, favourites, previews, upkeep, views
from models_app.imports.urls import urlpatterns as imports

app_name = "voices"
urlpatterns = [
    path("", views.voice_list, name="list"),
    path("add/", views.voice_add, name="add"),
    *imports,
    path("blend/", upkeep.voice_blend, name="blend"),
    path("named/<slug:slug>/", views.voice_named, name="named"),
    path("<uuid:pk>/", views.voice_detail, name="detail"),
    path("<uuid:pk>/edit/", views.voice_edit, name="edit"),
    path("<uuid:pk>/favourite/", favourites.voice_favourite, name="favourite"),
    path("<uuid:pk>/fetch/", assets_views.fetch_for_voice, name="fetch"),
    path("<uuid:pk>/preview/", previews.voice_preview, name="preview"),
    path("<uuid:pk>/share/", upkeep.voice_share, name="share"),
    path("<uuid:pk>/cover/", upkeep.voice_cover, name="cover"),
    path("<uuid:pk>/index/", upkeep.voice_index, name="index"),
    path("<uuid:pk>/check/", upkeep.voice_check, name="check"),
    path("<uuid:pk>/delete/", views.voice_delete, name="delete"),
    *(
        path(f"<uuid:pk>/export/{kind}/", exports.voice_export, {"kind": kind}, name=f"export-{kind}")
        for kind in exports.KINDS
    ),
]
