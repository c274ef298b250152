from io import StringIO

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from wiregraph.demo_records import AlertLine, AlertNews, FeedState, Frame, Progress, TopEntity
from wiregraph.live_view import BAR_HALF, SPARK_CELLS, SPARKS, Display, plain_line, screen, sentiment_bar, sparkline

TOP = tuple(TopEntity(f"eq:T{i}", f"Company {i}", "ORG", 90 - i, (i - 20) / 20, 3, 4, 5) for i in range(40))


ALERTS = AlertNews(
    1_234,
    tuple(
        AlertLine(1_767_623_400_000 + i, "coupon-abuse", "open", f"session-{i}", "6 dear views, then a coupon " * 9)
        for i in range(20)
    ),
)


def frame(phase: str = "feeding", alerts: AlertNews | None = None) -> Frame:
    feed = FeedState(sent=1_300, counted=1_250, total=7_000, is_paused=False)
    progress = Progress(articles=1_000, empty=150, duplicates=60, dead_letters=30, entities=400, facts=1_500)
    histories: dict[str, tuple[float, ...]] = {each.entity_id: (0.1, -0.5) for each in TOP}
    return Frame(phase, 1, 52.0, feed, progress, 0.31, 0.92, TOP, histories, alerts)


def drawn(width: int, height: int, alerts: AlertNews | None = None) -> list[str]:
    console = Console(file=StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(screen(frame(alerts=alerts), width, height))
    return capture.get().splitlines()


@given(st.integers(70, 200), st.integers(16, 60), st.sampled_from([None, AlertNews(0, ()), ALERTS]))
def test_the_view_fits_the_terminal(width: int, height: int, alerts: AlertNews | None) -> None:
    lines = drawn(width, height, alerts)
    assert len(lines) < height
    assert all(len(line) <= width for line in lines)


def test_the_view_has_the_figures() -> None:
    text = "\n".join(drawn(140, 40))
    for figure in (
        "1,300 of 7,000",
        "25.0/s",
        "1,240 =",
        "1,000 articles",
        "10 records",
        "0.3 s",
        "Company 0",
        "eq:T0",
    ):
        assert figure in text


@given(st.floats(-1, 1))
def test_a_bar_grows_from_its_middle(sentiment: float) -> None:
    bar = sentiment_bar(sentiment).plain
    left, right = bar.split("│")
    assert len(left) == len(right) == BAR_HALF
    assert bar.count("█") == round(abs(sentiment) * BAR_HALF)
    assert "█" not in (right if sentiment < 0 else left)


def test_the_view_has_the_latest_alerts() -> None:
    text = "\n".join(drawn(140, 40, ALERTS))
    for part in ("alerts: 1,234", "session-0", "session-4", "coupon-abuse", "6 dear views", "2026-01-05 14:30 UTC"):
        assert part in text
    assert "session-19" not in text
    assert "none yet" in "\n".join(drawn(140, 40, AlertNews(0, ())))
    assert "1234 alerts, the latest on session-0 (coupon-abuse)" in plain_line(frame(alerts=ALERTS))
    assert "alert" not in plain_line(frame())


def test_no_sentiment_is_an_empty_bar() -> None:
    assert sentiment_bar(None).plain.strip() == "│"


@given(st.lists(st.floats(-1, 1), max_size=60))
def test_a_sparkline_keeps_the_order_of_the_last_values(values: list[float]) -> None:
    line = sparkline(values)
    shown = values[-SPARK_CELLS:]
    assert len(line) == len(shown)
    for first, second in zip(range(len(shown)), range(1, len(shown)), strict=False):
        if shown[first] < shown[second]:
            assert SPARKS.index(line[first]) <= SPARKS.index(line[second])


def test_a_line_for_logs_has_the_figures() -> None:
    line = plain_line(frame())
    assert "\n" not in line
    for figure in ("fed 1300", "read 1240", "1000 articles", "behind 10", "0.3 s", "Company 0 -1.00 (90)"):
        assert figure in line


def test_off_a_terminal_frames_of_a_phase_are_thinned() -> None:
    out = StringIO()
    with Display(Console(file=out)) as display:
        for phase in ("feeding", "feeding", "feeding", "applying the rest", "applying the rest"):
            display.show(frame(phase))
    assert [line.split(":")[0].split()[-1] for line in out.getvalue().splitlines()] == ["feeding", "rest"]
