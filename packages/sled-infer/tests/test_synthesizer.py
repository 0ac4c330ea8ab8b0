"""The synthesizer: determinism, batches, cloning, limits, and parts that do not fit."""

import json
import shutil

import pytest
import torch
from sled_codec import CodecError
from sled_infer import Drawing, Request, SynthesisError, Synthesizer, Voice, VoiceCard
from sled_model import ModelError, SledModel, Tokenizer

SHORT = 0.2  # seconds: 15 frames


def close(one, other):
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_speech_is_what_the_codec_makes_of_its_latents(synthesizer, codec):
    speech = synthesizer.synthesize("three one", max_seconds=SHORT)
    assert speech.latents.shape == (15, codec.latent_size)
    assert speech.wave.shape == (15 * codec.hop_length,)
    assert speech.wave.dtype == torch.float32
    assert speech.audio_seconds == pytest.approx(SHORT)
    close(codec.decode(speech.latents), speech.wave)


def test_the_summary_figures_are_there(synthesizer):
    speech = synthesizer.synthesize("three one", seed=5, max_seconds=SHORT)
    assert (speech.text, speech.seed, speech.stopped) == ("three one", 5, False)
    assert speech.sample_rate == 24_000
    assert speech.compute_seconds == pytest.approx(speech.timings.total)
    assert speech.rtf == pytest.approx(speech.compute_seconds / SHORT)


def test_audio_can_be_worked_on(synthesizer):
    wave = synthesizer.synthesize("three", max_seconds=SHORT).wave
    wave *= 0.5
    assert not wave.is_inference()


def test_a_seed_gives_the_same_audio_and_another_seed_another(synthesizer):
    first, again, other = (
        synthesizer.synthesize("three one", seed=seed, max_seconds=SHORT) for seed in (1, 1, 2)
    )
    assert torch.equal(first.wave, again.wave)
    assert (first.latents - other.latents).abs().max() > 1e-2


def test_temperature_scales_the_chance_in_each_frame(synthesizer):
    def speak(seed, **options):
        return synthesizer.synthesize("three one", seed=seed, max_seconds=SHORT, **options).latents

    assert torch.equal(speak(1), speak(1, temperature=1.0))
    assert torch.equal(speak(1, temperature=0), speak(2, temperature=0))
    apart = [(speak(1, temperature=t) - speak(2, temperature=t)).norm() for t in (0.1, 0.5, 1.0)]
    assert 0 < apart[0] < apart[1] < apart[2]


def test_a_stream_has_the_temperature_of_the_whole(streaming):
    whole = streaming.synthesize("three one", temperature=0.3, seed=4, max_seconds=SHORT)
    streamed = streaming.stream(["three ", "one"], temperature=0.3, seed=4, max_seconds=SHORT)
    close(torch.cat(list(streamed)), whole.wave)


@pytest.mark.parametrize("own", [{"cfg": 1.0}, {"temperature": 0.0}, {"draws": 4}])
def test_a_voice_may_say_how_its_frames_are_drawn(synthesizer, tmp_path, own):
    card = VoiceCard("own", tmp_path, drawing=Drawing(**own))
    voice = Synthesizer(synthesizer.model, synthesizer.codec, synthesizer.tokenizer, card)
    published = {name: getattr(Drawing(), name) for name in own}

    def speak(speaker, **options):
        return speaker.synthesize("three", seed=1, max_seconds=SHORT, **options).latents

    close(speak(voice), speak(synthesizer, **own))
    close(speak(voice, **published), speak(synthesizer))
    assert not torch.allclose(speak(voice), speak(synthesizer))


def test_what_is_heard_may_be_the_mean_of_several_draws(synthesizer):
    """What it goes on from is its own draw: so it says the same, but without the chance."""

    def speak(seed, **options):
        return synthesizer.synthesize("three one", seed=seed, max_seconds=SHORT, **options).latents

    assert torch.equal(speak(1), speak(1, draws=1))
    first = [speak(seed, draws=64)[0] for seed in (1, 2)]
    close(*first)  # nothing has been drawn before it
    later = [speak(seed, draws=64)[-1] for seed in (1, 2)]
    assert 0.01 < (later[0] - later[1]).norm() < (speak(1)[-1] - speak(2)[-1]).norm()
    assert not speak(1, draws=2).is_inference()


@pytest.mark.parametrize("cfg", [1.0, 2.0])
def test_a_stream_sounds_the_same_mean_as_the_whole(streaming, cfg):
    whole = streaming.synthesize("three one", draws=8, seed=4, max_seconds=SHORT, cfg=cfg)
    streamed = streaming.stream(["three ", "one"], draws=8, seed=4, max_seconds=SHORT, cfg=cfg)
    close(torch.cat(list(streamed)), whole.wave)


def test_each_of_a_batch_has_its_own_draws(synthesizer):
    many = [Request("three one", seed=3, max_seconds=SHORT, draws=draws) for draws in (1, 4, 8)]
    for request, together in zip(many, synthesizer.synthesize_batch(many), strict=True):
        close(together.latents, synthesizer.synthesize_batch([request])[0].latents)


@pytest.mark.parametrize("batch_size", [1, 2, 16])
def test_a_batch_gives_each_what_it_gets_alone(synthesizer, voice, batch_size):
    requests = [
        Request("three one four one five nine two six", seed=1, max_seconds=0.3),
        Request("five", voice=voice, seed=2, max_seconds=0.4),
        Request("eight nine seven", cfg=1.0, seed=3, max_seconds=0.1),
        Request("nine", cfg=3.0, seed=3, max_seconds=0.5),
    ]
    together = synthesizer.synthesize_batch(requests, batch_size=batch_size)
    assert [len(each.latents) for each in together] == [22, 30, 7, 37]
    for request, speech in zip(requests, together, strict=True):
        [alone] = synthesizer.synthesize_batch([request])
        close(speech.latents, alone.latents)
        close(speech.wave, alone.wave)


def test_no_requests_no_speech(synthesizer):
    assert synthesizer.synthesize_batch([]) == []


def test_a_prompt_changes_the_voice_and_is_not_heard(synthesizer, voice):
    plain = synthesizer.synthesize("three", max_seconds=SHORT)
    cloned = synthesizer.synthesize("three", voice=voice, max_seconds=SHORT)
    assert cloned.latents.shape == plain.latents.shape
    assert (cloned.latents - plain.latents).abs().max() > 1e-2


def test_a_loaded_voice_speaks_as_before(synthesizer, voice, tmp_path):
    voice.save(tmp_path / "v.safetensors")
    loaded = Voice.load(tmp_path / "v.safetensors", synthesizer.codec)
    one, other = (synthesizer.synthesize("six", voice=v, max_seconds=0.1) for v in (voice, loaded))
    assert torch.equal(one.wave, other.wave)


def test_a_continuation_needs_no_text(synthesizer, recording):
    voice = synthesizer.voice(recording, "one two three four", mode="continuation")
    assert len(synthesizer.synthesize("", voice=voice, max_seconds=0.1).latents) == 7
    with pytest.raises(SynthesisError, match="empty"):
        synthesizer.synthesize("", voice=synthesizer.voice(recording, "one"))


def test_without_limit_it_speaks_to_the_end_of_its_positions(synthesizer):
    speech = synthesizer.synthesize("three")
    tokens = len(synthesizer.tokenizer.encode("three"))
    assert len(speech.latents) == synthesizer.model.config.max_position_embeddings - tokens
    assert not speech.stopped


def test_a_model_that_stops_at_once_says_nothing(model_folder, codec):
    synthesizer = Synthesizer.from_pretrained(model_folder, codec=codec, device="cpu")
    with torch.no_grad():
        synthesizer.model.stop.weight.copy_(1000 * first_state(synthesizer, "three"))
    silent = synthesizer.synthesize("three")
    assert silent.stopped
    assert (len(silent.wave), len(silent.latents)) == (0, 0)
    assert silent.rtf == float("inf")


def first_state(synthesizer, text):
    ids = torch.tensor([synthesizer.tokenizer.encode(text)])
    model = synthesizer.model
    return model.backbone(model.embed_text(ids))[:, -1]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"cfg": -1.0}, "cfg"),
        ({"cfg": float("nan")}, "cfg"),
        ({"max_seconds": 0}, "max_seconds"),
        ({"max_seconds": float("nan")}, "max_seconds"),
        ({"seed": 2**64}, "seed"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": float("inf")}, "temperature"),
        ({"draws": 0}, "draws"),
        ({"draws": 1000}, "draws"),
    ],
)
def test_options_out_of_range_are_refused(synthesizer, options, reason):
    with pytest.raises(SynthesisError, match=reason):
        synthesizer.synthesize("three", **options)


@pytest.mark.parametrize("text", ["", "  ", "...", "\ud800"])
def test_unspeakable_text_is_refused(synthesizer, text):
    with pytest.raises(SynthesisError, match="text"):
        synthesizer.synthesize(text)


def test_a_text_too_long_is_refused_with_its_limit(synthesizer):
    with pytest.raises(SynthesisError, match=r"may have about \d+ tokens, \d s of speech"):
        synthesizer.synthesize("three " * 60, split=False)


def test_a_prompt_too_long_is_refused_with_its_limit(synthesizer, codec):
    wave = torch.randn(7 * 24_000, generator=torch.Generator().manual_seed(0))
    voice = Voice.from_wave(wave, 24_000, "one two", codec)
    with pytest.raises(SynthesisError, match=r"prompt: 7.0 s .* it may have [56]\.\d s"):
        synthesizer.synthesize("three", voice=voice)


def test_a_voice_of_another_codec_is_refused(synthesizer, other_codec, recording):
    voice = Voice.from_audio(recording, "one", other_codec)
    with pytest.raises(SynthesisError, match="another codec"):
        synthesizer.synthesize("three", voice=voice)


def test_an_error_in_a_batch_names_the_request_before_anything_is_spoken(synthesizer):
    with pytest.raises(SynthesisError, match="request 2 of 2: text is empty"):
        synthesizer.synthesize_batch([Request("three"), Request("")])
    with pytest.raises(SynthesisError, match="batch_size"):
        synthesizer.synthesize_batch([Request("three")], batch_size=0)


@pytest.fixture
def copy(model_folder, tmp_path):
    """Copy the model folder with other config fields."""

    def copy(**fields):
        folder = tmp_path / "copy"
        shutil.copytree(model_folder, folder)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | fields))
        return folder

    return copy


def load(folder, **options):
    return Synthesizer.from_pretrained(folder, device="cpu", local_files_only=True, **options)


def test_the_codec_named_in_the_config_is_found(copy, codec_folder, codec):
    assert load(copy(codec=str(codec_folder))).codec.fingerprint == codec.fingerprint


def test_a_codec_inside_of_the_model_folder_is_found(copy, codec):
    folder = copy(codec="codec")
    codec.save_pretrained(folder / "codec")
    assert load(folder).codec.fingerprint == codec.fingerprint


def test_a_codec_that_cannot_be_had_offline_is_named_with_its_model(copy, tmp_path):
    folder = copy(codec="nobody/no-such-codec")
    with pytest.raises(CodecError, match=r"nobody/no-such-codec.*wanted by model .*copy"):
        load(folder)


def test_another_codec_than_the_trained_one_is_refused(model_folder, other_codec):
    with pytest.raises(SynthesisError, match="not the one the model was trained with"):
        load(model_folder, codec=other_codec)


def test_parts_of_other_sizes_are_refused(model_folder, codec, tmp_path):
    model = SledModel.from_pretrained(model_folder)
    Tokenizer.train(["ab cd ef gh " + chr(i) * 3 for i in range(97, 400)], 330).save(tmp_path)
    large = Tokenizer.from_pretrained(tmp_path)
    with pytest.raises(SynthesisError, match="tokenizer: "):
        Synthesizer(model, codec, large)
    model.config.vae_embed_dim = 12
    with pytest.raises(SynthesisError, match="16 numbers, but the model speaks 12"):
        Synthesizer(model, codec, Tokenizer.from_pretrained(model_folder))


def test_missing_and_truncated_models_are_named(copy, tmp_path, codec):
    with pytest.raises(ModelError, match="nowhere"):
        load(tmp_path / "nowhere", codec=codec)
    folder = copy()
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"model\.safetensors"):
        load(folder, codec=codec)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"dtype": "fp8"}, "dtype: 'fp8' is not one of fp32, bf16, int8"),
        ({"device": "toaster"}, "device: 'toaster' is not one of"),
        ({"device": "meta"}, "device: 'meta' is not one of"),
        ({"device": "cuda:99"}, "no 'cuda:99'"),
    ],
)
def test_unknown_devices_and_dtypes_are_refused(model_folder, codec, options, reason):
    with pytest.raises(SynthesisError, match=reason):
        Synthesizer.from_pretrained(model_folder, codec=codec, **options)


def test_a_restricted_voice_spells_digits_and_lists_what_it_leaves_out(copy, codec):
    folder = copy()
    card = {"name": "counter", "can_say": "one to three", "words": ["one", "two", "three"]}
    (folder / "voice.json").write_text(json.dumps(card))
    synthesizer = load(folder, codec=codec)
    speech = synthesizer.synthesize("Hello 3, one!", max_seconds=0.1)
    assert (speech.text, speech.unsupported) == ("three one", ("hello",))
    with pytest.raises(SynthesisError, match="knows none of its words: it says one to three"):
        synthesizer.synthesize("hello")


def test_a_default_prompt_is_used_when_no_voice_is_asked_for(copy, codec, voice):
    folder = copy()
    (folder / "voices").mkdir()
    voice.save(folder / "voices" / "ann.safetensors")
    card = {"name": "x", "speakers": ["ann"], "default_speaker": "ann"}
    spoken = []
    for asked in (True, False):
        (folder / "voice.json").write_text(json.dumps(card | {"default_prompt": asked}))
        spoken.append(load(folder, codec=codec).synthesize("three", max_seconds=0.1).latents)
    cloned = load(folder, codec=codec).synthesize("three", voice=voice, max_seconds=0.1)
    close(spoken[0], cloned.latents)
    assert (spoken[0] - spoken[1]).abs().max() > 1e-2
