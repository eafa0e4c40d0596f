import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceproject.settings")
application = get_wsgi_application()

from voiceproject.checks import KEY_MISSING, secret_key  # noqa: E402 - needs the settings

if not secret_key():  # a web server runs no system checks
    raise SystemExit(KEY_MISSING)
