"""Who calls: a service, by its secret, from an address that it allows."""

from typing import Any

from django.http import HttpRequest

from accounts.addresses import find_client_address, is_listed
from accounts.callers import bearer_token
from accounts.errors import BadCredentials, NotAllowed
from accounts.limits import spend_request
from jobs.models import Service
from jobs.secrets import find_service_by_secret


def authenticate(request: HttpRequest) -> Service:
    """The service of the request's secret, with the request counted. Raises BadCredentials or TooManyRequests."""
    token = bearer_token(request)
    if not token:
        raise BadCredentials("Invalid Secret")
    service = find_service_by_secret(token)
    spend_request(service.account)
    return service


def check_access(request: HttpRequest, service: Service, number: Any = None) -> None:
    """The service that the request names is the secret's own, and allows the caller's address. Raises NotAllowed."""
    if number is not None and number != service.number:
        raise NotAllowed("This secret has no access to the service")
    if service.allowed_ips and not is_listed(find_client_address(request), service.allowed_ips):
        raise NotAllowed("This address has no access to the service")
