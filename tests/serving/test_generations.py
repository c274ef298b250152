from serving.generations import Generations


def test_what_is_used_stays_and_the_rest_is_forgotten() -> None:
    cache: Generations[int, str] = Generations(20)
    cache.put(0, "used")
    for number in range(1, 200):
        cache.put(number, "seen once")
        assert cache.use(0) == "used"
        assert len(cache.young) <= 11
    assert cache.peek(1) is None
    assert cache.peek(199) == "seen once"


def test_a_heavy_value_takes_the_place_of_many() -> None:
    cache: Generations[int, str] = Generations(20)
    for number in range(5):
        cache.put(number, "heavy", 10)
    assert [cache.peek(number) for number in range(5)] == [None, None, None, "heavy", "heavy"]


def test_what_is_dropped_is_gone_from_both_halves() -> None:
    cache: Generations[int, str] = Generations(4)
    for number in range(3):
        cache.put(number, "value")
    for number in range(3):
        cache.drop(number)
    assert [cache.peek(number) for number in range(3)] == [None] * 3
    cache.put(7, "value")
    cache.clear()
    assert cache.use(7) is None
