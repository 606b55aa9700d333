from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator

import pytest

from seafevents_offline import errors
from seafevents_offline.errors import (
    AlreadyActive,
    Explanation,
    FolderGone,
    InfrastructureError,
    InputError,
    LinkError,
    NameInvalid,
    NotPossible,
    OfflineDownloadError,
    SettingsError,
    Stage,
)


def family(root: type[OfflineDownloadError]) -> Iterator[type[OfflineDownloadError]]:
    yield root
    for child in root.__subclasses__():
        yield from family(child)


#: A test of another module may define an error of its own; ours are those that errors/ holds.
CLASSES = [error for error in family(OfflineDownloadError) if error.__module__.startswith(f"{errors.__name__}.")]
NAMED = [error for error in CLASSES if "reason" in vars(error)]

#: A value for each placeholder of a sentence.
VALUES = {
    "odr_id": 7,
    "length": 5000,
    "limit": "800.0 MB",
    "status": 503,
    "code": 1,
    "host": "example.com",
    "name": "a.txt",
    "path": "/folder",
    "repo_id": "x",
    "priority": 101,
    "state": "downloading",
    "action": "retry",
    "detail": "it is away",
    "stored_path": "/a.txt",
    "scheme": "gopher",
    "schemes": "http, https",
    "section": "OFFLINE DOWNLOAD",
    "option": "workers",
    "value": "many",
    "allowed": "a whole number is allowed",
}


def arguments(error: type[OfflineDownloadError]) -> dict[str, object]:
    names = {name for _, name, _, _ in string.Formatter().parse(error.sentence) if name}
    # A placeholder without a value here is a new one: give it a value that looks like the real ones.
    return {name: VALUES.get(name, f"some {name}") for name in names}


@pytest.mark.parametrize("error", CLASSES)
def test_every_sentence_is_finished_with_its_values(error):
    raised = error(**arguments(error))
    sentence = str(raised)
    assert sentence[0].isupper() or sentence[0] == "["
    assert "{" not in sentence
    for name, value in arguments(error).items():
        assert str(value) in sentence, name
    assert raised.explain() == Explanation(error.reason, sentence, arguments(error))


@pytest.mark.parametrize("error", CLASSES)
def test_values_that_look_like_placeholders_do_no_harm(error):
    values = dict.fromkeys(arguments(error), "{x!r} %s {0}")
    assert error(**values).reason_args == values


@pytest.mark.parametrize("error", CLASSES)
def test_a_sentence_is_one_line_whatever_its_values_are(error):
    raised = error(**dict.fromkeys(arguments(error), "a\nb\r\x1b[2J\u202e\u2028\x85\ud800" + "x" * 5000))
    for text in (str(raised), *raised.reason_args.values()):
        assert text.isprintable()
        assert len(text.splitlines()) == 1
    assert all(len(value) == errors.LONGEST_VALUE for value in raised.reason_args.values())


@pytest.mark.parametrize("error", [error for error in CLASSES if arguments(error)])
def test_a_value_that_is_missing_is_noticed_at_once(error):
    with pytest.raises(KeyError):
        error()


@pytest.mark.parametrize("error", NAMED)
def test_every_reason_is_a_short_code(error):
    assert re.fullmatch(r"[a-z][a-z0-9_]{2,39}", error.reason)


def test_no_two_errors_share_a_reason_or_a_sentence():
    assert len({error.reason for error in NAMED}) == len(NAMED)
    assert len({error.sentence for error in NAMED}) == len(NAMED)


def test_every_error_that_can_be_raised_by_name_has_a_reason_of_its_own():
    assert {error.__name__ for error in CLASSES if "reason" not in vars(error)} == {
        "InputError",
        "LinkError",
        "LibraryError",
        "EgressRefused",
        "InfrastructureError",
    }


@pytest.mark.parametrize("error", CLASSES)
def test_every_error_is_imported_from_one_place(error):
    assert vars(errors)[error.__name__] is error


def test_the_catalogue_for_translators_holds_every_reason():
    catalogue = errors.reasons()
    assert {error.reason: error.sentence for error in NAMED}.items() <= catalogue.items()
    assert catalogue["got_web_page"] == errors.GOT_WEB_PAGE.comment


@pytest.mark.parametrize("error", CLASSES)
def test_who_is_to_blame_decides_what_it_costs(error):
    if issubclass(error, InfrastructureError):
        assert error.retryable
        assert not error.costs_attempt
    if issubclass(error, InputError):
        assert not error.retryable
        assert error.stage in (Stage.INPUT, Stage.SETTINGS)
    if issubclass(error, LinkError):
        assert error.costs_attempt
        assert error.stage in (Stage.DOWNLOAD, Stage.VERIFY, Stage.STORE)
    assert isinstance(error.stage, Stage)


def test_each_error_is_of_one_kind_only():
    kinds = (InputError, LinkError, InfrastructureError)
    for error in set(CLASSES) - {OfflineDownloadError}:
        assert sum(issubclass(error, kind) for kind in kinds) == 1, error


@pytest.mark.parametrize("error", CLASSES)
def test_what_a_record_keeps_of_it_is_json(error):
    explanation = error(**arguments(error)).explain()
    assert json.loads(json.dumps(explanation.reason_args)) == explanation.reason_args


def test_an_explanation_is_a_copy():
    error = FolderGone(path="/a")
    error.explain().reason_args["path"] = "/b"
    assert error.reason_args == {"path": "/a"}


def test_nothing_to_explain_is_empty():
    assert Explanation("", "", {}) == errors.NO_EXPLANATION


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (AlreadyActive(odr_id=7), "This link is already in the list (task 7)."),
        (
            NotPossible(odr_id=7, state="storing", action="pause"),
            "Task 7 is storing; it is not possible to pause it now.",
        ),
        (NameInvalid(name="a\nb\ud800"), "The name 'a\\nb\\ud800' cannot be used for a file."),
        (
            SettingsError(section="S", option="workers", value="x", allowed="a number is allowed"),
            "[S] workers = x: a number is allowed.",
        ),
        (errors.ServerBusy(status=503), "The server cannot deliver the file at the moment (HTTP 503)."),
    ],
)
def test_sentences_as_people_read_them(error, sentence):
    assert str(error) == sentence


def test_already_active_says_which_task():
    assert AlreadyActive(odr_id="12").odr_id == 12
