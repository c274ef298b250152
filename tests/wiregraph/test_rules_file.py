"""Rules in YAML: the examples are read, and what is wrong is said with its line and field."""

from pathlib import Path

import pytest

from udfs.rulebook import COUPON_ABUSE
from udfs.rules import RULE, BatchRule, CoreRule, rule_fields
from wiregraph.errors import UsageError
from wiregraph.rules_file import load_rule

EXAMPLES = sorted((Path(__file__).parents[2] / "wiregraph/data/rules").glob("*.yaml"))
GOOD = """\
name: many-views
why: Many views
trigger: {kind: coupon_attempt}
when:
  - count: {kind: view}
    more_than: 5
    within: 2m
"""


def test_the_reference_rule_is_the_built_in_one() -> None:
    (path,) = [path for path in EXAMPLES if path.stem == "coupon-abuse"]
    assert load_rule(path) == COUPON_ABUSE


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples(path: Path) -> None:
    rule = load_rule(path)
    assert rule.name == path.stem
    assert isinstance(rule, BatchRule if rule.tier == "batch" else CoreRule)
    assert RULE.validate_python(rule_fields(rule)) == rule


def said(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "rule.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError) as caught:
        load_rule(path)
    message = str(caught.value)
    assert "\n" not in message
    return message.removeprefix(f"{path}")


def test_a_good_one(tmp_path: Path) -> None:
    path = tmp_path / "rule.yaml"
    path.write_text(GOOD)
    assert load_rule(path).name == "many-views"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("more_than: 5", "more_than: five", ":6: when[1].more_than: Input should be a valid integer"),
        ("more_than: 5", "more_then: 5", ":6: when[1].more_then: is not a field of a rule's"),
        ("    more_than: 5\n", "", ":5: when[1]: write either more_than or at_least"),
        ("within: 2m", "within: 2", ":7: when[1].within: write a duration as 90s or 2m"),
        ("within: 2m", "within: 11m", ":7: when[1].within: no rule looks further than 10m"),
        ("{kind: view}", "{kind: look}", ":5: when[1].count.kind: Input should be 'view'"),
        ("{kind: view}", "{kind: view, price: {min: 0.0000001}}", "price.min: write a number with at most 6"),
        ("count:", "counts:", ":5: when[1]: write one of count, sum, before"),
        ("why: Many views\n", "", ":1: why: is missing"),
        ("many-views", "Many Views", ":1: name: String should match pattern"),
        ("many-views", "cascade", "cascade is what alerts of the models are called"),
        ("when:", "tier: fast\nwhen:", ":4: tier: write core or batch"),
        ("when:", "when: 5\nunless:", ":4: when: write a list"),
        ("when:", "name: again\nwhen:", ":4: name: is there twice"),
        ("when:", "when: {", ":"),
        ("{kind: view}", "*anchor", ":5: aliases (*anchor) are not read"),
        ("when:", "enabled: 1\nwhen:", ":4: enabled: Input should be a valid boolean"),
        ("when:", "score: 1.5\nwhen:", ":4: score: write a number from 0 to 1"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in GOOD
    assert expected in said(tmp_path, GOOD.replace(old, new))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ":1: a rule is a mapping"),
        ("- a\n", ":1: a rule is a mapping"),
        ("a: [\n", ":2: not YAML"),
        (b"\xff\xfe\xff", ": not YAML"),
        ("[" * 500 + "]" * 500, "nested too deep"),
        ("a: " + "x" * 300_000, "at most 262144"),
        ("a: 1\n[b]: 2\n", ":2: the name of a field is a word"),
        ("why: 2001-99-99\n", ": a value is not of its YAML type: month"),
        ("why: !!bool x\n", ": a value is not of its YAML type"),
        ("why: !!timestamp x\n", ": a value is not of its YAML type"),
    ],
)
def test_what_is_no_rule(tmp_path: Path, text: str | bytes, expected: str) -> None:
    assert expected in said(tmp_path, text)


def test_spans_and_batch_rules(tmp_path: Path) -> None:
    absence = GOOD + "unless: {happens: {kind: checkout}, within: 9m}\n"
    assert "when and unless together reach over more than 10m" in said(tmp_path, absence)
    batch = "name: b\nwhy: B\ntier: batch\ntrigger: {kind: view}\nacross: user\nat_least: 3\nwithin: 7s\n"
    assert ":7: within: write a multiple of 5s" in said(tmp_path, batch)
    assert ":4: trigger.kind: across sessions only checkout, coupon_attempt, purchase" in said(
        tmp_path, batch.replace("7s", "10s")
    )
    assert ":4: across: needs `tier: batch`" in said(tmp_path, batch.replace("tier: batch\n", ""))


def test_all_that_is_wrong_is_said(tmp_path: Path) -> None:
    wrong = GOOD.replace("more_than: 5", "more_than: five").replace("within: 2m", "within: 2") + "score: 7\n"
    assert [part.split(":")[0].strip() for part in said(tmp_path, wrong)[1:].split("; ")] == ["6", "7", "8"]
    assert [part.split(":")[0].strip() for part in said(tmp_path, wrong + "tier: fast\n")[1:].split("; ")] == list(
        "6789"
    )
    many = GOOD + "".join(f"field{number}: 1\n" for number in range(30))
    assert said(tmp_path, many).endswith("(and 20 more)")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load_rule(tmp_path / "none.yaml")
