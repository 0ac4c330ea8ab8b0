"""Streams: the audio of the whole text whatever the cuts, in whatever company, to any end."""

import asyncio
import gc
import random
import threading
import time
import weakref

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sled_infer import Request, Stream, StreamState, SynthesisError, Synthesizer, Voice
from sled_model import OfflineLayout, StreamingLayout

TEXT = "three one four one five"
SHORT = {"max_seconds": 0.5}
both_ways = pytest.mark.usefixtures("either_way")
hypothesis = settings(
    deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def endless(streaming, monkeypatch):
    """The same synthesizer, but the model never stops."""
    monkeypatch.setattr(streaming.model, "stop_logits", lambda z: z.new_full(z.shape[:-1], -9.0))
    return streaming


@pytest.fixture
def stopping(streaming, monkeypatch):
    """The same synthesizer, but the model always stops."""
    monkeypatch.setattr(streaming.model, "stop_logits", lambda z: z.new_full(z.shape[:-1], 9.0))
    return streaming


@pytest.fixture(scope="session")
def recorded(codec) -> Voice:
    codes = torch.randint(0, 32, (14, 4), generator=torch.Generator().manual_seed(0))
    return Voice(codes, "one two", "reference", codec.fingerprint)


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


def test_pieces_of_audio_have_the_size_asked_for(endless):
    with endless.open_stream(chunk_frames=4, **SHORT) as stream:
        stream.push(TEXT)
        stream.flush()
        sizes = [len(wave) // 320 for wave in stream]
    first = max(4, endless.codec.frames_to_start)
    assert sizes[0] == first
    assert set(sizes[1:-1]) == {4}
    assert sum(sizes) == 37


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


@both_ways
def test_each_of_eight_streams_that_come_and_go_sounds_as_alone(streaming, recorded):
    rng = random.Random(1)
    words = TEXT.split()
    asked = [
        {
            "seed": number,
            "cfg": rng.choice([1.0, 1.5, 2.0]),
            "voice": rng.choice([None, recorded]),
            "chunk_frames": rng.randint(1, 9),
        }
        for number in range(8)
    ]
    texts = [" ".join(rng.choices(words, k=rng.randint(1, 5))) for _ in asked]
    heard = speak_at_random_times(streaming, list(zip(texts, asked, strict=True)), rng)
    for text, options, wave in zip(texts, asked, heard, strict=True):
        close(wave, joined(streaming.stream([text], **options)))
    assert streaming.engine.rows == 0


def speak_at_random_times(synthesizer, streams, rng):
    """Open streams one by one and, in between, let a random one take a letter or give audio."""
    heard, going, waiting = [[] for _ in streams], {}, list(enumerate(streams))
    while going or waiting:
        if waiting and rng.random() < 0.1:
            number, (text, options) = waiting.pop(0)
            going[number] = (synthesizer.open_stream(**options), list(text))
        if not going:
            continue
        number, (stream, letters) = rng.choice(list(going.items()))
        if letters:
            stream.push(letters.pop(0))
        else:
            stream.flush()
        if rng.random() < 0.5 and (wave := stream.read()) is not None:
            heard[number].append(wave)
        if stream.over:
            heard[number] += stream.ready()
            stream.cancel()
            del going[number]
    return [joined(waves) for waves in heard]


@both_ways
def test_cancelling_one_leaves_the_others_untouched(streaming):
    alone = joined(streaming.stream([TEXT], seed=1))
    streams = [streaming.open_stream(seed=seed) for seed in (0, 1, 2)]
    for stream in streams:
        stream.push(TEXT)
        stream.flush()
    heard = [streams[1].read()]
    streams[0].cancel()
    heard.append(streams[1].read())
    streams[2].cancel()
    assert streaming.engine.rows == 2
    heard += streams[1]
    close(joined(heard), alone)
    assert [stream.state.value for stream in streams] == ["cancelled", "finished", "cancelled"]
    assert streaming.engine.rows == 0
    assert streams[0].read() is None


@both_ways
def test_whole_texts_and_streams_share_the_batch(streaming):
    alone = streaming.synthesize(TEXT, seed=3)
    with streaming.open_stream(seed=4) as stream:
        stream.push(TEXT)
        first = stream.read()
        close(streaming.synthesize(TEXT, seed=3).wave, alone.wave)
        stream.flush()
        close(torch.cat([first, *stream]), joined(streaming.stream([TEXT], seed=4)))


@both_ways
def test_all_memory_is_given_back(streaming):
    streams = [streaming.open_stream(seed=seed) for seed in range(4)]
    for stream in streams:
        stream.push(TEXT)
        stream.read()
    held = [weakref.ref(streaming.engine._rows._cache), *map(weakref.ref, streams)]
    assert streaming.engine.rows == 8
    for stream in streams:
        stream.cancel()
    del stream, streams
    gc.collect()
    assert [each() for each in held] == [None] * 5


def test_a_stream_dropped_without_a_word_leaves_the_batch(streaming):
    stream = streaming.open_stream()
    stream.push(TEXT)
    stream.read()
    waves = streaming.stream([TEXT])
    del stream, waves
    gc.collect()
    streaming.engine.step()
    assert streaming.engine.rows == 0


def test_closing_the_iterator_ends_the_stream(streaming):
    waves = streaming.stream([TEXT, TEXT])
    next(waves)
    assert streaming.engine.rows == 2
    waves.close()
    assert streaming.engine.rows == 0


@both_ways
def test_one_whose_audio_nobody_reads_pauses(endless):
    layout = StreamingLayout(1, 200)
    quiet = Request("three", max_seconds=0.4, layout=layout)
    unread, other = endless.open_stream(layout=layout, max_seconds=0.4), endless.open_stream()
    for stream in (unread, other):
        stream.push("three ")
    unread._part.track._most_ahead = 9
    other.push(TEXT)
    list(other.ready())
    assert len(unread._part.track.frames) == 9
    other.cancel()
    unread.flush()
    close(joined(unread), endless.synthesize_batch([quiet])[0].wave)


def test_text_that_never_ends_is_spoken_without_end_and_without_growing(endless):
    taken, held, lengths = 0, [], set()

    def forever():
        nonlocal taken
        while True:
            taken += 1
            yield "three one. " if taken % 3 else "Three one "

    waves = endless.stream(forever(), cfg=1.0)
    for number, wave in zip(range(500), waves, strict=False):
        lengths.add(len(wave))
        if number % 100 == 0:
            held.append(sum(len(track.frames) for track in endless.engine._tracks))
    assert endless.engine.rows == 1
    waves.close()
    assert 500 * 5 * 320 / 24_000 > 2 * 480 / 75  # much longer than all positions
    assert taken < 500
    assert max(held) <= 150
    assert endless.engine.rows == 0


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


@both_ways
def test_another_thread_may_push_the_text(streaming):
    stream = streaming.open_stream(seed=2)

    def type_it():
        for letter in TEXT:
            time.sleep(0.001)
            stream.push(letter)
        stream.flush()

    typist = threading.Thread(target=type_it)
    typist.start()
    wave = joined(stream)
    typist.join()
    close(wave, joined(streaming.stream([TEXT], seed=2)))


@both_ways
def test_streams_in_threads_sound_as_alone(streaming):
    heard = {}

    def listen(seed):
        heard[seed] = joined(streaming.stream(TEXT, seed=seed))

    threads = [threading.Thread(target=listen, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, wave in heard.items():
        close(wave, joined(streaming.stream([TEXT], seed=seed)))
    assert len(heard) == 4


@both_ways
def test_async_pieces_give_async_audio_many_at_a_time(streaming):
    async def pieces():
        for letter in TEXT:
            await asyncio.sleep(0)
            yield letter

    async def listen(seed):
        return joined([wave async for wave in streaming.stream(pieces(), seed=seed)])

    async def all_of_them():
        return await asyncio.gather(*(listen(seed) for seed in range(5)))

    for seed, wave in enumerate(asyncio.run(all_of_them())):
        close(wave, joined(streaming.stream([TEXT], seed=seed)))


@both_ways
def test_a_cancelled_task_frees_its_stream(streaming):
    async def forever():
        yield "three one four one "
        await asyncio.sleep(3600)

    async def listen():
        async for _ in streaming.stream(forever()):
            pass

    async def give_up():
        task = asyncio.create_task(listen())
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(give_up())
    streaming.engine.step()
    assert streaming.engine.rows == 0


def test_an_async_listener_waits_for_pushed_text(streaming):
    async def talk():
        stream: Stream = streaming.open_stream(seed=5)

        async def push():
            for letter in TEXT:
                await asyncio.sleep(0)
                stream.push(letter)
            stream.flush()

        task = asyncio.create_task(push())
        wave = joined([each async for each in stream])
        await task
        return wave

    close(asyncio.run(talk()), joined(streaming.stream([TEXT], seed=5)))


@both_ways
def test_a_step_that_breaks_off_ends_all_and_says_why(streaming, monkeypatch):
    streams = [streaming.open_stream() for _ in range(2)]
    for stream in streams:
        stream.push(TEXT)

    def broken(*_):
        raise MemoryError("no more")

    with monkeypatch.context() as patch:
        patch.setattr(streaming.model.head, "draw", broken)
        patch.setattr(streaming.engine._rows, "draw", broken)
        with pytest.raises(MemoryError):
            streams[0].read()
    assert [stream.state.value for stream in streams] == ["failed", "failed"]
    with pytest.raises(SynthesisError, match="broke off"):
        streams[1].read()
    assert streaming.engine.rows == 0
    assert joined(streaming.stream([TEXT])).numel()


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
