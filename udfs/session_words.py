"""The features of a session in words, for the people who review an alert."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import expm1

from udfs.session_features import CODE_CHARS_MAX


def _count(value: float) -> str:
    return f"{expm1(value):.0f}"


def _seconds(value: float) -> str:
    return f"{expm1(value) / 1_000:.1f} s"


def _money(value: float) -> str:
    return f"{expm1(value):.2f}"


def _share(value: float) -> str:
    return f"{value:.0%}"


def _characters(value: float) -> str:
    return f"{value * CODE_CHARS_MAX:.0f}"


def _number(value: float) -> str:
    return f"{value:.2f}"


def _flag(value: float) -> str:
    return "yes" if value else "no"


WORDS: Mapping[str, tuple[str, Callable[[float], str]]] = {
    "view_log": ("views", _count),
    "add_to_cart_log": ("items put in the cart", _count),
    "remove_from_cart_log": ("items taken out of the cart", _count),
    "coupon_attempt_log": ("coupon attempts", _count),
    "checkout_log": ("checkouts", _count),
    "purchase_log": ("purchases", _count),
    "events_log": ("clicks in ten minutes", _count),
    "view_share": ("share of views", _share),
    "dear_views_log": ("high-value views", _count),
    "dear_views_2m_log": ("high-value views in two minutes", _count),
    "dear_view_share": ("share of high-value views", _share),
    "dear_added": ("high-value items put in the cart", _count),
    "events_10s_log": ("clicks in ten seconds", _count),
    "events_60s_log": ("clicks in a minute", _count),
    "span_log": ("time since the first click", _seconds),
    "gap_mean_log": ("mean gap between clicks", _seconds),
    "gap_least_log": ("shortest gap", _seconds),
    "gap_most_log": ("longest gap", _seconds),
    "gap_deviation_log": ("deviation of the gaps", _seconds),
    "gap_variation": ("relative deviation of the gaps", _number),
    "gap_jitter": ("change from gap to gap", _number),
    "gap_last_log": ("gap before the attempt", _seconds),
    "gap_quick_share": ("share of gaps below a second", _share),
    "price_mean_log": ("mean price of views", _money),
    "price_most_log": ("highest price of views", _money),
    "price_last_log": ("price of the last view", _money),
    "price_deviation": ("spread of prices", _number),
    "price_missing_share": ("share of views without price", _share),
    "added_value_log": ("value put in the cart", _money),
    "items_log": ("different items", _count),
    "item_repeat_share": ("share of items seen again", _share),
    "item_repeats_most": ("clicks on one item", _count),
    "remove_share": ("share of cart changes that take out", _share),
    "put_back": ("items put back in the cart", _count),
    "coupons_log": ("different coupons", _count),
    "coupon_repeats": ("share of coupons tried again", _share),
    "coupon_first": ("first attempt", _flag),
    "attempts_60s": ("coupon attempts in a minute", _count),
    "attempt_gap_log": ("time since the attempt before", _seconds),
    "attempt_gap_mean_log": ("mean time between attempts", _seconds),
    "coupon_likeness": ("likeness of the coupon to the one before", _share),
    "coupon_length": ("characters of the coupon", _characters),
    "coupon_digit_share": ("share of digits in the coupon", _share),
    "since_purchase_log": ("time since a purchase", _seconds),
    "has_user": ("signed in", _flag),
    "hour_sine": ("time of day (sine)", _number),
    "hour_cosine": ("time of day (cosine)", _number),
}
"""What each feature is called, and how its value is written."""


def describe(name: str, value: float) -> str:
    """Return a feature and its value in words; raises `KeyError` for a name that is none."""
    words, write = WORDS[name]
    return f"{words} {write(value)}"
