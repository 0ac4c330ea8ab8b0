"""A server with a key speaks to those alone who bring it."""

import pytest

pytest.importorskip("starlette", reason="the extra 'server' is not installed")

KEY = "clé 1"
BRINGS = {"Authorization": f"Bearer {KEY}".encode()}
WRONG = [
    {},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer clé".encode()},
    {"Authorization": f"Basic {KEY}".encode()},
    {"Authorization": KEY.encode()},
]


@pytest.fixture
def client(desk):
    from sled_infer.server import build_app
    from starlette.testclient import TestClient

    with TestClient(build_app(desk, KEY)) as client:
        yield client


@pytest.mark.parametrize("headers", WRONG, ids=str)
@pytest.mark.parametrize("path", ["/v1/audio/voices", "/v1/models", "/nowhere"])
def test_without_it_nothing_is_told(client, path, headers):
    answer = client.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "Authorization: Bearer KEY" in answer.json()["error"]["message"]


@pytest.mark.parametrize("headers", WRONG, ids=str)
def test_without_it_nothing_is_said(client, desk, headers):
    from starlette.testclient import WebSocketDenialResponse

    assert client.post("/v1/audio/speech", json={"input": "one"}, headers=headers).is_error
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        client.websocket_connect("/v1/audio/stream", headers=headers),
    ):
        pass
    assert refused.value.status_code == 401
    assert desk.speaking == 0


def test_white_space_around_a_key_is_no_part_of_it(desk):
    from sled_infer.server import build_app
    from starlette.testclient import TestClient

    with TestClient(build_app(desk, "secret\r\n")) as client:
        assert client.get("/v1/models", headers={"Authorization": "Bearer secret"}).is_success


def test_with_it_all_is_as_without_a_lock(client, said, assert_same):
    asked = {"input": "three one", "response_format": "pcm", "seed": 3, "max_seconds": 0.4}
    answer = client.post("/v1/audio/speech", json=asked, headers=BRINGS)
    assert_same(answer.content, said("three one", seed=3))
    with client.websocket_connect("/v1/audio/stream", headers=BRINGS) as socket:
        socket.send_json({"text": "three one", "end": True, "max_seconds": 0.4})
        assert socket.receive_json()["event"] == "begin"


def test_a_page_in_a_browser_offers_it_as_a_protocol(desk):
    from sled_infer.server import build_app
    from starlette.testclient import TestClient, WebSocketDenialResponse

    with TestClient(build_app(desk, "s3cret")) as client:

        def protocol(*offered):
            with client.websocket_connect("/v1/audio/stream", subprotocols=offered) as socket:
                return socket.accepted_subprotocol

        assert protocol("sled", "sled-key.s3cret") == "sled"
        with pytest.raises(WebSocketDenialResponse):
            protocol("sled", "sled-key.wrong")


def test_whether_it_lives_anybody_may_know(client):
    assert client.get("/health").json()["status"] == "ok"
