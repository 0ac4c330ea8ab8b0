"""What the package offers is written down once, completely and in order."""

import importlib.metadata

import sled_codec


def test_all_is_sorted_and_every_name_in_it_exists():
    def constants_then_classes_then_functions(name):
        return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)

    assert sled_codec.__all__ == sorted(
        sled_codec.__all__, key=constants_then_classes_then_functions
    )
    assert all(hasattr(sled_codec, name) for name in sled_codec.__all__)


def test_all_names_every_public_attribute():
    modules = (type(sled_codec),)
    public = {
        name
        for name, value in vars(sled_codec).items()
        if not name.startswith("_") and not isinstance(value, modules)
    }
    assert public - {"version"} == set(sled_codec.__all__) - {"__version__"}


def test_the_version_is_that_of_the_distribution():
    assert sled_codec.__version__ == importlib.metadata.version("sled-codec")


def test_the_error_is_a_value_error():
    assert issubclass(sled_codec.CodecError, ValueError)
