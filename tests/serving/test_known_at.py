"""`known_at` shows nothing that became known later: every call against a twin that never heard of it.

WIREGRAPH_CASES sets how many questions are asked; `make known-at` asks 100,000.
"""

import os
import random
import shutil
from pathlib import Path

from serving import handlers
from tests.oracles.twin import Twin
from tests.serving import asking_ways
from tests.serving.asking import QUESTIONS, asking
from tests.serving.worlds import World, build

CASES = int(os.environ.get("WIREGRAPH_CASES", "2000"))
QUESTIONS_A_WORLD = 50
SEED = int(os.environ.get("WIREGRAPH_SEED", "1"))


def check_status(world: World) -> None:
    status = handlers.get_status(world.moment(), 0)
    twin = Twin(world.articles, None)
    assert status.facts == sum(len(article.said) for article in world.articles)
    assert status.entities == len(twin.entities)
    assert status.counts.articles == len(world.articles)


def test_every_answer_is_that_of_a_graph_that_knew_no_more(tmp_path: Path) -> None:
    asked = 0
    for number in range(max(1, CASES // QUESTIONS_A_WORLD)):
        seed = f"{SEED}/{number}"
        chance = random.Random(seed)
        path = tmp_path / str(number)
        world = build(path, chance)
        with world.writer:
            check_status(world)
            for _ in range(QUESTIONS_A_WORLD):
                question = chance.choice((*QUESTIONS, *asking_ways.QUESTIONS))
                circumstances = asking(world, world.moment(), chance)
                try:
                    question(circumstances)
                except AssertionError as error:
                    raise AssertionError(f"world {seed}: {question.__name__} {circumstances.fields}") from error
                asked += 1
        shutil.rmtree(path, ignore_errors=True)
    assert asked >= min(CASES, QUESTIONS_A_WORLD)
