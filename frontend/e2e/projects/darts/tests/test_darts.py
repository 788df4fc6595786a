from src.darts import Dart, estimate, throw


def test_hit():
    assert Dart(0.1, 0.1).hit


def test_estimate():
    assert abs(estimate(throw(10_000)) - 3.14) < 0.05
