from django.apps import AppConfig

from tests.jobs.chores import clock


class ChoresConfig(AppConfig):
    name = "tests.jobs.chores"
    label = "chores"

    def ready(self):
        clock.follow_file()
