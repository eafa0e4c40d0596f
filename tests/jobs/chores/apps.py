from django.apps import AppConfig


class ChoresConfig(AppConfig):
    name = "tests.jobs.chores"
    label = "chores"
