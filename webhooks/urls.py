from django.urls import path

from webhooks import views

app_name = "webhooks"
urlpatterns = [
    path("", views.webhooks, name="list"),
    path("<uuid:pk>/on/", views.webhook_on, name="on"),
    path("<uuid:pk>/delete/", views.webhook_delete, name="delete"),
]
