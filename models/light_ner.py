"""Train the light mention finder, the fallback of `models.ner`.

    python -m models.light_ner --data DATA --out FOLDER [--seed 1] [--epochs 3]

It reads the labelled sets that the big one's recipe reads, and lines of templates.
"""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import random

from models import corpora
from models.command import Stage, command
from models.encoder import base_tokenizer
from models.light_graph import light_tagger
from models.light_net import LightTagger
from models.ner import fit, measure
from models.ner_items import encoded
from models.ner_wires import wires
from models.shipping import Release, Source, arrays, runner, ship
from models.training import Plan, seed_everything
from udfs.mentions import LABELS, MentionFinder

VERSION = "1"
SUMMARY = """The fallback of ner: the same question asked of a small embedding and three convolutions over the same word
pieces and casings. At a tenth of the cost it finds what its window of 15 tokens tells."""
LIMITS = """As those of ner, and more: names that only a long context tells are missed. For when the big one is missing,
or too slow for the load."""

WIRES = 4_000
RATE = 4e-4
SHARES = {
    "finer_ord": 2.0, "wnut17": 1.0, "btc": 1.0, "sec_filings": 0.5,
    "wikineural": 1.0, "wikiann": 0.2, "wires": 0.5,
}  # fmt: skip


def main() -> None:
    """Train, export and measure."""
    arguments = command("light_ner", __doc__, epochs=3)
    seed_everything(arguments.seed, threads=1)
    tokenizer = base_tokenizer()
    training = corpora.ner_training(arguments.data)
    everything = training | {"wires": wires(training, WIRES, random.Random(0), held=False)}
    sets = {name: encoded(tokenizer, examples) for name, examples in everything.items()}
    model = LightTagger()
    plan = Plan(arguments.seed, encoder_rate=RATE, average=0.995)
    curve = Stage(arguments, "only").run(model, lambda: fit(model, sets, [SHARES] * arguments.epochs, plan))
    graph = light_tagger(arrays(model))
    finder = MentionFinder(tokenizer, runner(graph))
    metrics: dict[str, object] = {
        name: measure(finder, held) for name, held in corpora.ner_held(arguments.data).items()
    }
    metrics["loss_curve"] = curve
    sources = tuple(Source(name, corpora.LICENCES[name], len(texts)) for name, texts in everything.items())
    about = (metrics, SUMMARY, LIMITS)
    release = Release("ner-light", VERSION, LABELS, ("ids", "types"), arguments.seed, sources, *about)
    ship(arguments.out, release, graph, tokenizer)


if __name__ == "__main__":
    main()
