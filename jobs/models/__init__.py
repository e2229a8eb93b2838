"""The rows: what the queue's messages only point at."""

from jobs.models.deliveries import Attempt, Delivery
from jobs.models.jobs import Item, Job, JobLabel, Listing, Output, Upload
from jobs.models.keys import TakenKey
from jobs.models.nodes import Node
from jobs.models.recipes import Recipe, RecipeVersion
from jobs.models.services import Service, ServiceSecret, SigningSecret
from jobs.models.signs import Pulse, Tally
from jobs.models.webhooks import AccountWebhook

__all__ = [
    "AccountWebhook",
    "Attempt",
    "Delivery",
    "Item",
    "Job",
    "JobLabel",
    "Listing",
    "Node",
    "Output",
    "Pulse",
    "Recipe",
    "RecipeVersion",
    "Service",
    "ServiceSecret",
    "SigningSecret",
    "TakenKey",
    "Tally",
    "Upload",
]
