from tests.wiregraph.streams import items
from wiregraph.generator_records import Kind


def test_everyday_words_are_companies_in_some_texts_and_not_in_others() -> None:
    for word in ("Apple", "Target", "Orange", "Caterpillar", "Amazon"):
        named = {
            mention.entity.kind
            for record in items()
            for mention in record.mentions
            if mention.surface == word and word in record.text
        }
        unnamed = [r for r in items() if word in r.text and all(word not in m.surface for m in r.mentions)]
        assert Kind.LISTED in named
        assert unnamed or Kind.PLACE in named
