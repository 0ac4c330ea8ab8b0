"""`sled serve` speaks to real clients, and ends when it is told to."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from io import BytesIO

import pytest
import soundfile
from sled_cli.main import main

try:
    import httpx2 as httpx
    import starlette  # noqa: F401
except ModuleNotFoundError:
    httpx = None

needs_server = pytest.mark.skipif(httpx is None, reason="the extra 'server' is not installed")
TEXT = "three one four one five"
KEY = {"Authorization": "Bearer s3cret"}


@pytest.fixture(scope="module")
def server():
    """The digits voice at a free port, behind a key: its URL and process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sled_cli", "serve", "--model", "digits", "--port", "0"],
        env={**os.environ, "SLED_API_KEY": "s3cret"},
        stderr=subprocess.PIPE,
        text=True,
    )
    url = None
    for line in process.stderr:
        if found := re.search(r"listening at (\S+);", line):
            url = found[1]
            break
    assert url is not None
    yield url, process
    if process.poll() is None:
        process.kill()
    process.communicate()


def ask(url, asked):
    speech = f"{url}/v1/audio/speech"
    return httpx.stream("POST", speech, json=asked, headers=KEY, timeout=60)


@contextmanager
def spoken_to_at_length(url):
    """Ask for much, and give what comes behind the first of it."""
    asked = {"input": " ".join([TEXT] * 200), "response_format": "pcm"}
    with ask(url, asked) as answer:
        parts = answer.iter_raw()
        assert next(parts)
        yield parts


def talk_at(url):
    return url.replace("http", "ws") + "/v1/audio/stream"


def speak(url, **fields):
    asked = {"input": TEXT, **fields}
    return httpx.post(f"{url}/v1/audio/speech", json=asked, headers=KEY, timeout=60)


@needs_server
def test_a_text_is_spoken_as_synth_speaks_it(server, tmp_path, capfd):
    url, _ = server
    assert (
        main(["synth", TEXT, "--model", "digits", "--stream", "-o", str(tmp_path / "a.wav")]) == 0
    )
    answer = speak(url, response_format="wav")
    assert answer.headers["content-type"] == "audio/wav"
    found, rate = soundfile.read(BytesIO(answer.content))
    wanted, _ = soundfile.read(tmp_path / "a.wav")
    assert rate == 24_000
    assert len(found) == len(wanted)
    assert abs(found - wanted).max() < 1e-2


@needs_server
def test_audio_leaves_before_all_is_made(server):
    url, _ = server
    asked = {"input": " ".join([TEXT] * 6), "response_format": "pcm"}
    with ask(url, asked) as answer:
        parts = [(time.monotonic(), len(part)) for part in answer.iter_raw()]
    assert len(parts) > 3
    assert parts[0][0] < parts[-1][0]


@needs_server
def test_who_hangs_up_is_no_longer_spoken_to(server):
    url, _ = server
    with spoken_to_at_length(url):
        assert httpx.get(f"{url}/health").json()["speaking"] == 1
    deadline = time.monotonic() + 10
    while httpx.get(f"{url}/health").json()["speaking"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@needs_server
def test_it_speaks_while_it_is_told_what(server):
    from websockets.sync.client import connect

    url, _ = server
    with connect(talk_at(url), additional_headers=KEY) as talk:
        talk.send(json.dumps({"voice": "theo", "text": "three one "}))
        talk.send(json.dumps({"text": "four", "end": True}))
        messages = [talk.recv(timeout=30)]
        while not (isinstance(messages[-1], str) and '"end"' in messages[-1]):
            messages.append(talk.recv(timeout=30))
    begin, end = json.loads(messages[0]), json.loads(messages[-1])
    audio = b"".join(message for message in messages if isinstance(message, bytes))
    assert begin["sample_rate"] == 24_000
    assert end["stopped"]
    assert end["text"] == "three one four"
    assert len(audio) == pytest.approx(end["seconds"] * 48_000, abs=48)


@needs_server
def test_without_the_key_it_says_nothing(server):
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    url, _ = server
    assert httpx.post(f"{url}/v1/audio/speech", json={"input": TEXT}).status_code == 401
    with pytest.raises(InvalidStatus) as refused, connect(talk_at(url)):
        pass
    assert refused.value.response.status_code == 401
    assert httpx.get(f"{url}/health").json()["status"] == "ok"


@needs_server
def test_an_interrupt_ends_it_whatever_is_being_said(server):
    """After some seconds of patience: what is short is said, what is long ends before its time."""
    from websockets.sync.client import connect

    url, process = server
    with (
        connect(talk_at(url), additional_headers=KEY) as talk,
        spoken_to_at_length(url) as parts,
    ):
        talk.send(json.dumps({"text": "three one", "end": True}))
        assert json.loads(talk.recv(timeout=30))["event"] == "begin"
        process.send_signal(signal.SIGINT)
        while not isinstance(last := talk.recv(timeout=30), str):
            pass
        assert json.loads(last)["stopped"]
        with pytest.raises(httpx.RemoteProtocolError):
            list(parts)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert told.endswith("sled: interrupted\n")
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health")


@needs_server
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--patience", "nan"], "--patience nan: give a number of seconds"),
        (["--voice", "a=x", "--voice", "a=y"], "two files under one name"),
    ],
)
def test_options_that_cannot_be_meant_are_one_line(options, told, capfd):
    assert main(["serve", *options]) == 2
    assert told in capfd.readouterr().err


@needs_server
def test_a_port_in_use_is_one_line(capfd):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--model", "digits", "--port", str(port), "--quiet"]) == 2
    told = capfd.readouterr().err
    assert re.fullmatch(rf"sled: error: server: cannot listen at 127.0.0.1, port {port} .*\n", told)


@pytest.mark.parametrize("voice", ["anna", "anna=", "=anna.safetensors"])
def test_a_voice_has_a_name_and_a_file(voice, capfd):
    assert main(["serve", "--voice", voice]) == 2
    assert "such as anna=anna.safetensors" in capfd.readouterr().err


def test_a_key_is_not_empty(capfd, monkeypatch):
    assert main(["serve", "--api-key", " "]) == 2
    monkeypatch.setenv("SLED_API_KEY", "")
    assert main(["serve"]) == 2
    assert capfd.readouterr().err.count("SLED_API_KEY: it is empty") == 2


@needs_server
def test_a_voice_that_is_not_there_is_named(capfd):
    assert main(["serve", "--model", "digits", "--voice", "anna=nowhere.safetensors"]) == 2
    assert "nowhere.safetensors" in capfd.readouterr().err


def test_without_the_extra_it_says_how_to_get_it(monkeypatch, capfd):
    for name in [name for name in sys.modules if name.startswith("sled_infer.server")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "starlette", None)
    assert main(["serve", "--model", "digits"]) == 2
    assert "pip install 'sled-infer[server]'" in capfd.readouterr().err
