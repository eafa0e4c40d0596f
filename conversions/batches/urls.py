from django.urls import path

from conversions.batches import views

urlpatterns = [
    path("<uuid:pk>/", views.batch_detail, name="batch-detail"),
    path("<uuid:pk>/status/", views.batch_status, name="batch-status"),
    path("<uuid:pk>/cancel/", views.batch_cancel, name="batch-cancel"),
    path("<uuid:pk>/retry/", views.batch_retry, name="batch-retry"),
    path("<uuid:pk>/delete/", views.batch_delete, name="batch-delete"),
    path("<uuid:pk>/zip/", views.batch_zip, name="batch-zip"),
]
