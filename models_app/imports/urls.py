from django.urls import path

from models_app.imports import views

urlpatterns = [
    path("import/", views.import_add, name="import"),
    path("import/<uuid:pk>/", views.import_detail, name="import-detail"),
    path("import/<uuid:pk>/status/", views.import_status, name="import-status"),
    path("import/<uuid:pk>/cancel/", views.import_cancel, name="import-cancel"),
    path("import/<uuid:pk>/retry/", views.import_retry, name="import-retry"),
    path("import/<uuid:pk>/delete/", views.import_delete, name="import-delete"),
]
