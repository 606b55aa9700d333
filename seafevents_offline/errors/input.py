"""What people ask for and cannot have: nothing was changed."""

from __future__ import annotations

from .base import InputError, Stage


class SettingsError(InputError):
    stage = Stage.SETTINGS
    reason = "setting_invalid"
    sentence = "[{section}] {option} = {value}: {allowed}."


class LinkEmpty(InputError):
    reason = "link_empty"
    sentence = "Please give a link."


class LinkTooLong(InputError):
    reason = "link_too_long"
    sentence = "The link is too long: {length} characters, at most {limit} are allowed."


class LinkInvalid(InputError):
    reason = "link_invalid"
    sentence = "This is not a link that can be downloaded; it should look like https://example.com/file.zip."


class LinkScheme(InputError):
    reason = "link_scheme"
    sentence = "Links that begin with {scheme}: are not supported; supported are {schemes}."


class NameInvalid(InputError):
    reason = "name_invalid"
    sentence = "The name '{name}' cannot be used for a file."


class PathInvalid(InputError):
    reason = "path_invalid"
    sentence = "The folder '{path}' is not valid; it should look like /folder/subfolder."


class FolderMissing(InputError):
    reason = "folder_missing"
    sentence = "There is no folder {path} in the library."


class ChecksumInvalid(InputError):
    reason = "checksum_invalid"
    sentence = (
        "This is not a checksum; it should be an MD5, SHA-1, SHA-256 or SHA-512 like sha-256=… or its digits alone."
    )


class PriorityInvalid(InputError):
    reason = "priority_invalid"
    sentence = "The priority '{priority}' is not valid; it is a whole number from 0 to 100."


class TaskNotFound(InputError):
    reason = "task_not_found"
    sentence = "There is no task {odr_id}."


class AlreadyActive(InputError):
    """The same link into the same folder is under way; ``odr_id`` says which task."""

    reason = "already_active"
    sentence = "This link is already in the list (task {odr_id})."

    @property
    def odr_id(self) -> int:
        return int(self.reason_args["odr_id"])


class TooManyTasks(InputError):
    """Of one owner. Routes say it with a time after which to try again."""

    reason = "too_many_tasks"
    sentence = "There are {limit} unfinished tasks already, which is the limit. Please cancel some or wait."


class TooManyAdds(InputError):
    """By one owner. Routes say it with a time after which to try again."""

    reason = "too_many_adds"
    sentence = "Within an hour {limit} links were added, which is the limit. Please try again later."


class NotPossible(InputError):
    reason = "not_possible"
    sentence = "Task {odr_id} is {state}; it is not possible to {action} it now."
