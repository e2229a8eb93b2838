"""The admin's side bar: what there is to look at, for whoever looks."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import Account, ApiKey, AuditEntry, Domain, Session, User
from accounts.scoping import is_operator
from jobs.admin.tenancy import may_edit
from jobs.models import AccountWebhook, Delivery, Item, Job, Node, Recipe, Service
from storage.models import Connection, ReferenceImage

GROUPS: list[tuple[str, list[tuple[str, str, type[Model]]]]] = [
    ("Work", [("Jobs", "stacks", Job), ("Items", "image", Item), ("Deliveries", "outgoing_mail", Delivery)]),
    (
        "Set-up",
        [
            ("Recipes", "receipt_long", Recipe),
            ("Services", "hub", Service),
            ("Storages", "database", Connection),
            ("Reference images", "wallpaper", ReferenceImage),
            ("API keys", "key", ApiKey),
            ("Webhooks", "webhook", AccountWebhook),
            ("Domains", "language", Domain),
        ],
    ),
    (
        "Administration",
        [
            ("Accounts", "apartment", Account),
            ("Users", "group", User),
            ("Sessions", "devices", Session),
            ("Audit log", "history", AuditEntry),
            ("Nodes", "dns", Node),
        ],
    ),
]


def build_navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups with the pages that this person may open."""
    first = {"items": [{"title": "Today", "icon": "dashboard", "link": reverse("admin:index")}]}
    groups: list[dict[str, Any]]
    groups = [{"title": title, "items": _build_items(request, pages)} for title, pages in GROUPS]
    if may_edit(request):
        groups[0]["items"].insert(0, {"title": "Run", "icon": "play_circle", "link": reverse("run")})
    if is_operator(request):
        groups[-1]["items"].append({"title": "Models", "icon": "neurology", "link": reverse("models")})
    return [first, *(group for group in groups if group["items"])]


def _build_items(request: HttpRequest, pages: list[tuple[str, str, type[Model]]]) -> list[dict[str, Any]]:
    return [
        {
            "title": title,
            "icon": icon,
            "link": reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"),
        }
        for title, icon, model in pages
        if admin.site._registry[model].has_view_permission(request)
    ]
