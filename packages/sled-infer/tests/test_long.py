"""Texts of any length: cut, spoken in one voice, put together; each piece as it is alone."""

import json
import shutil

import pytest
import torch
from sled_infer import Request, SynthesisError, Synthesizer, Voice, VoiceCard, speech_digest
from sled_infer._reading import piece_seed
from sled_infer._text import clean

LONG = (
    "Three one four. One five nine two. Six five three, five eight nine, seven nine three two "
    "three eight four six five nine three five eight nine seven.\n\nTwo six four. Three."
)


@pytest.fixture
def prompt(codec):
    codes = torch.randint(0, 32, (14, 4), generator=torch.Generator().manual_seed(0))
    return Voice(codes, "one two", "reference", codec.fingerprint)


def close(one, other):
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def joined(speeches):
    return torch.cat(
        [part for each in speeches for part in (torch.zeros(round(each.pause * 24_000)), each.wave)]
    )


def test_a_long_text_is_its_pieces_each_as_alone_with_pauses(streaming, prompt):
    pieces = list(streaming.synthesize_pieces(Request(LONG, prompt, seed=5), batch_size=3))
    assert len(pieces) == 4
    assert " ".join(piece.text for piece in pieces) == clean(LONG)
    assert [piece.pause for piece in pieces] == [0.0, 0.3, 0.0, 0.7]
    for number, piece in enumerate(pieces):
        alone = streaming.synthesize(piece.text, voice=prompt, seed=piece_seed(5, number))
        close(piece.wave, alone.wave)
    whole = streaming.synthesize(LONG, voice=prompt, seed=5)
    close(whole.wave, joined(pieces))
    assert whole.text == clean(LONG)
    assert len(whole.latents) == sum(len(piece.latents) for piece in pieces)


def test_every_token_of_the_text_is_read_once(streaming, prompt, monkeypatch):
    read = []
    decode = streaming.engine.decode

    def watched(utterances, **options):
        read.extend(utterances)
        return decode(utterances, **options)

    monkeypatch.setattr(streaming.engine, "decode", watched)
    streaming.synthesize(LONG, voice=prompt)
    spoken = [streaming.tokenizer.decode(each.text_ids.tolist()) for each in read]
    assert all(each.startswith("one two ") for each in spoken)
    assert " ".join(each.removeprefix("one two ") for each in spoken) == clean(LONG)


def test_what_fits_is_spoken_as_one_utterance_unless_asked_otherwise(streaming, prompt):
    text = "One. Two. Three."
    whole = list(streaming.synthesize_pieces(Request(text, prompt)))
    assert [piece.text for piece in whole] == [text]
    split = list(
        streaming.synthesize_pieces(
            Request("One five four nine two three. Two.", prompt, split=True)
        )
    )
    assert [piece.text for piece in split] == ["One five four nine two three.", "Two."]
    with pytest.raises(SynthesisError, match="too long"):
        streaming.synthesize(LONG, split=False)


def test_a_voice_says_no_more_words_at_once_than_it_was_trained_to(streaming, prompt, tmp_path):
    card = VoiceCard("short of breath", tmp_path, most_words=7)
    short = Synthesizer(streaming.model, streaming.codec, streaming.tokenizer, card)
    text = "one two three four five six seven eight nine zero one two"

    def pieces(words, voice):
        return [each.text for each in short.synthesize_pieces(Request(words, voice))]

    five = ["one two three four five", "six seven eight nine zero", "one two"]
    assert pieces(text, prompt) == five
    assert pieces(text, None) == [f"{five[0]} six seven", "eight nine zero one two"]
    assert pieces("one two three four five", prompt) == ["one two three four five"]
    with short.open_stream(voice=prompt, max_seconds=0.2) as stream:
        stream.push(text)
        stream.flush()
        first = next(iter(stream))
    alone = short.synthesize(five[0], voice=prompt, seed=piece_seed(0, 0), max_seconds=0.2)
    close(first, alone.wave[: len(first)])


def test_long_and_short_texts_share_a_batch(streaming, prompt):
    requests = [Request(LONG, prompt, seed=3), Request("four", seed=4), Request(LONG, seed=1)]
    for request, speech in zip(requests, streaming.synthesize_batch(requests), strict=True):
        [alone] = streaming.synthesize_batch([request])
        close(speech.wave, alone.wave)
        assert speech.text == clean(request.text)


def test_without_a_voice_the_first_piece_is_the_voice_of_all(streaming, prompt, monkeypatch):
    first_waves = []

    def voice_of(_, wave, text, *, stopped):
        first_waves.append(wave)
        return prompt

    monkeypatch.setattr("sled_infer._plan.Planner.voice_of", voice_of)
    first, second, *_ = streaming.synthesize_pieces(Request(LONG, seed=2))
    close(first_waves[0], first.wave)
    close(first.wave, streaming.synthesize(first.text, seed=2).wave)
    alone = streaming.synthesize(second.text, voice=prompt, seed=piece_seed(2, 1))
    close(second.wave, alone.wave)
    whole = streaming.synthesize(LONG, seed=2)
    close(whole.wave[: len(first.wave)], first.wave)


def test_only_what_came_to_its_end_becomes_a_voice(streaming):
    noise, planner = torch.randn(14_400), streaming._planner
    assert planner.voice_of(noise, "one", stopped=False) is None
    assert planner.voice_of(torch.zeros(0), "one", stopped=True) is None
    assert planner.voice_of(torch.randn(480 * 320), "one", stopped=True) is None
    voice = planner.voice_of(noise, "one", stopped=True)
    assert (voice.transcript, voice.mode, len(voice.codes)) == ("one", "reference", 45)


def test_no_more_than_a_batch_is_spoken_before_it_is_asked_for(streaming, prompt, monkeypatch):
    spoken = []
    decode = streaming.engine.decode

    def watched(utterances, **options):
        spoken.append(len(utterances))
        return decode(utterances, **options)

    monkeypatch.setattr(streaming.engine, "decode", watched)
    pieces = streaming.synthesize_pieces(Request(LONG * 10, prompt), batch_size=4)
    next(pieces)
    assert spoken == [4]


@pytest.mark.parametrize("seconds", [None, 1.1])
@pytest.mark.parametrize("own_voice", [True, False])
def test_pieces_that_were_spoken_before_are_left_out_and_the_rest_is_the_same(
    streaming, prompt, monkeypatch, own_voice, seconds
):
    monkeypatch.setattr("sled_infer._plan.Planner.voice_of", lambda *_, stopped: prompt)
    request = Request(LONG * 2, None if own_voice else prompt, seed=5, max_seconds=seconds)
    pieces = streaming.synthesize_pieces(request, batch_size=3)
    total, whole = pieces.total, list(pieces)
    assert total > 6
    for count in (1, 4, len(whole)):
        done = [speech.audio_seconds for speech in whole[:count]]
        rest = streaming.synthesize_pieces(request, batch_size=3, done=done)
        assert rest.total == total
        for speech, known in zip(rest, whole[count:], strict=True):
            assert torch.equal(speech.wave, known.wave)
            assert (speech.text, speech.pause) == (known.text, known.pause)


def test_a_digest_tells_what_would_be_heard(streaming, synthesizer, prompt):
    request = Request("one", prompt, seed=1)
    known = speech_digest(streaming, request)
    assert speech_digest(streaming, Request("one", prompt, seed=1)) == known
    other_voice = Voice(prompt.codes + 1, "one two", "reference", prompt.codec_fingerprint)
    changed = [
        *(Request("one.", prompt, seed=1), Request("one", prompt, seed=2), Request("one", seed=1)),
        *(Request("one", other_voice, seed=1), Request("one", prompt, 1.5, seed=1)),
        Request("one", prompt, seed=1, split=True),
    ]
    digests = {speech_digest(streaming, each) for each in changed}
    assert len({*digests, known, speech_digest(synthesizer, request)}) == len(changed) + 2


def spoken_by_stream(synthesizer, text, **options):
    """Give the audio of a stream of single letters, and the texts of its utterances."""
    with synthesizer.open_stream(**options) as stream:
        waves = list(stream.speak(iter(text)))
        return torch.cat(waves), [reader.text for reader in stream._script._readers], stream.state


@pytest.mark.parametrize("cfg", [1.0, 2.0])
def test_a_long_stream_is_its_utterances_each_as_alone_with_pauses(streaming, prompt, cfg):
    text = LONG.replace("\n\n", " ") * 3
    wave, texts, _ = spoken_by_stream(streaming, text, voice=prompt, seed=7, cfg=cfg)
    assert " ".join(texts) == clean(text)
    assert len(texts) > 2
    requests = [
        Request(each, prompt, cfg, piece_seed(7, number)) for number, each in enumerate(texts)
    ]
    alone = streaming.synthesize_batch(requests)
    quiet = len(wave) - sum(len(each.wave) for each in alone)
    place = 0
    for each in alone:
        starts = [place + round(pause * 24_000) for pause in (0, 0.15, 0.3, 0.7)]
        place = next(s for s in starts if same(wave[s : s + len(each.wave)], each.wave))
        place += len(each.wave)
    assert place == len(wave)
    assert 0 < quiet < len(alone) * 0.7 * 24_000


def same(one, other):
    return len(one) == len(other) and torch.allclose(one, other, rtol=1e-4, atol=1e-4)


def test_the_cuts_of_a_stream_do_not_hang_on_how_the_text_comes(streaming, prompt):
    heard = [
        torch.cat(list(streaming.stream(pieces, voice=prompt, seed=1)))
        for pieces in ([LONG * 2], list(LONG * 2), [LONG, LONG])
    ]
    close(heard[0], heard[1])
    close(heard[0], heard[2])


def test_a_long_stream_without_a_voice_goes_on_as_it_began(streaming, prompt, monkeypatch):
    monkeypatch.setattr("sled_infer._plan.Planner.voice_of", lambda *_, stopped: prompt)
    wave, texts, state = spoken_by_stream(streaming, LONG * 2, seed=3)
    assert " ".join(texts) == clean(LONG * 2)
    first = streaming.synthesize(texts[0], seed=3)
    last = streaming.synthesize(texts[-1], voice=prompt, seed=piece_seed(3, len(texts) - 1))
    close(wave[: len(first.wave)], first.wave)
    close(wave[len(wave) - len(last.wave) :], last.wave)
    assert state.value == "finished"


def test_max_seconds_ends_a_long_stream(streaming, prompt):
    wave, _, state = spoken_by_stream(streaming, LONG * 3, voice=prompt, max_seconds=1.0)
    assert len(wave) <= 24_000 * (1 + 3 * 0.7)
    assert state.value == "cut"


def test_a_long_stream_holds_one_utterance_at_a_time(streaming, prompt):
    with streaming.open_stream(voice=prompt, cfg=1.0) as stream:
        stream.push(LONG * 20)
        stream.flush()
        rows = {streaming.engine.rows for _ in zip(range(60), stream, strict=False)}
    assert rows <= {0, 1}
    assert streaming.engine.rows == 0


def test_max_seconds_ends_the_whole(streaming, prompt):
    whole = streaming.synthesize(LONG, voice=prompt)
    cut = streaming.synthesize(LONG, voice=prompt, max_seconds=0.4)
    assert not cut.stopped
    assert len(cut.latents) == 30
    close(cut.wave[:2000], whole.wave[:2000])


def test_a_restricted_voice_leaves_unknown_sentences_out(model_folder, codec, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(model_folder, folder)
    card = {"name": "counter", "words": ["one", "two", "three"]}
    (folder / "voice.json").write_text(json.dumps(card))
    synthesizer = Synthesizer.from_pretrained(folder, codec=codec, device="cpu")
    text = "One two three. Elephants are grey. " * 8
    speech = synthesizer.synthesize(text, max_seconds=0.2, split=True)
    assert speech.unsupported[:3] == ("elephants", "are", "grey")


def test_a_continuation_is_never_cut(streaming, codec):
    codes = torch.zeros(10, 4, dtype=torch.int64)
    voice = Voice(codes, "one two three", "continuation", codec.fingerprint)
    with pytest.raises(SynthesisError, match="too long"):
        streaming.synthesize(LONG, voice=voice)
