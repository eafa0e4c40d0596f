"""Work side by side: what `spread` promises to those who use it."""

from collections.abc import Iterator

import pytest
import torch

from rvc.device import spread

CPU = torch.device("cpu")


@pytest.fixture(params=[1, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_results_come_in_order(threads: int) -> None:
    assert list(spread(lambda item: item * item, range(20), CPU)) == [item * item for item in range(20)]


def test_items_lie_side_by_side_and_do_not_share_themselves_out(threads: int) -> None:
    inside = set(spread(lambda item: torch.get_num_threads(), range(12), CPU))
    assert inside == {1}
    assert torch.get_num_threads() == threads


def test_nothing_is_recorded_for_gradients(threads: int) -> None:
    weight = torch.ones(1, requires_grad=True)
    with torch.inference_mode():
        assert not any(result.requires_grad for result in spread(lambda item: weight * item, range(4), CPU))


def test_an_error_ends_it(threads: int) -> None:
    def fail(item: int) -> int:
        if item == 2:
            raise ValueError("two")
        return item

    results = spread(fail, range(1000), CPU)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)
