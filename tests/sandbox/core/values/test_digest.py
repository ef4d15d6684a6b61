"""The hash by which worlds are compared."""

from dyntui.sandbox.digest import digest


def test_the_order_of_rows_does_not_matter() -> None:
    assert digest([("a", 1), ("b", None)]) == digest([("b", None), ("a", 1)])


def test_a_value_and_a_repetition_do_matter() -> None:
    plain = digest([("a", 1)])
    assert plain.startswith("sha256:")
    assert len({plain, digest([("a", 2)]), digest([("a", "1")]), digest([("a", 1), ("a", 1)]), digest([])}) == 5
