from django.urls import path

from accounts import views
from accounts.tokens import views as tokens
from voiceproject.languages import choose

app_name = "accounts"
urlpatterns = [
    path("", views.home, name="home"),
    path("language/", choose, name="language"),
    path("look/", views.look, name="look"),
    path("defaults/", views.defaults, name="defaults"),
    path("keeping/", views.keeping, name="keeping"),
    path("erase/", views.erase, name="erase"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<uuid:pk>/revoke/", tokens.token_revoke, name="token-revoke"),
]
