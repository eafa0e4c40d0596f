from django.urls import path

from tts import samples

app_name = "tts"
urlpatterns = [
    path("sample/", samples.sample, name="sample"),
]
