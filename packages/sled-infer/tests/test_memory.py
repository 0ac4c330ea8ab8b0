"""Memory does not grow with what has been spoken: ten minutes of a stream, 27 s of an utterance."""

import gc
import os
from itertools import repeat
from pathlib import Path

import pytest
import torch
from sled_infer import Engine, SeededNoise, Utterance
from sled_model import SledConfig, SledModel, StreamingLayout

FRAME_RATE = 75
ALLOWED = 12  # MiB: what an allocator may keep back; a leak of 300 bytes a frame would be more


def held_mib():
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="the system does not tell"),
]


def test_a_stream_of_ten_minutes_holds_what_one_of_half_a_minute_holds(streaming):
    """Text without end: sentence follows sentence in one stream."""
    heard, early = 0.0, None
    for wave in streaming.stream(repeat("three one four one five. ")):
        heard += len(wave) / streaming.sample_rate
        if early is None and heard >= 30:
            early = held_mib()
        if heard >= 600:
            break
    assert heard >= 600
    assert held_mib() - early < ALLOWED


@pytest.mark.parametrize("layout", [None, StreamingLayout(5, 45)], ids=["offline", "streaming"])
def test_an_utterance_of_27_s_grows_by_its_cache_alone(layout):
    config = SledConfig(
        vocab_size=40,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        vae_embed_dim=16,
        noise_channels=8,
        diffloss_d=2,
        diffloss_w=32,
    )
    engine = Engine(SledModel(config).eval())
    more = {} if layout is None else {"layout": layout}
    noise, prompt = SeededNoise(0, 8), torch.empty(0, 16)
    frames = 27 * FRAME_RATE - 25
    track = engine.join(
        Utterance(torch.arange(4, 24), prompt, 2.0, noise, frames, stop_threshold=2.0, **more)
    )
    early = None
    while not track.ended:
        engine.step()
        early = held_mib() if track.spoken == 5 * FRAME_RATE else early
    assert track.spoken == frames
    cache = engine._rows._held() if engine.rows else None
    assert cache is None or cache.capacity <= config.max_position_embeddings
    assert held_mib() - early < ALLOWED
