"""A person's own codes: brought, shown in a table and on the map, encoded anew by another model."""

import io

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import state
from dashboard.components.own_columns import columns
from dashboard.components.own_layer import OwnLayer
from dashboard.panels import own_codes
from dashboard.panels.own_filter import Filter
from dashboard.words import explore
from dashboard.words import own_codes as words
from regvae.evaluation.encoding import Encoded
from regvae.formats import UK_REGISTRATION, read_codes
from regvae.formats.format import NONE
from regvae.model.bundle import Bundle
from regvae.rejection.calibration import calibrate
from tests.dashboard import PICTURE, has_picture, open_tab, opened, press, problems_of, text_of
from tests.dashboard.conftest import Sent

TEXT = "reg,owner,age\nYK66BIQ,Ann,1\nAB12CDE,Bob,2\nAB1XCDE,Bob,3\nMY33WSZ,,4\nAB12CDE,Cid,5\n"


def brought(text: str = TEXT, **query: str) -> AppTest:
    """The tab of own codes with a text."""
    app = opened(tab=explore.OWN_TAB, **query)
    app.text_area(key=state.OWN_TEXT).input(text)
    press(app, words.SHOW)
    return app


def encoded(bundle: Bundle, text: str = TEXT) -> Encoded:
    reading = read_codes(text.encode(), "own", UK_REGISTRATION)
    return Encoded.of(reading, bundle, calibrate(bundle))


def every(own: Encoded) -> np.ndarray:
    return np.ones(len(own.split), bool)


def test_sentences_and_a_table_tell_what_the_model_says_of_own_codes(bundle: Bundle) -> None:
    app = brought()
    text, own = text_of(app), encoded(bundle)
    assert f"**{words.PASTED}: 5 read from the column 'reg', 3 different codes.**" in text
    for sentence in own.sentences():
        assert sentence in text
    assert "2 dropped (1: position 4 expects a digit 0 to 9, got X; 1: a duplicate)" in text
    assert "position 4 expects a digit 0 to 9, got X: line 4 'AB1XCDE'" in text
    table = app.dataframe[0].value
    assert table[words.CODE].tolist() == ["YK66 BIQ", "AB12 CDE", "MY33 WSZ"]
    assert table[words.IN_DATA].tolist() == ["training data", words.NO_RECORD, "test data"]
    assert table["owner"].tolist() == ["Ann", "Bob", ""]
    assert table[words.LINE].tolist() == [2, 3, 5]
    np.testing.assert_allclose(table[words.P_VALUE], own.p_value)


def test_what_holds_no_code_is_a_sentence_and_the_box_stays(app: AppTest) -> None:
    open_tab(app, explore.OWN_TAB)
    for text, sentence in [
        ("", "expected codes in the box"),
        (f"{PICTURE}\n{PICTURE}", "expected one code such as AB12 CDE a line"),
        ("x\nAB1XCDE", "position 4 expects a digit 0 to 9, got X"),
    ]:
        app.text_area(key=state.OWN_TEXT).input(text)
        press(app, words.SHOW)
        assert sentence in problems_of(app).lower() or sentence in problems_of(app)
        assert not has_picture(app)
        assert state.OWN not in app.session_state
    app.text_area(key=state.OWN_TEXT).input("AB12CDE")
    press(app, words.SHOW)
    assert not problems_of(app)
    app.button(key=f"clear-{state.OWN}").click().run()
    assert app.text_area(key=state.OWN_TEXT)


def test_another_column_is_chosen_and_a_bad_one_is_not_taken() -> None:
    app = brought("old,new,n\nAB12CDE,YK66BIQ,1\nAB12CDF,-,2\n")
    column = app.selectbox(key=state.OWN_COLUMN)
    assert (column.value, column.options) == ("old", ["old", "new", "n"])
    column.set_value("new").run()
    assert app.dataframe[0].value[words.CODE].tolist() == ["YK66 BIQ"]
    app.selectbox(key=state.OWN_COLUMN).set_value("n").run()
    assert "in the column 'n', got none" in problems_of(app)
    assert app.selectbox(key=state.OWN_COLUMN).value == "new"


def around(point: np.ndarray, by: float = 0.01) -> list[list[float]]:
    """A small triangle about a point."""
    x, y = point.tolist()
    return [[x + dx, y + dy] for dx, dy in ((-by, -by), (2 * by, 0), (0, 2 * by))]


def test_a_region_counts_own_codes(bundle: Bundle) -> None:
    app = brought()
    app.session_state[state.REGION] = around(encoded(bundle).mean[1])
    open_tab(app, explore.READ_TAB)
    assert words.REGION.format(n=1, of=3) in text_of(app)
    assert app.dataframe[0].value[words.CODE].tolist() == ["AB12 CDE"]


# --- a filter -------------------------------------------------------------------------------------

MANY = "reg,owner,age,score\n" + "".join(
    f"AB{12 + i}CDE,{('Ann', 'Bob', '')[i % 3]},{i},{i / 8 if i else ''}\n" for i in range(30)
)


def test_classes_of_a_column_filter_table_counts_map_region_and_download(
    bundle: Bundle, sent: Sent
) -> None:
    app, own = brought(MANY), encoded(bundle, MANY)
    everything = sent[-1]["own"]["version"]
    app.selectbox(key=state.OWN_FILTER).set_value("column owner").run()
    assert words.SHOWN.format(shown=30, n=30) not in text_of(app)  # no class is chosen yet
    assert len(app.dataframe[0].value) == 30
    app.multiselect(key=state.OWN_CLASSES).set_value(["Bob", NONE]).run()
    bobs = own.reading.further["owner"].isin(["Bob", ""]).to_numpy()
    assert words.SHOWN.format(shown=20, n=30) in text_of(app)
    assert f"{int(own.exact[bobs].sum())} of 20 are reconstructed exactly" in text_of(app)
    assert set(app.dataframe[0].value["owner"]) == {"Bob", ""}
    layer = app.session_state[state.OWN_LAYER][1]
    assert layer.table["code"].to_pylist() == own.reading.codes[bobs].tolist()
    assert words.SHOWN.format(shown=20, n=30) in layer.title
    assert sent[-1]["own"]["version"] == layer.version != everything
    assert words.DOWNLOADS_SHOWN.format(shown=20) in text_of(app)
    app.session_state[state.REGION] = around(own.mean[0])  # of Ann
    open_tab(app, explore.READ_TAB)
    inside = app.dataframe[0].value if app.dataframe else pd.DataFrame({"owner": []})
    assert "Ann" not in set(inside["owner"])
    assert words.REGION.format(n=len(inside), of=20) in text_of(app)
    open_tab(app, explore.OWN_TAB)  # the filter is still there
    assert app.multiselect(key=state.OWN_CLASSES).value == ["Bob", NONE]
    app.selectbox(key=state.OWN_FILTER).set_value("plain").run()
    assert len(app.dataframe[0].value) == 30
    assert sent[-1]["own"]["version"] == everything


def test_a_range_filters_numbers_and_what_has_none_is_in_no_range() -> None:
    app = brought(MANY)
    app.selectbox(key=state.OWN_FILTER).set_value("column age").run()
    low, high = (app.number_input(key=key) for key in (state.OWN_FROM, state.OWN_TO))
    assert (low.placeholder, high.placeholder) == ("0", "29")
    low.set_value(5).run()
    assert app.dataframe[0].value["age"].tolist() == list(range(5, 30))
    app.number_input(key=state.OWN_TO).set_value(7).run()
    assert app.dataframe[0].value["age"].tolist() == [5, 6, 7]
    app.selectbox(key=state.OWN_FILTER).set_value("column score").run()
    assert len(app.dataframe[0].value) == 30  # the range was that of another column
    app.number_input(key=state.OWN_FROM).set_value(0.0).run()
    assert len(app.dataframe[0].value) == 29
    app.number_input(key=state.OWN_TO).set_value(-1.0).run()
    assert words.SHOWN.format(shown=0, n=30) in text_of(app)


def test_a_filter_of_other_codes_is_forgotten() -> None:
    app = brought(MANY)
    app.selectbox(key=state.OWN_FILTER).set_value("column owner").run()
    app.multiselect(key=state.OWN_CLASSES).set_value(["Ann"]).run()
    app.button(key=f"clear-{state.OWN}").click().run()
    app.text_area(key=state.OWN_TEXT).input("AB12CDE\nAB13CDE")
    press(app, words.SHOW)
    assert len(app.dataframe[0].value) == 2
    assert app.selectbox(key=state.OWN_FILTER).value == "plain"


def test_a_filter_compares_all_digits_and_the_map_keeps_its_colours(bundle: Bundle) -> None:
    rows = "".join(f"AB{12 + i}CDE,{16_777_216 + i}\n" for i in range(20))  # float32 has no more
    own = encoded(bundle, f"reg,n\n{rows}")
    shown = Filter("column n", low=16_777_217.0, high=16_777_219.0).rows(own)
    assert np.flatnonzero(shown).tolist() == [1, 2, 3]
    own = encoded(bundle, MANY)
    bobs = Filter("column owner", classes=("Bob",)).rows(own)
    layer = OwnLayer.of(own, "column owner", bobs)
    counts = [(one["label"], one["count"]) for one in layer.legend["classes"]]
    assert counts == [("Ann", 0), ("Bob", 10), (NONE, 0)]
    assert set(layer.table["value"].to_pylist()) == {1}


def test_another_model_encodes_the_same_codes(exact: Bundle) -> None:
    app = brought()
    app.selectbox(key=state.MODEL).set_value("exact-15d").run()
    own = app.session_state[state.OWN_ENCODED][1]
    np.testing.assert_allclose(own.mean, exact.autoencoder.encode(own.reading.codes)[0])
    assert f"{int(own.exact.sum())} of 3 are reconstructed exactly" in text_of(app)


def test_the_map_gets_own_codes_by_their_version_and_no_cache_has_them(sent: Sent) -> None:
    app = brought()
    assert sent[-1]["own"]["name"] == "own"
    before = sent[-1]["own"]["version"]
    app.selectbox(key=state.OWN_COLOUR).set_value("column owner").run()
    assert sent[-1]["own"]["version"] != before
    app.button(key=f"clear-{state.OWN}").click().run()
    assert sent[-1]["own"] is None


def test_a_download_is_what_the_command_line_writes(bundle: Bundle) -> None:
    own = encoded(bundle)
    pd.testing.assert_frame_equal(
        pd.read_parquet(io.BytesIO(own_codes._file(own, every(own), ".parquet"))),
        own.table(),
        check_dtype=False,
    )
    some = own.exact | (own.split == "")
    expected = own.table()[some].to_csv(index=False).encode()
    assert own_codes._file(own, some, ".csv") == expected


# --- colours --------------------------------------------------------------------------------------


def test_further_columns_of_few_values_or_numbers_can_colour(bundle: Bundle) -> None:
    codes = bundle.records.codes[:60]
    rows = [f"{code},{i % 3},{i / 2},t{i % 5},u{i}" for i, code in enumerate(codes)]
    own = encoded(bundle, "\n".join(["code,few,many,text,unique", *rows]))
    assert list(columns(own))[4:] == ["column few", "column many", "column text"]
    few = OwnLayer.of(own, "column few", every(own)).legend["classes"]
    assert [(one["label"], one["count"]) for one in few] == [("0", 20), ("1", 20), ("2", 20)]
    many = OwnLayer.of(own, "column many", every(own))
    assert (many.legend["low"], many.legend["high"]) == (0, 29.5)
    assert many.table["value"].to_pylist() == [i / 2 for i in range(60)]


@pytest.mark.parametrize(
    ("colour", "labels"),
    [
        ("plain", [words.YOURS]),
        ("of other codes", [words.YOURS]),
        ("split", ["training data", "test data", words.NO_RECORD]),
        ("column owner", ["Ann", "Bob", NONE]),
    ],
)
def test_classes_count_the_codes_and_every_code_has_one(
    bundle: Bundle, colour: str, labels: list[str]
) -> None:
    own = encoded(bundle)
    layer = OwnLayer.of(own, colour, every(own))
    classes = layer.legend["classes"]
    assert [one["label"] for one in classes] == labels
    counts = np.bincount(np.array(layer.table["value"].to_pylist(), int), minlength=len(labels))
    assert [one["count"] for one in classes] == counts.tolist()


def test_training_records_have_no_place_on_the_scale_of_p_values(bundle: Bundle) -> None:
    own = encoded(bundle)
    legend = OwnLayer.of(own, "p-value", every(own)).legend
    assert (legend["count"], legend["missing"]) == (3, 1)


def test_a_negative_zero_is_zero(bundle: Bundle) -> None:
    own = encoded(bundle, "reg,n\nAB12CDE,-0.0\nAB13CDE,0.0\nAB14CDE,0.5")
    classes = OwnLayer.of(own, "column n", every(own)).legend["classes"]
    assert [(one["label"], one["count"]) for one in classes] == [("0", 2), ("0.5", 1)]


def test_what_was_cleared_is_forgotten() -> None:
    app = brought()
    app.button(key=f"clear-{state.OWN}").click().run()
    for key in (state.OWN_READ, state.OWN_ENCODED, state.OWN_SHOWN, state.OWN_LAYER):
        assert key not in app.session_state
