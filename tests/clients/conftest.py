"""The client libraries themselves, against a site that runs: web server, worker, the starter voice and two people."""

import json
import subprocess
import sys

import pytest
from django.conf import settings

from tests.hostile.site import LISTENS, Site

PREPARE = """
import json
import django
django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
from accounts.tokens.models import AccessToken
from models_app.bundled import install_starter
call_command("migrate", verbosity=0)
call_command("createcachetable", verbosity=0)
voice, _ = install_starter()
voice.checks.all().delete()
people = {name: User.objects.create_user(name) for name in ("alice", "bob")}
keys = {name: AccessToken.objects.issue(person).key for name, person in people.items()}
reader = AccessToken.objects.issue(people["alice"], scopes=["read"]).key
print(json.dumps({**keys, "reader": reader, "voice": str(voice.pk)}))
"""


class ClientSite(Site):
    def start(self):
        self.environment |= {"CLIENT_VOICES": "alloy=starter-joe", "RVC_THREADS": "1"}
        for name in ("var", "tmp"):
            (self.home / name).mkdir()
        prepare = [sys.executable, "-c", PREPARE]
        said = subprocess.check_output(prepare, cwd=settings.BASE_DIR, env=self.environment, text=True)
        self.known = json.loads(said.splitlines()[-1])
        self.token = self.known["alice"]
        gunicorn = ("gunicorn", "voiceproject.wsgi", "--bind=127.0.0.1:0", "--worker-class=gthread", "--threads=16")
        self._run("web", "-m", *gunicorn)
        self._run("workers", "manage.py", "runworkers", "--workers=1", "--queues=cpu")
        self.address = self.wait(lambda: LISTENS.search(self.said()))[1]
        self.wait(lambda: "ready for work" in self.said())

    def jobs(self):
        """How many conversions there are."""
        return self._rows()["conversions_conversion"]


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    running = ClientSite(tmp_path_factory.mktemp("site"))
    try:
        running.start()
        yield running
    finally:
        running.stop()
