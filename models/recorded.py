"""Record what the shipped models say of a few texts, for the test that compares other machines with it.

python -m models.recorded --out tests/udfs/inference/recorded.json
python -m models.recorded --light --out tests/udfs/inference/recorded_light.json
"""

from __future__ import annotations

import argparse
import json
from dataclasses import astuple
from pathlib import Path

from udfs.inference import Models, load_fallbacks, load_models

TEXTS = (
    "UPDATE 2-Lehman shares plunge as talks end",
    "AIG seeks $40 bln loan from Fed",
    "Merrill Lynch to be bought by BofA",
    "TCS gains, Wipro slumps after results",
    "LEHMAN BROTHERS FILES FOR BANKRUPTCY",
    "🚀 Shares of Nestlé rise in Zu\u0308rich, \u202b\u05d9\u05e9\u05e8\u05d0\u05dc\u202c falls \x00",
    "Angela Merkel met Tim Cook in Berlin\n\nThe chancellor praised Apple. Cook said Apple would hire in Munich.",
)


def record(models: Models, text: str) -> dict[str, object]:
    """Return a text's tone, topics and mentions, these with sentiment and, each taken as an entity, relevance."""
    found = models.mentions.find(text)
    spans = [(mention.start, mention.end) for mention in found]
    topics = models.topics.score(text)
    return {
        "text": text,
        "tone": [round(value, 4) for value in astuple(models.social.score(text))],
        "topic": [topics.news.topic, round(topics.news.probability, 4)],
        "wire_topics": [one.topic for one in topics.wire],
        "mentions": [[mention.start, mention.end, str(mention.type)] for mention in found],
        "sentiment": [[round(value, 4) for value in astuple(one)] for one in models.sentiment.score(text, spans)],
        "relevance": [
            round(value, 5)
            for value in models.relevance.score(text.split("\n\n", 1)[0], text, [[one] for one in spans])
        ],
    }


def main() -> None:
    """Write the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--light", action="store_true", help="record the fallbacks")
    arguments = parser.parse_args()
    models = load_fallbacks() if arguments.light else load_models()
    content = {"versions": models.versions, "records": [record(models, text) for text in TEXTS]}
    arguments.out.write_text(json.dumps(content, indent=1, ensure_ascii=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
