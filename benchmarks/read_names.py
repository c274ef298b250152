"""What the entities of the read benchmark are called: all that is known in every environment. Imports nothing."""

ENTITIES = 50_000


def entity_id(number: int) -> str:
    """The lower the number, the more is written about it."""
    return f"org:company-{number:05d}"
