from django.urls import path

from conversions.sweeps import views

urlpatterns = [
    path("<uuid:pk>/compare/", views.compare, name="compare"),
    path("sweeps/<uuid:pk>/", views.detail, name="sweep-detail"),
    path("sweeps/<uuid:pk>/status/", views.status, name="sweep-status"),
    path("sweeps/<uuid:pk>/cancel/", views.cancel, name="sweep-cancel"),
    path("sweeps/<uuid:pk>/delete/", views.delete, name="sweep-delete"),
    path("sweeps/<uuid:pk>/cells/<int:number>/", views.sound, name="sweep-sound"),
    path("sweeps/<uuid:pk>/cells/<int:number>/take/", views.take, name="sweep-take"),
]
