from wiregraph.demo_records import Progress


def test_every_record_that_was_read_has_one_outcome() -> None:
    progress = Progress(articles=1, empty=20, duplicates=300, dead_letters=4_000, late=50_000, facts=600_000)
    assert progress.read == 4_321
