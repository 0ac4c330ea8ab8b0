"""Streams written to and heard by several threads or tasks."""

import asyncio
import threading
import time

import pytest
import torch

TEXT = "three one four one five"
both_ways = pytest.mark.usefixtures("either_way")


def close(one, other):
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def joined(waves):
    return torch.cat([torch.empty(0), *waves])


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
        stream = streaming.open_stream(seed=5)

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
