"""Layouts: every element once and in order, and every frame predicted from just before it."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sled_model import ModelError, OfflineLayout, SledConfig, StreamingLayout, layout_for

chunks = st.integers(1, 7)
layouts = st.one_of(st.just(OfflineLayout()), st.builds(StreamingLayout, chunks, chunks))


def spell(layout, text: int, frames: int) -> str:
    """Write the interleaving as a string of t and f."""
    return "".join("f" if each else "t" for each in layout.arrange(text, frames).is_frame)


@settings(deadline=None)
@given(layouts, st.integers(1, 40), st.integers(0, 40))
def test_every_element_appears_once_and_in_order(layout, text, frames):
    order = layout.arrange(text, frames)
    assert order.index[order.is_frame].tolist() == list(range(frames))
    assert order.index[~order.is_frame].tolist() == list(range(text))


@settings(deadline=None)
@given(layouts, st.integers(1, 40), st.integers(0, 40))
def test_a_frame_is_predicted_from_the_element_before_it(layout, text, frames):
    order = layout.arrange(text, frames)
    places = order.is_frame.nonzero().flatten()
    assert order.predict.shape == (frames + 1,)
    assert order.predict[:-1].tolist() == (places - 1).tolist()


@settings(deadline=None)
@given(layouts, st.integers(1, 40), st.integers(0, 40))
def test_the_stop_is_decided_where_one_more_frame_would_be_predicted(layout, text, frames):
    shorter, longer = layout.arrange(text, frames), layout.arrange(text, frames + 1)
    assert shorter.predict.tolist() == longer.predict[:-1].tolist()


@settings(deadline=None)
@given(layouts, st.integers(1, 40), st.integers(0, 40))
def test_reading_text_never_goes_back(layout, text, frames):
    read = [layout.tokens_before(frame, text) for frame in range(frames + 1)]
    assert read == sorted(read)
    assert read[0] >= 1
    assert read[-1] <= text


@settings(deadline=None)
@given(chunks, chunks, st.integers(1, 40), st.integers(0, 40))
def test_streaming_takes_turns_as_the_rule_says(n, m, text, frames):
    """The rule of the design, written out naively."""
    wanted, texts_left, frames_left = "", text, frames
    while texts_left and frames_left:
        take = min(n, texts_left)
        texts_left -= take
        count = frames_left if texts_left == 0 else min(m, frames_left)
        frames_left -= count
        wanted += "t" * take + "f" * count
    wanted += "t" * texts_left + "f" * frames_left
    assert spell(StreamingLayout(n, m), text, frames) == wanted


def test_examples():
    assert spell(OfflineLayout(), 3, 4) == "tttffff"
    assert spell(StreamingLayout(2, 3), 3, 8) == "ttffftfffff"
    assert spell(StreamingLayout(2, 3), 7, 4) == "ttfffttfttt"


def test_frames_that_end_at_a_chunk_border_stop_after_the_next_tokens():
    order = StreamingLayout(2, 3).arrange(7, 3)
    assert "".join("ft"[not each] for each in order.is_frame) == "ttfffttttt"
    assert order.predict.tolist() == [1, 2, 3, 6]


def test_the_text_that_stands_for_no_text():
    ids = torch.tensor([0, 9, 8, 7])
    assert OfflineLayout().unconditional(ids).tolist() == [7]
    assert StreamingLayout().unconditional(ids).tolist() == [2]


def test_a_config_says_its_layout():
    assert layout_for(SledConfig()) == OfflineLayout()
    assert layout_for(SledConfig(stream_n=5, stream_m=45)) == StreamingLayout(5, 45)


@pytest.mark.parametrize(("text", "frames"), [(0, 3), (-1, 3), (3, -1)])
def test_impossible_lengths_are_refused(text, frames):
    with pytest.raises(ModelError, match="layout"):
        OfflineLayout().arrange(text, frames)


def test_an_empty_chunk_is_refused():
    with pytest.raises(ModelError, match="at least 1"):
        StreamingLayout(0, 45)
