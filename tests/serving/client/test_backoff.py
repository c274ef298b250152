from itertools import islice

from serving.client import Backoff


def test_waits_grow_up_to_the_longest_and_differ() -> None:
    many = [list(islice(Backoff(0.1, 1.0).waits(), 8)) for _ in range(200)]
    longest = [max(waits) for waits in zip(*many, strict=True)]
    for most, found in zip((0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0, 1.0), longest, strict=True):
        assert 0.8 * most < found <= most
    assert len({waits[0] for waits in many}) > 190
