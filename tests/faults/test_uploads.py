"""A browser that vanishes in the middle of an upload, before a real web server."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.test import TransactionTestCase

from accounts.models import AccessToken
from conversions.models import Conversion
from jobs.quotas import usage
from tests.faults.base import database_url

BOUNDARY = "line-between-the-parts"
HALF = b"x" * (3 << 20)


class UploadTests(TransactionTestCase):
    def setUp(self):
        self.alice = User.objects.create_user("alice")
        self.key = AccessToken.objects.issue(self.alice).key
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.settings_faults_domain",
            "DATABASE_URL": database_url(),
            "VAR_DIR": str(settings.VAR_DIR),
        }
        command = [sys.executable, "-m", "gunicorn", "voiceproject.wsgi", "--bind", f"127.0.0.1:{self.port}"]
        self.server = subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.addCleanup(self.server.wait, 10)
        self.addCleanup(self.server.terminate)
        self.wait(self.answers, "the server answers")

    def wait(self, condition, what):
        end = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < end, what
            time.sleep(0.1)

    def answers(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def uploads(self):
        return [path for path in Path(settings.FILE_UPLOAD_TEMP_DIR).glob("*") if path.is_file()]

    def test_dropped_upload(self):
        head = (
            f"POST /api/conversions/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token {self.key}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {3 * len(HALF)}\r\n\r\n"
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="recording"; filename="a.wav"\r\n\r\n'
        )
        with closing(socket.create_connection(("127.0.0.1", self.port))) as browser:
            browser.sendall(head.encode() + HALF)
            self.wait(self.uploads, "the first half is on the disk")
        self.wait(lambda: not self.uploads(), "nothing of it is left")
        assert not Conversion.objects.exists()
        used = usage(self.alice)
        assert (used.jobs, used.minutes, used.bytes) == (0, 0, 0)
        assert self.answers()
