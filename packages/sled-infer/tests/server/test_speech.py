"""`POST /v1/audio/speech` answers with what a stream of the same text says."""

import asyncio
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
import soundfile
from sled_codec import wav_header
from sled_infer import SynthesisError

pytest.importorskip("starlette", reason="the extra 'server' is not installed")

TEXT = "three one four one five"
SHORT = {"max_seconds": 0.4}
ASKED = {"input": TEXT, "response_format": "pcm", "seed": 7, **SHORT}


def ask(client, **fields):
    return client.post("/v1/audio/speech", json={**ASKED, **fields})


def test_pcm_is_what_a_stream_says(client, desk, said, assert_same):
    answer = ask(client)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/pcm"
    assert answer.headers["x-sample-rate"] == "24000"
    assert_same(answer.content, said(TEXT, seed=7))
    assert desk.speaking == 0


def test_a_wav_is_the_same_behind_a_header_of_unknown_length(client, assert_same):
    whole = ask(client, response_format="wav").content
    assert whole[:44] == wav_header(24_000)
    assert_same(whole[44:], ask(client).content)


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("flac", ("FLAC", "PCM_16")),
        ("ogg", ("OGG", "VORBIS")),
        ("opus", ("OGG", "OPUS")),
        (None, ("MP3", "MPEG_LAYER_III")),
    ],
)
def test_there_are_other_formats_and_mp3_is_what_nobody_asks_for(client, kind, found):
    answer = ask(client, response_format=kind)
    with soundfile.SoundFile(BytesIO(answer.content)) as file:
        assert (file.format, file.subtype, file.samplerate) == (*found, 24_000)
        assert len(file.read()) == pytest.approx(len(ask(client).content) / 2, abs=2000)


@pytest.mark.parametrize("kind", ["mp3", "wav", "flac", "ogg", "opus", "pcm"])
def test_all_but_flac_leave_while_they_are_made(client, kind):
    known = "content-length" in ask(client, response_format=kind).headers
    assert known == (kind == "flac")


def test_a_voice_speaks_by_its_name(client, desk, said, assert_same):
    answer = ask(client, voice="recorded", model="tiny")
    assert_same(answer.content, said(TEXT, seed=7, voice=desk.voices["recorded"]))
    assert client.get("/v1/audio/voices").json()["voices"] == ["recorded"]
    assert [each["id"] for each in client.get("/v1/models").json()["data"]] == ["tiny"]


def test_many_at_once_are_each_told_what_they_are_alone(client, assert_same):
    alone = [ask(client, seed=seed).content for seed in range(3)]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda seed: ask(client, seed=seed).content, range(3)))
    for one, other in zip(together, alone, strict=True):
        assert_same(one, other)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"input": None}, "input: missing"),
        ({"input": "   "}, "text is empty"),
        ({"input": "!!!"}, "text: nothing speakable"),
        ({"input": 3}, "input: 3 is not a text"),
        ({"input": "a" * 100_001}, "100001 characters; at most 100000"),
        ({"response_format": "aac"}, "response_format: 'aac' is not one of mp3, wav, flac"),
        ({"speed": 2}, "speed: 2; this model speaks at its own"),
        ({"stream_format": "sse"}, "stream_format: 'sse' is not one of audio"),
        ({"model": "tts-1"}, "model: 'tts-1' is not served here, 'tiny' is"),
        ({"voice": "alloy"}, "voice: 'alloy' is not known; known are recorded"),
        ({"normalise": "fr"}, "normalise: 'fr' is not one of"),
        ({"seed": True}, "seed: true is not a whole number"),
        ({"cfg": -1}, "cfg: -1 is no guidance"),
        ({"cfg": 10**400}, "… is no guidance; give from 0 to 1000"),
        ({"draws": 0}, "draws: 0 is not between"),
        ({"voices": "recorded"}, '"voices": not known here; did you mean voice'),
        ({"instructions": "be kind"}, '"instructions": not known here; known are voice'),
        ({"\ud800": 1}, '"\\ud800": not known here'),
        ({"input": "\ud800"}, "valid"),
        ({"voice": "\ud800"}, "voice: '\\ud800' is not known"),
    ],
    ids=str,
)
def test_what_cannot_be_spoken_is_one_line(client, desk, fields, message):
    answer = client.post("/v1/audio/speech", content=json.dumps({**ASKED, **fields}))
    assert answer.status_code == 400
    told = answer.json()["error"]
    assert told["type"] == "invalid_request_error"
    assert message in told["message"]
    assert "\n" not in told["message"]
    assert desk.speaking == 0


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not valid JSON"),
        (b"\xff", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"[1]", "[1] is not a JSON object"),
        (b'{"input": "one", "max_seconds": NaN}', "max_seconds: nan leaves no time"),
        (b'{"input": "one", "temperature": Infinity}', "temperature: inf scales no noise"),
        (b"{" + b" " * 500_000 + b"}", "more than 410000 bytes"),
    ],
    ids=lambda value: str(value[:10]),
)
def test_nor_is_what_is_no_request(client, body, message):
    answer = client.post("/v1/audio/speech", content=body)
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


def test_a_stream_without_audio_says_so():
    from sled_infer.server._speak import _first

    async def silent():
        for wave in ():
            yield wave

    with pytest.raises(SynthesisError, match="nothing was said"):
        asyncio.run(_first(silent()))


def test_who_comes_when_all_are_busy_is_told_to_come_again(client, desk, fill):
    turns = fill()
    answer = ask(client)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "3 are being spoken to" in answer.json()["error"]["message"]
    assert client.get("/health").json() == {"status": "ok", "speaking": 3, "most": 3}
    turns[0].close()
    turns[0].close()
    assert ask(client).status_code == 200
    for turn in turns:
        turn.close()
    assert desk.speaking == 0
    assert desk.synthesizer.engine.tracks == 0


def test_a_model_goes_by_several_names(endless):
    from sled_infer.server import Desk, build_app
    from starlette.testclient import TestClient

    with TestClient(build_app(Desk(endless, "owner/tiny", names=["tts-1"]))) as client:
        for name in ("owner/tiny", "tts-1"):
            assert ask(client, model=name).status_code == 200
            assert client.get(f"/v1/models/{name}").json()["id"] == name
        assert [each["id"] for each in client.get("/v1/models").json()["data"]] == [
            "owner/tiny",
            "tts-1",
        ]
        assert client.get("/v1/models/tts-2").status_code == 404
        told = ask(client, model="tts-2").json()["error"]["message"]
    assert told == "model: 'tts-2' is not served here, 'owner/tiny' or 'tts-1' is"


@pytest.mark.parametrize(
    ("method", "path", "status"), [("get", "/v1/audio/speech", 405), ("get", "/x", 404)]
)
def test_other_requests_are_told_so(client, method, path, status):
    answer = client.request(method, path)
    assert answer.status_code == status
    assert path in answer.json()["error"]["message"]


@pytest.mark.parametrize(("steps", "status"), [(2, 500), (12, 200)])
def test_work_that_breaks_off_ends_an_answer_before_its_time(
    client, desk, break_off, steps, status
):
    break_off(steps, RuntimeError("out of memory"))
    answer = ask(client, max_seconds=2)
    assert answer.status_code == status
    assert len(answer.content) < 2 * 24_000
    if status == 500:
        assert answer.json()["error"]["type"] == "server_error"
    assert desk.speaking == 0


def test_who_reads_nothing_is_given_up(desk):
    """Driven by hand, for a client of the same process takes whatever is sent."""
    from sled_infer.server import build_app
    from sled_infer.server._speak import GaveUpError

    desk.patience = 0.2
    body = json.dumps({"input": "three one four", "response_format": "pcm"}).encode()
    path = "/v1/audio/speech"
    scope = {"type": "http", "method": "POST", "path": path, "headers": [], "query_string": b""}

    async def receive():
        if unread := asked and asked.pop():
            return {"type": "http.request", "body": unread}
        return await asyncio.Future()

    async def send(message):
        if message["type"] == "http.response.body":
            await asyncio.Future()

    asked = [body]
    with pytest.raises(GaveUpError):
        asyncio.run(build_app(desk)(scope, receive, send))
    assert desk.speaking == 0


def test_little_is_sent_ahead_of_who_plays_as_it_reads():
    from sled_infer.server._run import _listen

    with _listen("127.0.0.1", 0) as listening:
        assert listening.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 << 16
