from jobs import uids

NAMES = {name: value for name, value in vars(uids).items() if name.isupper()}


def test_each_name_is_its_own() -> None:
    assert len(set(NAMES.values())) == len(NAMES)


def test_the_names_of_state_are_those_that_savepoints_hold() -> None:
    """A change here needs a rebuild by replay of whatever was saved."""
    assert (uids.READ_ARTICLE, uids.DECIDE_CLICKS, uids.DECIDE_ACROSS) == (
        "read-article",
        "decide-clicks",
        "decide-across",
    )
    assert (uids.RULES_STATE, uids.CHUNKS_STATE, uids.WATERMARK_STATE) == ("rules", "chunks", "watermark")
