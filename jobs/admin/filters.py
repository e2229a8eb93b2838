"""Filters whose choices are known without asking a long table."""

from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from jobs import dialects
from jobs.errors import all_codes
from jobs.figures import overdue


class DialectFilter(SimpleListFilter):
    """By the API that the job came through."""

    title = "dialect"
    parameter_name = "dialect"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        return [(name, name) for name in sorted(dialects.all())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(dialect=self.value()) if self.value() else queryset


class ErrorFilter(SimpleListFilter):
    """By the code of what went wrong."""

    title = "error"
    parameter_name = "error_code"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        return [("any", "any error"), *((code, code.replace("_", " ")) for code in sorted(all_codes()))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        return queryset.exclude(error_code="") if self.value() == "any" else queryset.filter(error_code=self.value())


class OverdueFilter(SimpleListFilter):
    """Deliveries that should have been tried by now."""

    title = "overdue"
    parameter_name = "overdue"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
        return [("1", "overdue")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(overdue()) if self.value() else queryset
