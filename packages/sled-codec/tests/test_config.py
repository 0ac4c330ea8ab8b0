"""The sizes of a codec: what is derived from them, what they refuse, how they travel."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sled_codec import CodecConfig, CodecError

sizes = st.integers(1, 64)
configs = st.builds(
    CodecConfig,
    sample_rate=st.integers(1, 96_000),
    dimension=sizes,
    n_filters=st.integers(2, 64),
    ratios=st.lists(st.integers(1, 9), min_size=1, max_size=5).map(tuple),
    kernel_size=sizes,
    lstm_layers=st.integers(0, 3),
    true_skip=st.booleans(),
    pad_mode=st.sampled_from(["reflect", "constant", "replicate"]),
    n_codebooks=st.integers(1, 8),
    codebook_size=st.integers(1, 2048),
)


def test_defaults_are_the_24_khz_model():
    config = CodecConfig()
    assert (config.sample_rate, config.hop_length, config.frame_rate) == (24_000, 320, 75.0)
    assert (config.n_codebooks, config.codebook_size, config.dimension) == (8, 1024, 128)


@given(configs)
def test_json_brings_back_the_same_config(config):
    assert CodecConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sample_rate", 0),
        ("dimension", -1),
        ("n_filters", 1.5),
        ("n_filters", 1),
        ("ratios", []),
        ("ratios", [8, 0]),
        ("ratios", "8542"),
        ("lstm_layers", -1),
        ("codebook_size", True),
        ("true_skip", 1),
        ("pad_mode", "zero"),
        ("stereo", True),
    ],
)
def test_a_size_that_no_codec_has_is_refused_by_name(field, value):
    with pytest.raises(CodecError, match=field):
        CodecConfig.from_json(json.dumps({field: value}))


@pytest.mark.parametrize("text", ["", "{", "[]", "3"])
def test_what_is_no_json_object_is_refused(text):
    with pytest.raises(CodecError, match="JSON"):
        CodecConfig.from_json(text)


def _transformers(**changes):
    return json.dumps({"model_type": "encodec", **changes})


def test_a_transformers_config_without_sizes_is_the_24_khz_model():
    assert CodecConfig.from_transformers(_transformers()) == CodecConfig()


def test_a_transformers_config_gives_its_sizes():
    config = CodecConfig.from_transformers(
        _transformers(
            num_filters=8,
            hidden_size=32,
            upsampling_ratios=[5, 4],
            sampling_rate=16_000,
            num_lstm_layers=1,
            use_conv_shortcut=False,
            codebook_size=64,
        )
    )
    assert config == CodecConfig(
        sample_rate=16_000,
        dimension=32,
        n_filters=8,
        ratios=(5, 4),
        lstm_layers=1,
        true_skip=True,
        codebook_size=64,
        n_codebooks=5,
    )


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"model_type": "llama"}, "llama"),
        ({"audio_channels": 2}, "audio_channels"),
        ({"use_causal_conv": False}, "use_causal_conv"),
        ({"normalize": True}, "normalize"),
        ({"chunk_length_s": 1.0}, "chunk_length_s"),
        ({"norm_type": "time_group_norm"}, "norm_type"),
        ({"trim_right_ratio": 0.5}, "trim_right_ratio"),
        ({"codebook_dim": 64}, "codebook_dim"),
        ({"target_bandwidths": []}, None),
        ({"target_bandwidths": ["six"]}, "target_bandwidths"),
    ],
)
def test_another_kind_of_model_is_refused_and_says_why(changes, named):
    if named is None:
        assert CodecConfig.from_transformers(_transformers(**changes)).n_codebooks == 8
        return
    with pytest.raises(CodecError, match=named):
        CodecConfig.from_transformers(_transformers(**changes))


def test_a_model_with_fewer_codebooks_than_eight_uses_all_it_has():
    config = CodecConfig.from_transformers(_transformers(target_bandwidths=[1.5, 3.0]))
    assert config.n_codebooks == 4
