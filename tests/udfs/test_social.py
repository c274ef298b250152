import numpy as np
import pytest

from udfs.multitask import Answers
from udfs.records import Sentiment
from udfs.social import tone


def test_the_tone_is_that_of_the_text_and_not_of_a_span() -> None:
    nothing = np.zeros(0, dtype=np.float32)
    answers = Answers(
        np.array([[1, 0, 0]], dtype=np.float32), np.array([0.25, 0.125, 0.625], dtype=np.float32), nothing, nothing
    )
    assert tone(answers) == Sentiment(negative=0.25, neutral=0.125, positive=0.625)
    assert tone(answers).score == pytest.approx(0.375)
