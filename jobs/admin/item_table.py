"""A job's items on its page: a hundred at a time, however many there are."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, F, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.safestring import SafeString

from jobs.admin.pictures import show_thumbnail
from jobs.admin.wording import badge
from jobs.models import Item, Job, Output
from jobs.models.jobs import ItemState, OutputState

PER_PAGE = 100
SHOWN_OUTPUTS = 4
STATE, PAGE, VIEW = "items", "page", "view"
"""Names in the address: the state that is shown, the page, and whether rows or pictures are shown."""
LOSS = "loss"
"""Chosen like a state: items a result of which lost something of its source."""
COUNTED = 10_000


@dataclass(frozen=True)
class Row:
    """One line of the table. outputs: those of the item's own run, the first few of them with their pictures."""

    item: Item
    url: str
    badge: SafeString
    picture: SafeString
    outputs: list[tuple[Output, SafeString]]
    more: int


@dataclass(frozen=True)
class Choice:
    """One state that can be chosen, with how many items are in it; None where they are not counted unasked."""

    state: str
    count: int | None
    is_chosen: bool


@dataclass(frozen=True)
class Table:
    """The page that was asked for."""

    rows: list[Row]
    page: "Page[Any]"
    pages: list[Any]
    choices: list[Choice]
    chosen: str
    view: str


class _Counted(Paginator):
    """Pages of rows that have been counted already."""

    def __init__(self, rows: Any, per_page: int, *, count: int) -> None:
        super().__init__(rows, per_page)
        self._known = count

    @cached_property
    def count(self) -> int:
        return self._known


def build_table(job: Job, request: HttpRequest) -> Table:
    """The part of the job's items that the address names. A few statements, whatever the number of items."""
    counts = _count_states(job)
    chosen = request.GET.get(STATE, "")
    chosen = chosen if chosen in (*ItemState.values, LOSS) else ""
    items = _choose_items(job, chosen).order_by("position")
    if chosen == LOSS:
        counts[LOSS] = items.order_by()[:COUNTED].count()
    total = counts.get(chosen, 0) if chosen else sum(counts.values())
    paginator = _Counted(items, PER_PAGE, count=total)
    page = paginator.get_page(request.GET.get(PAGE))
    return Table(
        rows=_build_rows(list(page.object_list)),
        page=page,
        pages=list(paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)),
        choices=_build_choices(counts, chosen),
        chosen=chosen,
        view=_choose_view(job, request),
    )


def _choose_items(job: Job, chosen: str) -> "QuerySet[Item]":
    items = Item.objects.filter(job=job)
    if chosen == LOSS:
        poorer = Output.objects.filter(item=OuterRef("pk"), run=OuterRef("run"), state=OutputState.STORED)
        return items.filter(Exists(poorer.exclude(report=[])))
    return items.filter(state=chosen) if chosen else items


def _choose_view(job: Job, request: HttpRequest) -> str:
    """Pictures where the console began the job, else rows, unless the address says."""
    own = "grid" if job.dialect_data.get("kind") == "run" else "list"
    asked = request.GET.get(VIEW, own)
    return asked if asked in ("grid", "list") else own


def _count_states(job: Job) -> dict[str, int]:
    rows = Item.objects.filter(job=job).order_by().values("state").annotate(count=Count("pk"))
    return {row["state"]: row["count"] for row in rows}


def _build_choices(counts: dict[str, int], chosen: str) -> list[Choice]:
    states = [state for state in ItemState.values if state in counts]
    every = Choice("", sum(counts[state] for state in states), not chosen)
    losses = [Choice(LOSS, counts.get(LOSS), chosen == LOSS)] if states else []
    return [every, *(Choice(state, counts[state], state == chosen) for state in states), *losses]


def _build_rows(items: list[Item]) -> list[Row]:
    outputs: dict[int, list[Output]] = defaultdict(list)
    for output in Output.objects.filter(item__in=items, run=F("item__run")).order_by("item_id", "variant"):
        outputs[output.item_id].append(output)
    return [
        Row(
            item=item,
            url=reverse("admin:jobs_item_change", args=[item.pk]),
            badge=badge(item.state),
            picture=show_thumbnail("item", item.pk),
            outputs=[(output, _show(output)) for output in outputs[item.pk][:SHOWN_OUTPUTS]],
            more=max(0, len(outputs[item.pk]) - SHOWN_OUTPUTS),
        )
        for item in items
    ]


def _show(output: Output) -> SafeString:
    is_stored = output.state == OutputState.STORED
    return show_thumbnail("output", output.pk, f"{output.width} × {output.height}") if is_stored else SafeString()
