"""What the card of the cascade says beside its measures."""

SUMMARY = """Decides on coupon attempts that no rule alerts on, from the session's clicks of the ten minutes before.
A light logistic model (binned features) clears most; an ensemble of boosted trees and a small GRU over the latest 32
clicks, one ONNX file, scores the rest. An attempt that scores at least `alert_from` raises an alert for people to
review.

**No labelled coupon fraud is public.** Views, their times and their items are those of real visits (yoochoose, six
days of April 2014). Everything else is made: prices (one an item by a hash of its id, lognormal with a median of 45,
a tenth of at least 200, one in twenty missing), carts, purchases, coupon attempts and all fraud. The fraud comes in
seven kinds beside the reference rule (slow guessing, many codes, even pace, cart cycles, bursts of purchases, just
below the rule, and a tenth that behaves as honest shoppers do), in mild forms that overlap with what honest shoppers
do: misspelt codes, codes of a list, hurry, a dear taste, fiddling with the cart. What is measured here tells that the
recipe works and how the parts compare, not what will be found in a shop.

Visits are spread over seven weeks by a hash, weekday and time of day kept, each with 8 sessions written on it, so
sessions of one week are not independent of each other. Learnt from are weeks 0 to 2: what is known when week 4
begins, since a label is known a week after its attempt. Week 4 chooses the cuts and the mix, week 6 measures.
`handbook` is the same recipe of trees, delay and split on labelled (simulated) card transactions, against what the
Fraud Detection Handbook publishes for the same test week.

![Precision and recall](precision_recall.png)"""

LIMITS = """Meant to rank coupon attempts for review, beside rules. Not meant to refuse a customer by itself, nor for
anything but coupons. A first attempt of a patient guesser looks like anybody's: whole sessions are caught more often
than single attempts. The cuts are right for the mixture that was injected (1.5 % of the sessions with an attempt are
fraudulent); with own labels, choose them again. Prices are compared in one currency, high value is 200 of it. Of a
session with more than 256 clicks in ten minutes, the latest 256 are read. Hours are UTC. The weights are bound by the
data's terms, which are stated as non-commercial; train on your own clicks to use them otherwise.

Recall counts attempts, `sessions_caught` sessions with at least one attempt alerted, `good_alerted` the share of
honest sessions with an attempt on which an alert was raised. An attempt on which the rule `coupon-abuse` alerts is
not in any of these numbers."""
