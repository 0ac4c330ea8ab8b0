"""What the README says works."""

import re
from pathlib import Path

import torch
from sled_codec import write_audio

README = Path(__file__).parents[1] / "README.md"


def test_the_python_blocks_run_in_turn_as_they_stand(tmp_path, monkeypatch):
    blocks = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    write_audio("speech.flac", torch.sin(torch.arange(22_050) / 20), 22_050)
    exec(compile("\n".join(blocks), str(README), "exec"), {})
    assert Path("copy.wav").stat().st_size > 1000
