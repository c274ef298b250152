"""That every method of the server has a scope is tested in test_guard."""

import pytest

from serving.scopes import SCOPES, Scope
from wiregraph.v1 import services_pb2

OURS = [
    f"/{service.full_name}/{method.name}"
    for service in services_pb2.DESCRIPTOR.services_by_name.values()
    for method in service.methods
]


@pytest.mark.parametrize("path", OURS)
def test_what_changes_something_is_not_for_readers(path: str) -> None:
    service, method = path.split("/")[1:]
    reads = method.startswith(("Get", "BatchGet", "List", "Watch", "Resolve", "Expand", "Find"))
    assert (SCOPES[path] is Scope.READ) == reads
    assert (SCOPES[path] is Scope.ADMIN) == service.endswith(".Admin")
