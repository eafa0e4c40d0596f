from django.urls import path

from conversions.sharing import views
from conversions.sharing.api import ShareLinkViewSet

own = [
    path("<uuid:pk>/links/", views.links, name="links"),
    path("<uuid:pk>/links/<uuid:link>/withdraw/", views.withdraw, name="link-withdraw"),
]
api = [
    path(
        "conversions/<uuid:conversion>/links/",
        ShareLinkViewSet.as_view({"get": "list", "post": "create"}),
        name="link-list",
    ),
    path(
        "conversions/<uuid:conversion>/links/<uuid:link>/",
        ShareLinkViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
        name="link-detail",
    ),
]
public = [
    path("s/<str:secret>/", views.shared, name="shared"),
    path("s/<str:secret>/sound/", views.shared_sound, name="shared-sound"),
]
