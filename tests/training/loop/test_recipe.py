"""Recipes: named, changed, written, compared."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.training.recipe import (
    ELSEWHERE,
    NAMES,
    SETTINGS,
    RecipeError,
    changed,
    default_scale,
    difference,
    from_toml,
    label,
    recipe,
    summary,
    to_toml,
)

SCALES = ("quick", "full")


def said(call):
    with pytest.raises(RecipeError) as raised:
        call()
    return str(raised.value)


@pytest.mark.parametrize(
    ("written", "name"),
    [("resnet20", "resnet20"), ("resnet-20", "resnet20"), ("Plain44", "plain44"), ("cnn_shifted", "cnn-shifted"),
     ("mlp-centered", "mlp-centred")],
)  # fmt: skip
def test_a_recipe_is_found_however_its_name_is_written(written, name):
    assert recipe(written, "quick").name == name


def test_full_recipes_are_the_published_runs():
    one = recipe("cnn-shifted", "full")
    assert (one.data, one.images, one.canvas, one.noise, one.batch, one.epochs) == ("mnist", 0, 56, 1.0, 128, 5)
    assert (one.learning_rate, one.weight_decay, one.stem_stride) == (5e-4, 1e-3, 1)
    assert [recipe("mlp-centred", "full").learning_rate, recipe("mlp-centred", "full").weight_decay] == [1e-3, 1e-2]
    one = recipe("resnet20", "full")
    assert (one.data, one.canvas, one.placement, one.noise, one.batch) == ("fashion-mnist", 32, "shifted", 0, 128)
    assert (one.epochs, one.width, one.stem_stride, one.model) == (10, 16, 1, "resnet-20")


def test_quick_recipes_need_no_network_and_full_is_for_a_gpu():
    assert {recipe(name, "quick").data for name in NAMES} == {"fashion-mini"}
    assert (default_scale(True), default_scale(False)) == ("full", "quick")


def test_only_the_question_differs_between_the_recipes_of_a_model():
    assert difference(recipe("cnn-centred", "quick"), recipe("cnn-shifted", "quick")) == (
        "name cnn-shifted instead of cnn-centred, placement shifted instead of centred"
    )
    assert "scrambled true instead of false" in difference(
        recipe("mlp-centred", "full"), recipe("mlp-scrambled", "full")
    )


def test_unknown_names_are_told_the_nearest():
    assert "cnn-shifted" in said(lambda: recipe("cnn-shift", "quick"))
    assert "resnet-20 or resnet-26" in said(lambda: recipe("resnet21", "quick"))
    assert "resnet-8" in said(lambda: recipe("resnet2", "quick"))
    assert "mlp-centred" in said(lambda: recipe("", "quick"))


@pytest.mark.parametrize("name", [*NAMES, "resnet44", "plain8"])
@pytest.mark.parametrize("scale", SCALES)
def test_a_recipe_survives_its_file(name, scale):
    one = recipe(name, scale)
    assert from_toml(to_toml(one)) == one
    assert difference(one, one) == ""
    assert len(summary(one)) < 160
    assert label(one) in summary(one).replace(" on ", ", ") or label(one).split(",")[0] in summary(one)


def test_settings_are_read_and_checked():
    old = recipe("cnn-shifted", "quick")
    new = changed(
        old, {"epochs": "7", "learning-rate": "3e-4", "scrambled": "yes", "model": "resnet32", "images": "2,000"}
    )
    assert (new.epochs, new.learning_rate, new.scrambled, new.model, new.images) == (7, 3e-4, True, "resnet-32", 2000)
    assert changed(old, {"model": "mine"}).source == "mine"
    assert changed(old, {"model": "mine"}).model == "cnn"
    assert changed(old, {"device": "cuda:1"}).device == "cuda:1"


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [("epoch", "3", "epochs"), ("epochs", "0", "epochs cannot be '0'"), ("epochs", "many", "1 to 100,000"),
     ("noise", "nan", "noise"), ("learning_rate", "0", "above 0"), ("data", "cifar", "fashion-mini"),
     ("model", "resnet-9", "resnet-8 or resnet-14"), ("device", "gpu", "cuda"), ("scrambled", "maybe", "true or false"),
     ("name", "x", "cannot be set"), ("images", "20000", "10,000"), ("canvas", "27", "28"), ("wheels", "4", "no set")],
)  # fmt: skip
def test_a_setting_that_cannot_be_says_what_can(key, value, told):
    sentence = said(lambda: changed(recipe("mlp-shifted", "quick"), {key: value}))
    assert told in sentence
    assert sentence.endswith((".", "?"))


@pytest.mark.parametrize(
    ("key", "name"),
    [("lr", "learning_rate"), ("wd", "weight_decay"), ("bs", "batch"), ("batch_size", "batch"), ("batch-size", "batch"),
     ("epoch", "epochs"), ("learning", "learning_rate"), ("weigth_decay", "weight_decay")],
)  # fmt: skip
def test_a_setting_that_others_call_otherwise_is_named(key, name):
    sentence = said(lambda: changed(recipe("mlp-shifted", "quick"), {key: "1"}))
    assert sentence.endswith(f"; did you mean {name}?")


def test_a_setting_like_none_is_told_all_there_are():
    sentence = said(lambda: changed(recipe("mlp-shifted", "quick"), {"nope": "1"}))
    assert f"there are {', '.join(SETTINGS)}." in sentence


def test_what_others_call_a_setting_is_none_of_ours():
    assert set(ELSEWHERE.values()) <= set(SETTINGS)
    assert not set(ELSEWHERE) & set(SETTINGS)


@given(st.sampled_from(sorted(SETTINGS)), st.text(max_size=20))
def test_no_text_breaks_a_setting(key, text):
    try:
        new = changed(recipe("resnet20", "full"), {key: text})
    except RecipeError:
        return
    assert from_toml(to_toml(new)) == new


@pytest.mark.parametrize(
    ("spoil", "told"),
    [(lambda text: text.replace("epochs = 3", "epochs = 0"), "epochs"),
     (lambda text: text.replace("epochs = 3\n", ""), "lacks epochs"),
     (lambda text: text + "wheels = 4\n", "wheels"),
     (lambda text: text.replace("format = 1", "format = 2"), "format"),
     (lambda text: text + "=", "cannot be read"),
     (lambda text: text.replace('scale = "quick"', 'scale = "vast"'), "vast")],
)  # fmt: skip
def test_a_damaged_file_is_told_in_a_sentence(spoil, told):
    assert told in said(lambda: from_toml(spoil(to_toml(recipe("mlp-shifted", "quick")))))


def test_the_file_is_plain_toml():
    found = tomllib.loads(to_toml(recipe("mlp-shifted", "quick")))
    assert found["format"] == 1
    assert found["placement"] == "shifted"
