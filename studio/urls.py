from typing import Any

from django.urls import path

from conversions import urls as of_conversions
from studio import history, views

app_name = "studio"
urlpatterns = [
    path("", views.home, name="home"),
    path("studio/voices/", views.voices, name="voices"),
    path("speak/", views.speak, name="speak"),
    path("history/states/", history.states, name="history-states"),
    path("history/chosen/", history.chosen, name="history-chosen"),
    path("history/batches/<uuid:pk>/", history.batch_files, name="history-files"),
]

# The list of conversions has speeches in it too, which conversions know nothing of.
conversions: list[Any] = [path("", history.history, name="list"), *of_conversions.urlpatterns]
