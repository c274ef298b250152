"""Where names stand in a text."""


def spans(text: str, *surfaces: str) -> list[list[tuple[int, int]]]:
    """All spans of each surface."""
    found = []
    for surface in surfaces:
        starts = [index for index in range(len(text)) if text.startswith(surface, index)]
        found.append([(start, start + len(surface)) for start in starts])
    return found
