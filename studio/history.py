"""The page of everything that a person has asked for: found again, watched, taken away, deleted."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q, prefetch_related_objects
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from conversions.batches.models import Batch
from conversions.batches.outgoing import MOST_RESULTS, serve_results
from conversions.history import ALONE, TOGETHER, things
from conversions.models import Conversion
from jobs.models import State
from jobs.quotas import kept
from studio.sifting import SiftForm, sifted
from voiceproject.pages import PersonRequest

PAGE = 25
FILES = 20
"""Of a batch, shown when its line is opened."""
MOST = 200
"""Things in one request; a page sends no more than it shows."""


@require_GET
@login_required
def history(request: PersonRequest) -> HttpResponse:
    form = SiftForm(request.GET, user=request.user)
    page = Paginator(sifted(request.user, form.wish), PAGE).get_page(request.GET.get("page"))
    asked = request.GET.copy()
    asked.pop("page", None)
    used, limit = kept(request.user)
    context = {"form": form, "page_obj": page, "query": asked.urlencode(), "used": used, "limit": limit}
    shown = _shown(page.object_list)
    prefetch_related_objects([thing for thing in shown["things"] if isinstance(thing, Conversion)], "sweeps")
    return render(request, "studio/history.html", context | shown)


@require_GET
@login_required
def states(request: PersonRequest) -> HttpResponse:
    """What the page asks for again and again: how far those are that had not ended."""
    rows = [(*pair, None) for pair in _pairs(request.GET.getlist("pick"))]
    return render(request, "studio/_history_states.html", _shown(_mine(request, rows)))


@require_GET
@login_required
def batch_files(request: PersonRequest, pk: UUID) -> HttpResponse:
    """What is inside of a line that somebody opens."""
    batch = get_object_or_404(Batch.objects.visible_to(request.user), pk=pk)
    rows = batch.conversions.order_by("batch_position", "created_at").defer("facts")
    context = {"batch": batch, "files": rows[:FILES], "more": max(0, batch.size - FILES)}
    return render(request, "studio/_history_files.html", context)


@require_POST
@login_required
def chosen(request: PersonRequest) -> HttpResponseBase:
    """Delete what is ticked, after a question, or send the results of it as one zip."""
    found = things(_mine(request, [(*pair, None) for pair in _pairs(request.POST.getlist("pick"))]))
    if not found:
        messages.info(request, _("Nothing is chosen: tick the boxes of what you mean."))
        return redirect("conversions:list")
    if request.POST.get("do") == "zip":
        return _zip(request, found)
    if "sure" not in request.POST:
        return render(request, "studio/history_delete.html", {"things": found})
    for thing in found:
        _delete(thing)
    words = ngettext("{count} entry is deleted.", "{count} entries are deleted.", len(found))
    messages.success(request, words.format(count=len(found)))
    return redirect("conversions:list")


def _delete(thing: Conversion | Batch) -> None:
    if isinstance(thing, Batch):
        thing.remove()
    else:
        thing.cancel()  # a worker that is busy with it stops at its next beat
        thing.delete()


def _zip(request: PersonRequest, found: Iterable[Conversion | Batch]) -> HttpResponseBase:
    within = Q(pk__in=[thing.pk for thing in found]) | Q(batch__in=[thing.pk for thing in found])
    rows = Conversion.objects.visible_to(request.user).filter(within, state=State.DONE).select_related("batch")
    count = rows.count()
    if not count:
        messages.info(request, _("None of it is ready: there is nothing to download yet."))
        return redirect("conversions:list")
    if count > MOST_RESULTS:
        words = _("That are {count} results, and one zip takes {most}: choose fewer.")
        messages.error(request, words.format(count=count, most=MOST_RESULTS))
        return redirect("conversions:list")
    return serve_results(rows.order_by("-created_at"))


def _pairs(picks: list[str]) -> list[tuple[str, UUID]]:
    """Kind and id of what is ticked; anything else that was sent is passed over."""
    pairs = []
    for pick in picks[:MOST]:
        kind, _colon, key = pick.partition(":")
        try:
            pairs.append((kind, UUID(key)))
        except ValueError:
            continue
    return [pair for pair in pairs if pair[0] in (ALONE, TOGETHER)]


def _mine(request: PersonRequest, rows: list[Any]) -> list[Any]:
    """Those of the rows that are this person's."""
    alone = Conversion.objects.visible_to(request.user).filter(pk__in=[pk for kind, pk, _at in rows if kind == ALONE])
    together = Batch.objects.visible_to(request.user).filter(pk__in=[pk for kind, pk, _at in rows if kind == TOGETHER])
    own = {*alone.values_list("pk", flat=True), *together.values_list("pk", flat=True)}
    return [row for row in rows if row[1] in own]


def _shown(rows: Any) -> dict[str, Any]:
    found = things(rows, foreseen=False)
    return {"things": found, "active": [thing for thing in found if _goes_on(thing)]}


def _goes_on(thing: Conversion | Batch) -> bool:
    return bool(thing.totals.left) if isinstance(thing, Batch) else not thing.is_final
