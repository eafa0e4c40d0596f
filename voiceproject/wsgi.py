import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceproject.settings")
django_application = get_wsgi_application()

from voiceproject.charset import checking_charset  # noqa: E402 - needs the settings
from voiceproject.checks import KEY_MISSING, secret_key  # noqa: E402 - needs the settings

application = checking_charset(django_application)

if not secret_key():  # a web server runs no system checks
    raise SystemExit(KEY_MISSING)
