"""A server of a tiny model, asked in this process."""

import pytest
import torch
from sled_codec import pcm_bytes

SHORT = {"max_seconds": 0.4}


@pytest.fixture
def desk(endless, recorded):
    from sled_infer.server import Desk

    return Desk(endless, "tiny", {"recorded": recorded}, most=3)


@pytest.fixture
def client(desk):
    from sled_infer.server import build_app
    from starlette.testclient import TestClient

    with TestClient(build_app(desk), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def said(desk):
    """Return a function that gives what a stream says of a text, as bytes."""

    def said(text, **options):
        return pcm_bytes(torch.cat(list(desk.synthesizer.stream([text], **SHORT, **options))))

    return said


@pytest.fixture
def assert_same():
    """Return a function that compares: batches round otherwise in the last bits of a sample."""

    def samples(content):
        return torch.frombuffer(bytearray(content), dtype=torch.int16).float()

    def assert_same(one, other):
        torch.testing.assert_close(samples(one), samples(other), rtol=0, atol=8)

    return assert_same


@pytest.fixture
def break_off(desk, monkeypatch):
    """Return a function that lets all work fail after some steps."""

    def break_off(steps, error):
        step, left = desk.synthesizer.engine.step, iter(range(steps))

        def failing():
            if next(left, None) is None:
                raise error
            return step()

        monkeypatch.setattr(desk.synthesizer.engine, "step", failing)

    return break_off


@pytest.fixture
def fill(desk):
    """Return a function that takes all places, and gives the turns that hold them."""
    from sled_infer.server._asked import Manner

    return lambda: [desk.begin(Manner(None, {})) for _ in range(desk.most)]
