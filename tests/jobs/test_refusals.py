import base64
import hashlib

import pytest

from jobs.refusals import PAYLOAD_BYTES_MAX, refusal_columns
from udfs.decode import Reason, Refused

REFUSED = Refused(Reason.NOT_JSON, "why")


@pytest.mark.parametrize("size", [0, 1, PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MAX + 1])
def test_the_digest_is_of_all_and_the_payload_of_the_beginning(size: int) -> None:
    payload = bytes(at % 251 for at in range(size))
    reason, detail, digest, packed = refusal_columns(REFUSED, payload)
    assert (reason, detail) == ("not_json", "why")
    assert digest == hashlib.sha256(payload).hexdigest()
    assert base64.b64decode(packed) == payload[:PAYLOAD_BYTES_MAX]


def test_no_value_is_an_empty_one() -> None:
    assert refusal_columns(REFUSED, None) == refusal_columns(REFUSED, b"")
