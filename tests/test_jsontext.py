"""JSON text from elsewhere: what is wrong with it is told in words that need no Python."""

import pytest

from statestore.exceptions import UsageError
from statestore.jsontext import NotJSON, parse
from statestore.loading import read_line


@pytest.mark.parametrize(
    ("text", "said", "offset"),
    [
        ("[" + "9" * 5000 + "]", "An integer is beyond signed 64 bit.", None),
        ("\ufeff[]", "This begins with a byte order mark, which JSON has not.", 0),
        (b"\xef\xbb\xbf[]", "This begins with a byte order mark, which JSON has not.", 0),
        (b'"\xff"', "This is not UTF-8 (at byte 1).", None),
        ("[" * 100_000, "This is nested too deeply.", None),
        ("[NaN]", "NaN is not JSON.", None),
    ],
    ids=["digits", "mark", "marked bytes", "no UTF-8", "depth", "NaN"],
)
def test_text_that_is_no_json_is_told_in_plain_words(text, said, offset):
    with pytest.raises(NotJSON) as caught:
        parse(text)
    assert (str(caught.value), caught.value.offset) == (said, offset)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"scope": null, "key": "k", "value": 1}', "Line 7: A scope is a string, not null."),
        ('{"scope": "s", "key": [], "value": 1}', "Line 7: A key is a string, not an array."),
        ('{"scope": 5, "key": {}, "value": 1}', "Line 7: A scope is a string, not a number."),
    ],
)
def test_name_in_a_dump_that_is_no_string_is_told_by_its_json_type(line, said):
    with pytest.raises(UsageError) as caught:
        read_line(7, line.encode())
    assert str(caught.value) == said
