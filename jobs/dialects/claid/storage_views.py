"""Claid's requests about connected storages."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from jobs.dialects.claid import storages
from jobs.dialects.claid.schemas.base import Fields, parse
from jobs.dialects.claid.schemas.storages import TYPES, parse_change, parse_create
from jobs.dialects.claid.views import ClaidView
from storage.models import Connection


class StorageView(ClaidView):
    """A view for callers with the scope of storages."""

    scope = "storage"


class StorageTypes(StorageView):
    """`GET /storage/storage-types`."""

    def get(self, request: Request) -> Response:
        return Response({"data": TYPES})


class Storages(StorageView):
    """`GET` and `POST /storage/storages`."""

    def get(self, request: Request) -> Response:
        rows = storages.list_storages(self.caller.account)
        return Response({"data": [storages.to_wire(row, is_detailed=False) for row in rows]})

    def post(self, request: Request) -> Response:
        asked = parse_create(self.read_json())
        row = storages.create_storage(self.caller, asked, request._request)
        return Response({"data": storages.to_wire(row, is_detailed=True)})


class StorageId(Fields):
    """What stands in the path."""

    storage_id: int


class OneStorage(StorageView):
    """`GET`, `PATCH` and `DELETE /storage/storages/{storage_id}`."""

    def get(self, request: Request, storage_id: str) -> Response:
        return self._answer(self._find(storage_id))

    def patch(self, request: Request, storage_id: str) -> Response:
        row = self._find(storage_id)
        asked = parse_change(self.read_json(), row.kind)
        return self._answer(storages.change_storage(self.caller, row, asked, request._request))

    def delete(self, request: Request, storage_id: str) -> Response:
        storages.drop_storage(self.caller, self._find(storage_id), request._request)
        return Response({"data": None})

    def _find(self, storage_id: str) -> Connection:
        number = parse(StorageId, {"storage_id": storage_id}).storage_id
        return storages.find_storage(self.caller.account, number)

    def _answer(self, row: Any) -> Response:
        return Response({"data": storages.to_wire(row, is_detailed=True)})
