"""A token has a number of requests per window; another token has its own."""

from __future__ import annotations

from api.rate import FixedWindow


def test_the_window_counts_down_refuses_and_starts_anew() -> None:
    now = [30.0]
    window = FixedWindow(2, 60, monotonic=lambda: now[0])
    assert [window.take("a").remaining for _ in range(3)] == [1, 0, -1]
    assert window.take("b").remaining == 1
    assert window.take("a").headers() == {"RateLimit-Policy": '"token";q=2;w=60', "RateLimit": '"token";r=0;t=30'}
    now[0] = 60.0
    assert window.take("a").remaining == 1


def test_the_table_of_counts_does_not_grow_without_bound() -> None:
    window = FixedWindow(2, 60, monotonic=lambda: 0.0)
    for index in range(30_000):
        window.take(str(index))
    assert len(window._counts) <= 10_001
