from jobs.models import WorkerBeat


class Dashboard(WorkerBeat):
    """No table of its own: gives the page of numbers its place in the administration."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = verbose_name_plural = "dashboard"
