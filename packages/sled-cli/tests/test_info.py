"""`sled info`: versions, devices, caches, switches, and what a model folder holds."""

import torch
import transformers
from sled_infer import embedded
from sled_model import SledModel, native_state


def test_it_names_versions_devices_and_caches(sled, monkeypatch):
    monkeypatch.setenv("HF_HOME", "/somewhere/else")
    facts = sled("info", "--json").json
    assert facts["versions"]["torch"] == torch.__version__.split("+")[0]
    assert facts["versions"]["transformers"] == transformers.__version__
    assert facts["versions"]["sled-model"]
    assert facts["devices"]["threads"] == torch.get_num_threads()
    assert facts["devices"]["native decoding"] == native_state()
    assert facts["caches"]["HF_HOME"] == "/somewhere/else"
    assert facts["embedded"]["codec"].endswith(" MB")
    assert {"voice english", "voice digits"} <= set(facts["embedded"])
    assert facts["embedded"]["default voice"] == embedded.DEFAULT


def test_for_people_it_is_a_plain_table(sled):
    outcome = sled("info")
    assert outcome.code == 0
    assert outcome.err == ""
    assert {"versions", "devices", "caches", "embedded"} <= set(outcome.out.splitlines())


def test_it_looks_into_a_model_folder(sled, model_folder, codec_folder, codec):
    facts = sled("info", model_folder, "--json").json["model"]
    model = SledModel.from_pretrained(model_folder)
    assert facts["parameters"] == sum(p.numel() for p in model.parameters())
    assert facts["layout"] == "offline"
    assert facts["layers"] == 2
    assert facts["codec"] == str(codec_folder)
    assert facts["codec fingerprint"] == codec.fingerprint
    assert "265 tokens" in facts["tokenizer"]


def test_it_looks_into_an_embedded_voice(sled):
    facts = sled("info", "digits", "--json").json["model"]
    assert facts["layout"] == "streaming 2:30"
    assert facts["codec"] == "embedded"
    assert facts["tokenizer"].startswith("vocab.json")


def test_it_names_the_streaming_layout(sled, model_folder, tmp_path):
    model = SledModel.from_pretrained(model_folder)
    model.config.stream_n, model.config.stream_m = 5, 45
    model.save_pretrained(tmp_path)
    facts = sled("info", tmp_path, "--json").json["model"]
    assert facts["layout"] == "streaming 5:45"
    assert facts["tokenizer"].startswith("missing")
