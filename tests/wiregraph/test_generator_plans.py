from collections import defaultdict

import orjson

from tests.wiregraph.streams import clicks, stream
from wiregraph.generator_plans import PLANS


def test_every_plan_is_there_and_raises_what_it_says() -> None:
    alerts = defaultdict(set)
    for session in stream().sessions:
        alerts[session.plan].add(len(session.alerts))
    raising = {"abuser", "exactly dear", "exactly two minutes", "same moment", "late view"}
    assert alerts == {name: {2} if name == "twice" else {int(name in raising)} for name in PLANS}


def test_a_view_that_is_too_late_comes_after_what_shows_it() -> None:
    plans = {session.session_id: session.plan for session in stream().sessions}
    order = defaultdict(list)
    for click in map(orjson.loads, dict.fromkeys(record.value or b"" for record in clicks())):
        order[plans[click["session_id"]], click["session_id"]].append(click["kind"])
    too_late = [kinds for (plan, _), kinds in order.items() if plan == "too late"]
    assert too_late
    assert all(kinds[-1] == "view" for kinds in too_late)
