"""The configuration: published files of several transformers versions, and impossible values."""

import json

import pytest
from sled_model import ModelError, SledConfig
from sled_model._checkpoint import read_config


def write(folder, **fields):
    (folder / "config.json").write_text(json.dumps({"model_type": "speech_llama", **fields}))
    return folder


def test_unknown_fields_are_no_error(tmp_path):
    assert read_config(write(tmp_path, from_the_future=[1, 2])).from_the_future == [1, 2]


def test_rope_theta_is_read_in_the_old_and_the_new_form(tmp_path):
    assert read_config(write(tmp_path, rope_theta=500.0, rope_scaling=None)).rope_theta == 500.0
    new = {"rope_theta": 700.0, "rope_type": "default"}
    assert read_config(write(tmp_path, rope_parameters=new)).rope_theta == 700.0


def test_sizes_that_follow_from_others(tmp_path):
    config = read_config(write(tmp_path, hidden_size=64, num_attention_heads=4, head_dim=None))
    assert (config.head_dim, config.num_key_value_heads) == (16, 4)


def test_a_config_survives_json():
    config = SledConfig(stream_n=5, stream_m=45, energy_beta=1.5, codec="embedded")
    again = SledConfig(**json.loads(config.to_json_string()))
    assert again.to_dict() == config.to_dict()


def test_an_offline_config_does_not_speak_of_streaming():
    assert "stream_n" not in SledConfig().to_dict()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"hidden_size": 0}, "hidden_size"),
        ({"hidden_size": "big"}, "hidden_size"),
        ({"hidden_size": 30, "num_attention_heads": 4}, "not a multiple"),
        ({"num_attention_heads": 4, "num_key_value_heads": 3}, "num_key_value_heads 3"),
        ({"head_dim": 7}, "head_dim"),
        ({"hidden_act": "gelu"}, "hidden_act"),
        ({"rope_scaling": {"rope_type": "linear", "factor": 2}}, "RoPE"),
        ({"rope_theta": 0}, "rope_theta must be above 0"),
        ({"rope_theta": "x"}, "rope_theta must be a number"),
        ({"rope_parameters": {"rope_theta": None}}, "rope_theta must be a number"),
        ({"rms_norm_eps": -1.0}, "rms_norm_eps"),
        ({"initializer_range": -1.0}, "initializer_range"),
        ({"stop_weight": None}, "stop_weight must be a number"),
        ({"dropout": 1.0}, "dropout"),
        ({"dropout": float("nan")}, "dropout must be a number"),
        ({"training_cfg": 1.5}, "training_cfg"),
        ({"energy_beta": 2.0}, "energy_beta"),
        ({"energy_draws": 1}, "energy_draws"),
        ({"loss_kernel": "cosine"}, "energy, gaussian"),
        ({"stream_n": 5}, "stream_m"),
    ],
)
def test_impossible_values_are_named(fields, message, tmp_path):
    with pytest.raises(ModelError, match=message):
        SledConfig(**fields)
    with pytest.raises(ModelError, match=message):
        read_config(write(tmp_path, **fields))


def test_another_model_type_is_refused(tmp_path):
    with pytest.raises(ModelError, match="'llama'"):
        read_config(write(tmp_path, model_type="llama"))


@pytest.mark.parametrize("text", ["{", "[]", ""])
def test_a_file_that_is_no_config_is_refused(text, tmp_path):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(ModelError, match=r"config\.json"):
        read_config(tmp_path)
