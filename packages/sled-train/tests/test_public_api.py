import sled_train


def test_all_is_complete_and_sorted():
    public = {
        name
        for name, value in vars(sled_train).items()
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("sled_train.")
    }
    assert set(sled_train.__all__) == public | {"Speak", "__version__"}
    assert sled_train.__all__ == sorted(sled_train.__all__)


def test_the_error_is_a_value_error():
    assert issubclass(sled_train.TrainError, ValueError)
