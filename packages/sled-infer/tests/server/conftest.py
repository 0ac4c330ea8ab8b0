"""A server of a tiny model, asked in this process."""

import pytest


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
