"""Whether the database is of the same version as this code. While it is not, workers leave every job alone.

Somebody who updates a site migrates its database while old workers may still run, or starts new ones first. Work on
columns that one of the two does not know would end as a crash that is nobody's fault.
"""

import functools
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Count, Max

OLD_CODE = "the database is newer than this program: restart it once its files are updated, too"
OLD_DATABASE = "the database is older than this program: `manage.py migrate` brings it up to date"


class Schema:
    """Looks closely only after something was migrated: asking costs one small query."""

    def __init__(self) -> None:
        self.seen: object = None
        self.trouble = ""

    def misfit(self) -> str:
        """Why no work may be done; empty when database and code fit."""
        now = MigrationRecorder(connection).migration_qs.aggregate(Count("pk"), Max("pk"))
        if now != self.seen:
            self.trouble, self.seen = _compare(), now
        return self.trouble


@functools.cache
def schema() -> Schema:
    """That of this process."""
    return Schema()


def _compare() -> str:
    executor = MigrationExecutor(connection)
    loader = executor.loader
    migrations = loader.disk_migrations
    known = {*migrations, *(key for migration in migrations.values() for key in migration.replaces)}
    ours = _own_apps()
    if any(app in ours for app, name in loader.applied_migrations or () if (app, name) not in known):
        return OLD_CODE
    return OLD_DATABASE if executor.migration_plan(loader.graph.leaf_nodes()) else ""


def _own_apps() -> set[str]:
    """Those of this project: others may drop what they once applied."""
    folders = {config.label: Path(config.path) for config in apps.get_app_configs()}
    root = settings.BASE_DIR
    return {label for label, path in folders.items() if path.is_relative_to(root) and "site-packages" not in path.parts}
