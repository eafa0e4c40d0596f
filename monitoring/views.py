"""What load balancers and monitoring programs ask. Nobody has to sign in, so strangers get words and no details."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from monitoring.access import has_token, may_look
from monitoring.health import Finding, findings
from monitoring.metrics import exposition


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when jobs can be taken and done, else 503. The sentences are for staff, and for who has the token."""
    found = findings()
    well = all(finding.ok for finding in found)
    told = has_token(request) or (found[0].ok and may_look(request))  # without a database no session can be read
    checks = {finding.name: _words(finding, told=told) for finding in found}
    body = {"status": "ready" if well else "not ready", "checks": checks}
    return JsonResponse(body, status=200 if well else 503)


def _words(finding: Finding, *, told: bool) -> dict[str, str]:
    words = {"status": "ok" if finding.ok else "failed"}
    return words | {"message": finding.message} if told else words


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus and what speaks like it. Whoever may not look is not told that there is something."""
    if not may_look(request):
        raise Http404
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_PLAIN_0_0_4)
