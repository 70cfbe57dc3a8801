"""What wiring asks the systems for."""

from shared.core.model import Side
from shared.mappings import BY_NAME
from shared.wiring import columns


def test_what_a_rule_computes_from_is_asked_for_and_what_it_computes_is_not():
    asked = columns(BY_NAME, Side.BC)["currencies"]

    assert {"symbol", "description", "exchangeRateAmount", "relationalExchangeRateAmount"} <= set(asked)
    assert not [c for c in asked if c.startswith("computed")]
