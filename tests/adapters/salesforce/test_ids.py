from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.salesforce.ids import to_long_id

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
SHORT = st.text(alphabet=ALPHABET, min_size=15, max_size=15)


# Ids as real orgs gave them.
@pytest.mark.parametrize(
    "record_id",
    ["001RM000003oCprYAE", "005xx000001SwiUAAS", "00Dxx0000001gPqEAI", "0" * 15 + "AAA"],
)
def test_the_checksum_is_that_of_real_ids(record_id: str) -> None:
    assert to_long_id(record_id[:15]) == record_id
    assert to_long_id(record_id) == record_id


@given(SHORT)
def test_case_that_got_lost_comes_back_from_the_checksum(short: str) -> None:
    long_id = to_long_id(short)
    assert long_id[:15] == short
    assert to_long_id(long_id.lower()) == long_id
    assert to_long_id(long_id.upper()) == long_id


@pytest.mark.parametrize(
    "text",
    ["", "001", "001RM000003oCpr1AE", "001RM000003oCprYA", "001RM000003oCprÄAE", "0" * 15 + "BAA"],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="record id"):
        to_long_id(text)
