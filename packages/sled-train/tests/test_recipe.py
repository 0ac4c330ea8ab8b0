import pytest
from sled_train import Recipe, TrainError, load_recipe, recipe_kinds, recipe_to_yaml


def test_the_shipped_offline_recipe_holds_the_published_values():
    recipe = load_recipe("offline")
    assert recipe == Recipe()
    assert (recipe.optim.lr, recipe.optim.betas, recipe.optim.weight_decay) == (
        5e-4,
        (0.9, 0.999),
        0.01,
    )
    assert (recipe.optim.warmup_steps, recipe.optim.clip) == (32_000, 1.0)
    assert (recipe.run.steps, recipe.data.batch_frames) == (300_000, 576_000)
    assert recipe.layout.kind == "offline"


def test_overrides_come_after_the_file_and_the_file_after_the_shipped_recipe(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("optim: {lr: 1.0e-3, clip: 2}\nrun: {steps: 10}\n")
    recipe = load_recipe("offline", file=file, overrides=["optim.lr=3e-4"])
    assert (recipe.optim.lr, recipe.optim.clip, recipe.run.steps) == (3e-4, 2.0, 10)


@pytest.mark.parametrize(
    ("override", "read", "expected"),
    [
        ("optim.betas=[0.8, 0.95]", lambda r: r.optim.betas, (0.8, 0.95)),
        ("data.strict=true", lambda r: r.data.strict, True),
        ("data.eval=null", lambda r: r.data.eval, None),
        ("data.batch_frames=9000", lambda r: r.data.batch_frames, 9000),
        ("data.train=C: odd, [name]", lambda r: r.data.train, "C: odd, [name]"),
        ("run.out=123", lambda r: r.run.out, "123"),
        ("run.precision=bf16", lambda r: r.run.precision, "bf16"),
        ("run.steps=1e5", lambda r: r.run.steps, 100_000),
    ],
)
def test_overrides_are_typed(override, read, expected):
    assert read(load_recipe("offline", overrides=[override])) == expected


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optim.lrr=1", r"unknown key optim\.lrr: did you mean optim\.lr\?"),
        ("optimm.lr=1", r"unknown key optimm: did you mean optim\?"),
        ("optim=3", "section"),
        ("optim.lr.x=3", "a value, not a section"),
        ("optim.lr", "section.key=value"),
        ("optim.lr=fast", r"optim\.lr must be of type float, not 'fast'"),
        ("optim.lr=nan", r"optim\.lr must be of type float"),
        ("run.steps=1.5", r"run\.steps must be of type int"),
        ("run.steps=true", r"run\.steps must be of type int"),
        ("run.steps=0", r"run\.steps must be above 0"),
        ("run.threads=0", r"run\.threads must be above 0"),
        ("data.eval_limit=0", r"data\.eval_limit must be above 0"),
        ("optim.clip=-1", r"optim\.clip must be at least 0"),
        ("optim.eps=-1", r"optim\.eps must be at least 0"),
        ("optim.weight_decay=-1", r"optim\.weight_decay must be at least 0"),
        ("optim.past_noise=-1", r"optim\.past_noise must be at least 0"),
        ("optim.betas=[0.9, 1.0]", r"optim\.betas\[1\] must be at least 0 and below 1"),
        ("data.strict=maybe", r"data\.strict must be of type bool"),
        ("run.precision=fp8", "one of fp32, bf16"),
        ("optim.betas=[0.9]", "list of 2"),
        ("optim.warmup_steps=-5", r"optim\.warmup_steps must be at least 0"),
        ("layout.kind=streaming", "--set says layout.kind streaming, but the training is to be"),
        ("data.eval_fraction=1", "below 1"),
    ],
)
def test_a_bad_override_is_refused_in_one_line(override, message):
    with pytest.raises(TrainError, match=message) as caught:
        load_recipe("offline", overrides=[override])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optim: {learning: 1}", "unknown key optim.learning"),
        ("optim: 3", "section"),
        ("- 1", "no sections"),
        ("a: [", "not YAML"),
    ],
)
def test_a_bad_file_is_named(tmp_path, text, message):
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    with pytest.raises(TrainError, match=message) as caught:
        load_recipe("offline", file=file)
    assert str(file) in str(caught.value)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TrainError, match="UTF-8"):
        load_recipe("offline", file=file)


def test_another_layout_than_the_one_asked_for_is_refused_and_by_itself_the_file_decides(tmp_path):
    file = tmp_path / "recipe.yaml"
    file.write_text(recipe_to_yaml(load_recipe("streaming", overrides=["layout.n=2"])), "utf-8")
    with pytest.raises(TrainError, match=r"recipe\.yaml says layout.kind streaming"):
        load_recipe("offline", file=file)
    assert (load_recipe(file=file).layout.kind, load_recipe(file=file).layout.n) == ("streaming", 2)
    assert load_recipe(file=file).optim == load_recipe("streaming").optim


def test_an_unknown_kind_lists_the_known_ones():
    with pytest.raises(TrainError, match=", ".join(recipe_kinds())):
        load_recipe("ofline")


def test_a_written_recipe_reads_back_the_same(tmp_path):
    recipe = load_recipe("offline", overrides=["data.train=Größe", "optim.betas=[0.5, 0.9]"])
    file = tmp_path / "recipe.yaml"
    file.write_text(recipe_to_yaml(recipe), "utf-8")
    assert load_recipe("offline", file=file) == recipe
