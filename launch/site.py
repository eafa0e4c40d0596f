"""Database, static files, starter voice and first administrator, by the site's own `manage.py prepare`."""

import secrets

from launch.checkout import Checkout
from launch.console import Step, Trouble, follow, say

NEW_ADMIN = "Created the first administrator"
ONE_TIME = "DJANGO_SUPERUSER_PASSWORD_IS_ONE_TIME"


def prepare(checkout: Checkout) -> None:
    """Make the site ready. A new first administrator's password is shown here, once, and kept nowhere."""
    given = checkout.environ.get("DJANGO_SUPERUSER_PASSWORD", "")
    password = given or secrets.token_hex(12)
    made_up = {} if given else {ONE_TIME: "1"}
    environ = checkout.child_environ(DJANGO_SUPERUSER_PASSWORD=password, **made_up)
    step = Step("Preparing the site")
    status, printed = follow(checkout.manage("prepare"), step, checkout.setup_log, env=environ)
    if status:
        step.end("failed")
        raise Trouble(
            f"The site could not be prepared: {last_words(printed)} The whole story is in {checkout.setup_log}."
        )
    step.end()
    created = next((line for line in printed.splitlines() if line.startswith(NEW_ADMIN)), None)
    if created and not given:
        show_password(created.removeprefix(NEW_ADMIN).strip(" ."), password)


def show_password(name: str, password: str) -> None:
    say()
    say(f"    First administrator:  {name}")
    say(f"    One-time password:    {password}")
    say("    It is shown only now. Sign in with it, then choose your own at /password/.")
    say()


def last_words(printed: str) -> str:
    """The last line that a failed program printed, as a sentence."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    last = lines[-1] if lines else "It printed nothing"
    return last if last.endswith((".", "!", "?")) else last + "."
