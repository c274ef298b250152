"""What the models cost on one core: each stage, its bare onnxruntime call, and the light model in its place."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from tokenizers import Tokenizer

from benchmarks.report import Figure
from udfs import tokens as tk
from udfs.inference import Models, load_fallbacks, load_models
from udfs.inference.manifest import ModelFiles, read_model
from udfs.inference.models import WEIGHTS, tokenizer_of
from udfs.inference.sessions import SessionRunner, start
from udfs.linking import Linker
from udfs.mentions import MentionFinder
from udfs.multitask import TextModel
from udfs.records import LinkedEntity, Mention

ROUNDS = 5
WARM_UP = 10
TASKS_LABELS = (20, 90)
RATES = {"headline": ("floor_70,target_140", 140.0), "article": ("floor_5,target_9", 9.0)}
"""What issue 4 asks for, texts a second with everything that is read of them."""
LIGHT_SHARE = 0.1
"""A light model may cost so much of what it stands in for."""

Stage = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Recorder:
    """A model that keeps what it was asked."""

    inner: SessionRunner
    seen: list[Mapping[str, Any]] = field(default_factory=list)

    def __call__(self, inputs: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as what it stands for
        """Keep the inputs and answer."""
        self.seen.append(dict(inputs))
        return self.inner(inputs)

    def named(self, inputs: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as what it stands for
        """Keep the inputs and answer."""
        self.seen.append(dict(inputs))
        return self.inner.named(inputs)

    def again(self) -> None:
        """Ask onnxruntime the same again, with nothing around."""
        for inputs in self.seen:
            self.inner.session.run(None, inputs)


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts of one length with what is found in them."""

    name: str
    texts: Sequence[str]
    found: Sequence[tuple[Mention, ...]]
    linked: Sequence[tuple[LinkedEntity, ...]]

    def spans(self, at: int) -> list[list[tuple[int, int]]]:
        """Return the spans of a text's entities."""
        return [[(one.start, one.end) for one in entity.mentions] for entity in self.linked[at]]

    def flat(self, at: int) -> list[tuple[int, int]]:
        """Return the spans of all mentions of a text's entities."""
        return [span for spans in self.spans(at) for span in spans]


def measure(groups: Mapping[str, Sequence[str]], linker: Linker) -> Iterator[Figure]:
    """Yield the costs of each group of texts: headlines, articles."""
    shipped, light = load_models(), load_fallbacks()
    for name, texts in groups.items():
        found = [shipped.mentions.find(text) for text in texts]
        linked = [linker.link(text, mentions) for text, mentions in zip(texts, found, strict=True)]
        yield from _group(Texts(name, texts, found, linked), shipped, light, linker)


def _group(group: Texts, shipped: Models, light: Models, linker: Linker) -> Iterator[Figure]:
    """Measure all stages in turn, round after round, since the machine's speed drifts."""
    texts, tokenizer = group.texts, tokenizer_of(read_model(WEIGHTS / "ner"))
    stages: dict[str, Stage] = {
        "tokenisation": lambda at: tk.tokenise(tokenizer, texts[at]),
        "linking": lambda at: linker.link(texts[at], group.found[at]),
    }
    for suffix, models in (("", shipped), ("_light", light)):
        stages |= _stages(group, models, suffix) | _forwards(group, suffix)
    costs = _milliseconds(stages, len(texts))
    yield from _lines(group.name, costs)


def _stages(group: Texts, models: Models, suffix: str) -> dict[str, Stage]:
    """Return the stages that ask models, as the job and `wiregraph score` ask them."""
    texts = group.texts
    return {
        f"mentions{suffix}": lambda at: models.mentions.find(texts[at]),
        f"text{suffix}": lambda at: models.text.read(texts[at], group.flat(at)),
        f"relevance{suffix}": lambda at: models.relevance.score(texts[at], texts[at], group.spans(at)),
    }


def _forwards(group: Texts, suffix: str) -> dict[str, Stage]:
    """Return the same models' bare calls of onnxruntime on the same inputs, text by text."""
    ner, tasks = (read_model(WEIGHTS / f"{name}{suffix.replace('_', '-')}") for name in ("ner", "multitask"))
    calls: dict[str, list[Recorder]] = {"mentions": [], "text": []}
    runners = {"mentions": start(ner), "text": start(tasks)}
    for at, text in enumerate(group.texts):
        finder = Recorder(runners["mentions"])
        MentionFinder(_tokenizer(ner), finder).find(text)
        reader = Recorder(runners["text"])
        TextModel(_tokenizer(tasks), reader, TASKS_LABELS).read(text, group.flat(at))
        calls["mentions"].append(finder)
        calls["text"].append(reader)
    return {f"{name}{suffix}_forward": _repeat(recorders) for name, recorders in calls.items()}


_TOKENIZERS: dict[str, Tokenizer] = {}


def _tokenizer(files: ModelFiles) -> Tokenizer:
    """Return a model's tokenizer, made once."""
    return _TOKENIZERS.setdefault(files.manifest.name, tokenizer_of(files))


def _repeat(recorders: Sequence[Recorder]) -> Stage:
    """Return a stage that repeats a text's calls."""
    return lambda at: recorders[at].again()


def _milliseconds(stages: Mapping[str, Stage], count: int) -> dict[str, float]:
    """Return the median over the rounds of each stage's mean milliseconds a text, of processor time.

    All runs in one thread, so that is what one core takes, whoever else uses the machine.
    """
    rounds: dict[str, list[float]] = {name: [] for name in stages}
    for stage in stages.values():
        for at in range(min(WARM_UP, count)):
            stage(at)
    for _ in range(ROUNDS):
        for name, stage in stages.items():
            started_s = time.process_time()
            for at in range(count):
                stage(at)
            rounds[name].append(1_000 * (time.process_time() - started_s) / count)
    return {name: median(found) for name, found in rounds.items()}


def _lines(group: str, costs: Mapping[str, float]) -> Iterator[Figure]:
    """Write each cost beside what it is to be compared with, then texts a second."""
    whole = sum(costs[name] for name in ("mentions", "linking", "text", "relevance"))
    for name in ("tokenisation", "linking", "relevance"):
        yield Figure("models", f"{group}_{name}", costs[name], "ms", costs[name] / whole, "of_everything")
    for name in ("mentions", "text"):
        bare, cost = costs[f"{name}_forward"], costs[name]
        yield Figure("models", f"{group}_{name}", cost, "ms", cost / bare, f"bare_onnxruntime_{bare:.3f}_ms")
        light, forward = costs[f"{name}_light"], costs[f"{name}_light_forward"]
        yield Figure("models", f"{group}_{name}_light", light, "ms", light / cost, "shipped_model,_tokens_included")
        yield Figure("models", f"{group}_{name}_light_forward", forward, "ms", forward / bare, f"target_{LIGHT_SHARE}")
    rule = costs["relevance_light"]
    yield Figure("models", f"{group}_relevance_light", rule, "ms", rule / costs["relevance"], "shipped_model")
    told, target = RATES[group]
    yield Figure("models", f"{group}s_a_second", 1_000 / whole, "texts/s", 1_000 / whole / target, told)
    light_whole = costs["linking"] + sum(costs[f"{name}_light"] for name in ("mentions", "text", "relevance"))
    yield Figure("models", f"{group}s_a_second_light", 1_000 / light_whole, "texts/s", whole / light_whole, "shipped")
