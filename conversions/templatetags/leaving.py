"""How a result leaves the server, for its page."""

from django import template

from conversions.formats import FORMATS, is_stored
from conversions.models import Conversion
from conversions.sharing.models import ShareLink

register = template.Library()


@register.simple_tag
def download_formats(conversion: Conversion) -> list[tuple[str, str, bool]]:
    """Format, name, and whether it is the stored one, which comes at once."""
    return [(wanted, name, is_stored(conversion, wanted)) for wanted, name in FORMATS.items()]


@register.simple_tag
def working_links(conversion: Conversion) -> int:
    return ShareLink.objects.working().filter(conversion=conversion).count()
