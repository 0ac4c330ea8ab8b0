"""`/v1/audio/stream`: whatever the pieces, the audio is that of the whole text."""

import asyncio
import json
import time

import pytest
from sled_codec import CodecError

pytest.importorskip("starlette", reason="the extra 'server' is not installed")

PIECES = ["three ", "one fo", "ur one ", "five"]
TEXT = "".join(PIECES)
SHORT = {"max_seconds": 0.4}


@pytest.fixture
def socket(client):
    with client.websocket_connect("/v1/audio/stream") as socket:
        yield socket


def hear(socket):
    """Give the audio of a text as bytes, and the events around it."""
    audio, events = b"", []
    while True:
        message = socket.receive()
        if message.get("bytes"):
            audio += message["bytes"]
            continue
        events.append(json.loads(message["text"]))
        if events[-1]["event"] == "end":
            return audio, events


def say(socket, pieces=PIECES, **manner):
    for number, piece in enumerate(pieces):
        socket.send_json({"text": piece, **(manner if number == 0 else {})})
    socket.send_json({"end": True})
    return hear(socket)


@pytest.fixture
def assert_says(said, assert_same):
    """Return a function that compares audio with what a stream says of the text."""
    return lambda audio, **options: assert_same(audio, said(TEXT, **options))


def test_pieces_are_spoken_as_the_whole_text(socket, assert_says):
    audio, [begin, end] = say(socket, seed=3, **SHORT)
    assert begin == {"event": "begin", "sample_rate": 24_000, "format": "pcm_s16le"}
    assert end["seconds"] == pytest.approx(len(audio) / 48_000, abs=1e-3)
    assert (end["text"], end["cancelled"], end["left_out"]) == (
        "three one four one five",
        False,
        [],
    )
    assert_says(audio, seed=3)


def test_one_text_follows_the_other_each_in_its_own_manner(socket, desk, assert_says):
    for seed, voice in ((1, "recorded"), (2, None), (3, "recorded")):
        audio, _ = say(socket, seed=seed, voice=voice, **SHORT)
        assert_says(audio, seed=seed, voice=voice and desk.voices[voice])
    assert desk.speaking == 0


def test_audio_comes_before_the_text_is_over(socket):
    socket.send_json({"text": "three one four one five nine two six five three five "})
    assert socket.receive_json()["event"] == "begin"
    assert len(socket.receive_bytes()) > 0
    socket.send_json({"end": True})
    assert hear(socket)[1][-1]["event"] == "end"


def test_what_is_being_said_can_be_stopped(socket, desk, assert_says):
    socket.send_json({"text": " ".join(PIECES * 20), "max_seconds": 600, "end": True})
    assert socket.receive_json()["event"] == "begin"
    socket.receive_bytes()
    socket.send_json({"cancel": True})
    _, [end] = hear(socket)
    assert end["cancelled"]
    assert desk.speaking == 0
    assert_says(say(socket, seed=3, **SHORT)[0], seed=3)


def test_who_leaves_is_no_longer_spoken_to(client, desk):
    with client.websocket_connect("/v1/audio/stream") as socket:
        socket.send_json({"text": " ".join(PIECES * 20), "max_seconds": 600})
        socket.receive_json()
        socket.receive_bytes()
        assert desk.speaking == 1
    deadline = time.monotonic() + 5
    while desk.speaking or desk.synthesizer.engine.tracks:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("{", "not valid JSON"),
        ('{"input": "one"}', '"input": not known here'),
        ('{"end": 1}', "end: 1 is not true or false"),
        ('{"voice": "alloy", "text": "one"}', "voice: 'alloy' is not known"),
    ],
    ids=str,
)
def test_what_is_wrong_is_told_and_the_next_text_is_spoken(socket, assert_says, message, told):
    socket.send_text(message)
    error = socket.receive_json()
    assert error["event"] == "error"
    assert told in error["message"]
    assert_says(say(socket, seed=3, **SHORT)[0], seed=3)


def test_binary_messages_are_no_text(socket):
    socket.send_bytes(b"one")
    assert "not in binary" in socket.receive_json()["message"]


def test_a_text_of_nothing_and_options_in_its_midst_end_it(socket, desk):
    socket.send_json({"end": True})
    _, [_, error, end] = hear(socket)
    assert "text is empty" in error["message"]
    assert end["cancelled"]
    socket.send_json({"text": "three one "})
    assert socket.receive_json()["event"] == "begin"
    socket.send_json({"seed": 4, "text": "four"})
    audio_events = hear(socket)[1]
    assert "said with the first piece" in audio_events[0]["message"]
    assert audio_events[-1]["cancelled"]
    assert desk.speaking == 0


def test_the_next_text_waits_for_the_end_of_the_last(socket, desk):
    socket.send_json({"text": " ".join(PIECES * 20), "max_seconds": 600, "end": True})
    assert socket.receive_json()["event"] == "begin"
    socket.send_json({"text": "one"})
    _, events = hear(socket)
    assert "still being spoken" in events[0]["message"]
    assert events[-1]["cancelled"]


def test_all_being_busy_is_told(client, fill, assert_says):
    turns = fill()
    with client.websocket_connect("/v1/audio/stream") as socket:
        socket.send_json({"text": "one"})
        assert "busy" in socket.receive_json()["message"]
        for turn in turns:
            turn.close()
        assert_says(say(socket, seed=3, **SHORT)[0], seed=3)


def test_a_text_is_not_waited_for_forever(desk, socket, assert_says):
    desk.patience = 0.3
    socket.send_json({"text": "three one four one five nine two six five three five "})
    _, events = hear(socket)
    assert "no more of the text came for 0.3 s" in events[1]["message"]
    assert events[-1]["cancelled"]
    assert desk.speaking == 0
    desk.patience = 60
    socket.send_json({"text": "one ", "end": True})
    assert "left out with the rest" in socket.receive_json()["message"]
    assert_says(say(socket, seed=3, **SHORT)[0], seed=3)


def test_patience_is_for_texts_that_lack_their_end(desk, socket, assert_says):
    say(socket, seed=3, **SHORT)
    desk.patience = 0.1
    time.sleep(0.3)
    audio, _ = say(socket, [TEXT], seed=3, **SHORT)
    assert_says(audio, seed=3)


@pytest.mark.parametrize(
    "first",
    [
        {"voice": "alloy", "text": "Do not "},
        {"voice": "alloy", "seed": 5},
        {"text": "Do not ", "voice": 3},
        {"txt": "", "text": "a"},
    ],
    ids=str,
)
def test_the_rest_of_a_text_that_was_wrong_is_not_spoken(socket, assert_says, first):
    socket.send_json(first)
    for piece in ["drink this ", "water."]:
        socket.send_json({"text": piece})
    socket.send_json({"end": True})
    assert socket.receive_json()["event"] == "error"
    assert_says(say(socket, seed=3, **SHORT)[0], seed=3)


def test_what_comes_of_a_text_that_is_over_is_left_out_up_to_its_end(socket):
    socket.send_json({"text": TEXT * 4, "max_seconds": 0.1})
    _, [_, end] = hear(socket)
    assert not end["stopped"]
    socket.send_json({"text": " nine two"})
    socket.send_json({"text": " six", "end": True})
    assert "send it again" in socket.receive_json()["message"]
    socket.send_json({"text": "nine", "end": True})
    assert hear(socket)[1][-1]["text"] == "nine"


def test_a_piece_that_says_how_begins_the_next_text(socket, assert_says):
    socket.send_json({"text": TEXT * 4, "max_seconds": 0.1})
    hear(socket)
    assert_says(say(socket, seed=3, **SHORT)[0], seed=3)


def test_who_interrupts_may_go_on_at_once(socket, assert_says):
    socket.send_json({"text": " ".join(PIECES * 20), "max_seconds": 600, "end": True})
    assert socket.receive_json()["event"] == "begin"
    socket.send_json({"cancel": True})
    socket.send_json({"text": TEXT, "end": True, "seed": 3, **SHORT})
    assert hear(socket)[1][-1]["cancelled"]
    assert_says(hear(socket)[0], seed=3)


def test_whatever_goes_wrong_is_told(desk, socket, assert_says, monkeypatch):
    def broken(**_):
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patched:
        patched.setattr(desk.synthesizer, "open_stream", broken)
        socket.send_json({"text": "one", "end": True})
        assert "out of memory" in socket.receive_json()["message"]
    assert_says(say(socket, seed=3, **SHORT)[0], seed=3)


def test_who_reads_nothing_is_given_up(desk):
    """Driven by hand, for a client of the same process takes whatever is sent."""
    from sled_infer.server import build_app

    desk.patience = 0.2
    scope = {"type": "websocket", "path": "/v1/audio/stream", "headers": [], "query_string": b""}
    text = json.dumps({"text": TEXT, "end": True})
    messages = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": text},
    ]

    async def receive():
        return messages.pop(0) if messages else await asyncio.Future()

    async def send(message):
        if message.get("bytes"):
            await asyncio.Future()

    asyncio.run(asyncio.wait_for(build_app(desk)(scope, receive, send), 5))
    assert desk.speaking == 0


def test_no_other_path_converses(client):
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/v1/audio/speech"):
        pass


@pytest.mark.parametrize(
    ("error", "told"),
    [(RuntimeError("out of memory"), "out of memory"), (CodecError("no latents"), "no latents")],
    ids=["bug", "ours"],
)
def test_work_that_breaks_off_is_told(socket, desk, break_off, error, told):
    break_off(12, error)
    audio, events = say(socket, max_seconds=2)
    assert len(audio) > 0
    assert told in events[-2]["message"]
    assert not events[-1]["stopped"]
    assert desk.speaking == 0
