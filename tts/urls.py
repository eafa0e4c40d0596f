from django.urls import path

from tts import samples, views

app_name = "tts"
urlpatterns = [
    path("", views.speech_list, name="list"),
    path("add/", views.speech_add, name="add"),
    path("sample/", samples.sample, name="sample"),
]
