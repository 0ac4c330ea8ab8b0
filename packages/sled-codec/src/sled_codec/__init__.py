"""EnCodec latents for SLED: codes, latents, decoding and audio files, always in float32.

codec = Codec.from_pretrained("facebook/encodec_24khz")
codes = codec.encode(*read_audio("speech.flac"))
write_audio("copy.wav", codec.decode(codec.latents(codes)), codec.sample_rate)
"""

from importlib.metadata import version

from sled_codec._audio import AUDIO_SUFFIXES, convert_audio, read_audio, write_audio
from sled_codec._codec import Codec
from sled_codec._config import CodecConfig, SourceFilter
from sled_codec._errors import CodecError
from sled_codec._files import atomic_path, atomic_write
from sled_codec._incremental import DecoderState
from sled_codec._load import EMBEDDED
from sled_codec._pcm import pcm_bytes, wav_header
from sled_codec._resample import resample
from sled_codec._stream import STREAM_SUFFIXES, StreamEncoder

__version__ = version("sled-codec")

__all__ = [
    "AUDIO_SUFFIXES",
    "EMBEDDED",
    "STREAM_SUFFIXES",
    "Codec",
    "CodecConfig",
    "CodecError",
    "DecoderState",
    "SourceFilter",
    "StreamEncoder",
    "__version__",
    "atomic_path",
    "atomic_write",
    "convert_audio",
    "pcm_bytes",
    "read_audio",
    "resample",
    "wav_header",
    "write_audio",
]
