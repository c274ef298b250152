"""A client of the server: `from serving.client import Client` or `AsyncClient`.

    with Client("127.0.0.1:20001") as client:
        client.series("eq:LEH", step="1h", start="2008-09-08", end="2008-09-16").to_pandas()

Times are datetimes with a zone, RFC 3339 (UTC where no zone stands) or epoch milliseconds; windows are timedeltas or
such as 5m, 24h or 7d. What a server knows less of than this client saw before is never read: answers only go forward.
"""

from serving.client.aio import AsyncClient
from serving.client.backoff import Backoff
from serving.client.channel import Tls
from serving.client.errors import AnswerError, DeniedError, GraphChangedError, UnavailableError, UnknownError
from serving.client.listing import Listing
from serving.client.records import (
    Alert,
    AlertEvent,
    Candidate,
    Counts,
    Details,
    Erased,
    Mention,
    Mover,
    Neighbor,
    Path,
    Reached,
    Related,
    Review,
    Score,
    Share,
    Status,
)
from serving.client.sync import Client

__all__ = [
    "Alert",
    "AlertEvent",
    "AnswerError",
    "AsyncClient",
    "Backoff",
    "Candidate",
    "Client",
    "Counts",
    "DeniedError",
    "Details",
    "Erased",
    "GraphChangedError",
    "Listing",
    "Mention",
    "Mover",
    "Neighbor",
    "Path",
    "Reached",
    "Related",
    "Review",
    "Score",
    "Share",
    "Status",
    "Tls",
    "UnavailableError",
    "UnknownError",
]
