"""Pages of other origins are kept out, unless the server names them."""

import pytest

pytest.importorskip("starlette", reason="the extra 'server' is not installed")

PAGE = "https://example.org"


@pytest.fixture
def open_to(desk):
    """Return a function that gives a client of a server that lets these origins in."""
    from sled_infer.server import build_app
    from starlette.testclient import TestClient

    return lambda *origins: TestClient(build_app(desk, origins=origins))


def converses(client, origin):
    from starlette.testclient import WebSocketDenialResponse

    headers = {} if origin is None else {"Origin": origin}
    try:
        with client.websocket_connect("/v1/audio/stream", headers=headers):
            return 101
    except WebSocketDenialResponse as refused:
        return refused.status_code


@pytest.mark.parametrize(
    ("origins", "origin", "let_in"),
    [
        ([], None, True),
        ([], "http://testserver", True),
        ([], PAGE, False),
        ([], "null", False),
        ([PAGE], PAGE, True),
        ([PAGE], "https://example.org.evil.net", False),
        (["*"], PAGE, True),
    ],
)
def test_a_conversation(open_to, origins, origin, let_in):
    assert converses(open_to(*origins), origin) == (101 if let_in else 403)


def test_answers_are_shared_with_the_named_pages_alone(open_to):
    asked = {"Origin": PAGE}
    shared = open_to(PAGE).get("/v1/models", headers=asked)
    assert shared.headers["access-control-allow-origin"] == PAGE
    assert "access-control-allow-origin" not in open_to().get("/v1/models", headers=asked).headers
    before = {**asked, "Access-Control-Request-Method": "POST"}
    before["Access-Control-Request-Headers"] = "authorization,content-type"
    assert open_to(PAGE).options("/v1/audio/speech", headers=before).status_code == 200
