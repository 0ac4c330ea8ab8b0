"""Streams: the audio of the whole text whatever the cuts, to any end."""

import time
from dataclasses import replace
from itertools import count

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sled_infer import Request, StreamState, SynthesisError, Synthesizer
from sled_infer._script import Script
from sled_model import OfflineLayout, StreamingLayout

TEXT = "three one four one five"
SHORT = {"max_seconds": 0.5}
both_ways = pytest.mark.usefixtures("either_way")
hypothesis = settings(
    deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def close(one, other):
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def joined(waves):
    return torch.cat([torch.empty(0), *waves])


def cut(text, at):
    ends = sorted({min(place, len(text)) for place in at} | {len(text)})
    return [text[a:b] for a, b in zip([0, *ends], ends, strict=False)]


cuts = st.lists(st.integers(0, len(TEXT))).map(lambda at: cut(TEXT, at))
options = {"seed": st.integers(0, 50), "cfg": st.sampled_from([1.0, 2.0])}


@both_ways
@pytest.mark.parametrize("cloned", [False, True])
@hypothesis
@given(asked=st.tuples(cuts, st.integers(1, 20), st.fixed_dictionaries(options)))
def test_a_stream_is_what_the_whole_text_gives(streaming, recorded, cloned, asked):
    pieces, chunk, options = asked
    options |= {"voice": recorded} if cloned else {}
    whole = streaming.synthesize(TEXT, **options)
    close(joined(streaming.stream(pieces, chunk_frames=chunk, **options)), whole.wave)


def test_stops_differ_so_that_all_ends_are_tried(streaming):
    lengths = {len(streaming.synthesize(TEXT, seed=seed).latents) for seed in range(10)}
    assert len(lengths) > 2


def allowed(synthesizer, text):
    """Count the frames that a text, ending with white space, allows before its rest has come."""
    tokens = len(synthesizer.tokenizer.encode(text.strip())) - 1
    return tokens // 2 * 6


@both_ways
def test_audio_comes_before_the_text_is_over(endless):
    with endless.open_stream(max_seconds=0.6) as stream:
        stream.push("three one four ")
        early = joined(stream.ready())
        assert stream.state is StreamState.WAITING
        stream.flush()
        whole = torch.cat([early, *stream])
    assert len(early) == allowed(endless, "three one four ") * 320
    assert 0 < len(early) < len(whole)
    close(whole, endless.synthesize("three one four", max_seconds=0.6).wave)


@pytest.mark.parametrize(("seconds", "grown"), [(0.0, [4, 5, 7, 9]), (1.0, [4, 4, 4, 4])])
def test_pieces_of_audio_grow_if_there_is_time(endless, monkeypatch, seconds, grown):
    clock = count(step=seconds)
    monkeypatch.setattr("sled_infer._session.perf_counter", lambda: next(clock))
    with endless.open_stream(chunk_frames=4, **SHORT) as stream:
        stream.push(TEXT)
        stream.flush()
        sizes = [len(wave) // 320 for wave in stream]
    assert sizes[0] == max(4, endless.codec.frames_to_start)
    assert sizes[1:5] == grown
    assert sum(sizes) == 37


def test_pieces_may_be_longer_than_what_a_stream_makes_ahead(endless, monkeypatch):
    monkeypatch.setattr("sled_infer._part._MOST_AHEAD", 6)
    monkeypatch.setattr("sled_infer._session.perf_counter", lambda: 0.0)
    with endless.open_stream(chunk_frames=5, max_seconds=0.8) as stream:
        stream.push(TEXT)
        stream.flush()
        sizes = [len(wave) // 320 for wave in stream]
    assert max(sizes) == 15
    assert sum(sizes) == 60


def test_a_voice_that_leaves_no_room_is_refused_at_once(streaming, recorded):
    long = replace(recorded, codes=recorded.codes.repeat(40, 1))
    with pytest.raises(SynthesisError, match=r"prompt: 7\.5 s are too long"):
        streaming.open_stream(voice=long)


@both_ways
def test_a_stop_while_text_is_unread_drops_nothing_unless_asked(stopping):
    with stopping.open_stream(obey_early_stop=True) as stream:
        stream.push("three one four ")
        assert list(stream.ready()) == []
        assert stream.state is StreamState.FINISHED
    with stopping.open_stream() as stream:
        stream.push("three one four ")
        assert len(joined(stream.ready())) >= 6 * 320
        assert stream.state is StreamState.WAITING


def test_an_iterable_that_raises_ends_the_stream_after_what_it_gave(streaming):
    def failing():
        yield "three one four "
        raise ConnectionError("the model behind it is gone")

    heard = []
    with pytest.raises(ConnectionError, match="gone"):
        heard.extend(streaming.stream(failing()))
    assert len(joined(heard)) == allowed(streaming, "three one four ") * 320
    assert streaming.engine.rows == 0


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        ([], "text is empty"),
        (["", " ", "\n"], "text is empty"),
        (["...", "?"], "nothing speakable"),
        (["one \ud83d", "two"], "half a surrogate pair"),
        ([b"one"], "bytes is no text"),
        ([None], "NoneType is no text"),
    ],
)
def test_text_that_cannot_be_spoken_is_refused(streaming, pieces, reason):
    heard = []
    with pytest.raises(SynthesisError, match=reason):
        heard.extend(streaming.stream(pieces))
    assert heard == []
    assert streaming.engine.rows == 0


def test_punctuation_alone_is_not_spoken_before_a_word_has_come(streaming):
    with streaming.open_stream() as stream:
        stream.push("… — … ? ! — … ")
        assert list(stream.ready()) == []
        stream.push("three ")
        assert joined(stream.ready()).numel()


def test_a_stream_takes_no_text_after_its_end(streaming):
    stream = streaming.open_stream()
    stream.push("three")
    stream.flush()
    stream.flush()
    with pytest.raises(SynthesisError, match="its text is over"):
        stream.push("one")
    stream.cancel()
    other = streaming.open_stream()
    other.cancel()
    other.cancel()
    with pytest.raises(SynthesisError, match="it is cancelled"):
        other.push("one")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"chunk_frames": 0}, "chunk_frames"),
        ({"cfg": -1.0}, "cfg"),
        ({"cfg": 10**400}, r"cfg: 10{19}… is no guidance"),
        ({"temperature": 1e30}, r"temperature: 1e\+30 scales no noise"),
        ({"cfg": float("nan")}, "cfg: nan"),
        ({"seed": 1.5}, "seed"),
        ({"max_seconds": 0}, "max_seconds"),
    ],
)
def test_options_out_of_range_are_refused_at_once(streaming, options, reason):
    with pytest.raises(SynthesisError, match=reason):
        streaming.stream(["three"], **options)


def test_a_layout_the_model_was_not_trained_for_is_tried_with_one_warning(endless, caplog):
    list(endless.stream(["three"], **SHORT))
    list(endless.stream(["three"], layout=OfflineLayout(), **SHORT))
    assert caplog.text == ""
    assert joined(endless.stream(["three"], layout=StreamingLayout(3, 9), **SHORT)).numel()
    assert "3 tokens every 9 frames, but the model was trained for 2:6" in caplog.text
    caplog.clear()
    endless.open_stream(layout=StreamingLayout(3, 9))
    assert caplog.text == ""


def test_a_model_of_whole_texts_is_streamed_with_a_warning(model_folder, codec, caplog):
    Synthesizer.from_pretrained(model_folder, codec=codec, device="cpu").open_stream()
    assert "5 tokens every 45 frames, but the model was trained on whole texts" in caplog.text


def test_a_layout_may_be_asked_for_with_whole_texts_too(endless):
    layout = StreamingLayout(1, 5)
    [whole] = endless.synthesize_batch([Request(TEXT, max_seconds=0.5, layout=layout)])
    close(joined(endless.stream([TEXT], layout=layout, **SHORT)), whole.wave)
    assert (whole.latents - endless.synthesize(TEXT, **SHORT).latents).abs().max() > 1e-2


def test_an_offline_layout_waits_for_the_whole_text_and_streams_the_audio(streaming):
    with streaming.open_stream(layout=OfflineLayout()) as stream:
        stream.push(TEXT)
        assert list(stream.ready()) == []
        stream.flush()
        [whole] = streaming.synthesize_batch([Request(TEXT, layout=OfflineLayout())])
        close(joined(stream), whole.wave)


@both_ways
def test_a_prompt_is_read_before_any_text_and_is_silent_until_then(streaming, recorded):
    with streaming.open_stream(voice=recorded) as stream:
        assert list(stream.ready()) == []
        assert stream._part.track._read > 0
        assert stream.state is StreamState.WAITING


def test_the_clock_begins_when_text_comes_not_when_it_is_cut(endless, monkeypatch):
    def slow(script, piece):
        time.sleep(0.1)
        return push(script, piece)

    push = Script.push
    monkeypatch.setattr(Script, "push", slow)
    with endless.open_stream(**SHORT) as stream:
        stream.push(TEXT)
        assert next(stream.ready()) is not None
        assert stream.clock.ttfa > 0.1


def test_a_book_is_handed_on_slice_by_slice_and_spoken_as_a_whole(endless, monkeypatch):
    whole = joined(said_by(endless))
    monkeypatch.setattr("sled_infer._script._SLICE", 3)
    close(joined(said_by(endless)), whole)


def said_by(synthesizer):
    stream = synthesizer.open_stream(**SHORT)
    stream.push(TEXT)
    stream.flush()
    return stream


def test_no_limit_is_too_high(endless):
    with endless.open_stream(max_seconds=10**400) as stream:
        stream.push(TEXT)
        stream.flush()
        assert len(stream.read())
        assert stream.state is StreamState.SPEAKING


@both_ways
def test_the_clock_tells_what_a_listener_notices(endless):
    with endless.open_stream(chunk_frames=3, **SHORT) as stream:
        stream.push("th")
        assert stream.clock.ttfa is None
        time.sleep(0.05)
        stream.push("ree one ")
        stream.flush()
        seconds = len(joined(stream)) / 24_000
        clock = stream.clock
    assert clock.audio == pytest.approx(seconds)
    assert 0 < clock.ttfa < clock.ttfa_from_text - 0.05
    assert clock.rtf == clock.compute / clock.audio
    assert clock.margin < seconds
