"""Streams in company: others in the batch, who comes and goes, memory, what breaks off."""

import gc
import random
import weakref

import pytest
import torch
from sled_infer import Request, SynthesisError
from sled_model import StreamingLayout

TEXT = "three one four one five"
both_ways = pytest.mark.usefixtures("either_way")


def close(one, other):
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def joined(waves):
    return torch.cat([torch.empty(0), *waves])


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


def test_one_that_leaves_before_any_step_leaves_nothing(streaming):
    stream = streaming.open_stream()
    stream.push(TEXT)
    track = weakref.ref(stream._part.track)
    stream.cancel()
    del stream
    gc.collect()
    assert track() is None


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
