import os

from django.apps import AppConfig, apps
from django.contrib import admin
from django.core.checks import register
from django.utils.translation import gettext_lazy

from jobs import SUPERVISOR_VARIABLE
from jobs.checks import check_queues
from jobs.processes import tie_forks


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = gettext_lazy("Jobs")

    def ready(self) -> None:
        # A schedule runs any function by its dotted path, and a task row holds a pickle: no page may write either.
        for model in apps.get_app_config("django_q").get_models():
            if admin.site.is_registered(model):
                admin.site.unregister(model)
        register(check_queues)
        if SUPERVISOR_VARIABLE in os.environ:
            tie_forks()
