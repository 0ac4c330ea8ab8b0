"""The README's Python block runs as it stands."""

import re
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def test_the_usage_block_trains(make_recipe, corpus_folder, codec_folder, tmp_path, monkeypatch):
    from sled_train import recipe_to_yaml

    monkeypatch.chdir(tmp_path)
    (tmp_path / "speech").symlink_to(corpus_folder)
    (tmp_path / "codec").symlink_to(codec_folder)
    (tmp_path / "small.yaml").write_text(recipe_to_yaml(make_recipe()))
    block = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    exec(compile(block, "README.md", "exec"), {})
    assert (tmp_path / "runs/first/final/model.safetensors").is_file()
