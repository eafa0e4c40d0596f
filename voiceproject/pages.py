"""What the views of the pages have in common."""

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class PersonRequest(HttpRequest):
    """A request behind `login_required`: its user is a person."""

    user: "User"


def by_script(request: HttpRequest) -> bool:
    """Whether static/js/upload.js sent this form; it wants an address or the refused form, not a page."""
    return request.headers.get("X-Requested-With") == "XMLHttpRequest"
