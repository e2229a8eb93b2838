"""The admin pages of jobs and all that belongs to them. Importing the package registers them."""

from django.contrib import admin

from jobs.admin import deliveries, items, jobs, nodes, recipes, services, webhooks

admin.site.site_title = admin.site.site_header = "Photomill"
admin.site.index_title = "Today"
admin.site.index_template = "jobs/dashboard.html"

__all__ = ["deliveries", "items", "jobs", "nodes", "recipes", "services", "webhooks"]
