from django.urls import include, path

from conversions import files, pictures, views
from conversions.sharing import urls as sharing

app_name = "conversions"
urlpatterns = [
    path("batches/", include("conversions.batches.urls")),
    path("<uuid:pk>/", views.conversion_detail, name="detail"),
    path("<uuid:pk>/status/", views.conversion_status, name="status"),
    path("<uuid:pk>/cancel/", views.conversion_cancel, name="cancel"),
    path("<uuid:pk>/delete/", views.conversion_delete, name="delete"),
    path("<uuid:pk>/source/", files.source, name="source"),
    path("<uuid:pk>/result/", files.result, name="result"),
    path("<uuid:pk>/stream/", files.stream, name="stream"),
    path("<uuid:pk>/picture/", pictures.picture, name="picture"),
    path("<uuid:pk>/pieces/<int:number>/", files.piece, name="piece"),
    *sharing.own,
    path("", include("conversions.sweeps.urls")),
]
