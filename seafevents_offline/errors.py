"""What can go wrong, each with its stage, its stable reason code and what it costs.

One class is one reason. ``reason`` and ``reason_args`` are what pages translate; ``str(error)`` is the
finished English sentence that goes into a record's ``comment``. Nothing here knows SQL, aria2 or Seafile:
adapters turn what they meet into one of these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, TypeVar

_E = TypeVar("_E", bound="type[OfflineDownloadError]")


class Stage(str, Enum):
    """Where in a task's life an error belongs."""

    SETTINGS = "settings"
    INPUT = "input"
    DATABASE = "database"
    DOWNLOAD = "download"
    VERIFY = "verify"
    STORE = "store"


@dataclass(frozen=True)
class Explanation:
    """Why a task is where it is: a stable code with its values, and the English sentence."""

    reason: str = ""
    comment: str = ""
    reason_args: dict[str, Any] = field(default_factory=dict)


#: Nothing to explain: all is as it should be.
NO_EXPLANATION = Explanation()


class OfflineDownloadError(Exception):
    """The root of everything that this package raises on purpose.

    ``retryable``: trying again later may help. ``costs_attempt``: it is the link's fault, so the try counts
    against ``max-attempts``; a fault of ours or of the infrastructure never does.
    """

    stage: ClassVar[Stage] = Stage.DOWNLOAD
    reason: ClassVar[str] = "internal_error"
    sentence: ClassVar[str] = "Something went wrong inside the download service. Please tell your administrator."
    retryable: ClassVar[bool] = False
    costs_attempt: ClassVar[bool] = True

    def __init__(self, **reason_args: Any) -> None:
        self.reason_args = reason_args
        super().__init__(self.sentence.format(**reason_args))

    def explain(self) -> Explanation:
        """The three columns that a record keeps of this error."""
        return Explanation(self.reason, str(self), dict(self.reason_args))


# --- what people type ---------------------------------------------------------------------------------


class InputError(OfflineDownloadError):
    """Something that a person gave is not usable; nothing was changed."""

    stage = Stage.INPUT


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


class LinkCredentials(InputError):
    reason = "link_credentials"
    sentence = "The link has a user name or password in it; please give a link without them."


class NameInvalid(InputError):
    reason = "name_invalid"
    sentence = "The name {name!r} cannot be used for a file."


class PathInvalid(InputError):
    reason = "path_invalid"
    sentence = "The folder {path!r} is not valid; it should look like /folder/subfolder."


class RepoIdInvalid(InputError):
    reason = "repo_id_invalid"
    sentence = "The library id {repo_id!r} is not valid."


class OwnerInvalid(InputError):
    reason = "owner_invalid"
    sentence = "The task has no valid owner."


class PriorityInvalid(InputError):
    reason = "priority_invalid"
    sentence = "The priority {priority!r} is not valid; it is a whole number from 0 to 100."


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


class NotPossible(InputError):
    reason = "not_possible"
    sentence = "Task {odr_id} is {state}; it is not possible to {action} it now."


# --- the link's fault: costs an attempt ---------------------------------------------------------------


class LinkError(OfflineDownloadError):
    """The link, or the server behind it, does not give what was asked for."""


class FileNotFoundAtServer(LinkError):
    reason = "not_found"
    sentence = "The server says that there is no such file ({status} not found). Please check the link."


class AccessDenied(LinkError):
    reason = "access_denied"
    sentence = "The server refuses access ({status}). The link may need a login or may have expired."


class LinkRefused(LinkError):
    reason = "link_refused"
    sentence = "The server refuses the request (HTTP {status})."


class ServerBusy(LinkError):
    reason = "server_busy"
    sentence = "The server cannot deliver the file at the moment (HTTP {status})."
    retryable = True


class HostNotFound(LinkError):
    reason = "host_not_found"
    sentence = "The server {host} cannot be found. Please check the link."
    retryable = True


class ConnectionFailed(LinkError):
    reason = "connection_failed"
    sentence = "The connection to {host} failed or was interrupted."
    retryable = True


class BodyIncomplete(LinkError):
    reason = "body_incomplete"
    sentence = "The server ended the transfer before the file was complete."
    retryable = True


class TlsFailed(LinkError):
    reason = "tls_failed"
    sentence = "The connection to {host} is not secure: its certificate cannot be verified."


class TooManyRedirects(LinkError):
    reason = "too_many_redirects"
    sentence = "The link is redirected too often."


class RedirectInvalid(LinkError):
    reason = "redirect_invalid"
    sentence = "The link leads to an address that cannot be downloaded."


class EngineFault(LinkError):
    """A failure that the engine reports and that has no better name here: worth another try."""

    reason = "download_failed"
    sentence = "The download failed (code {code})."
    retryable = True


class TooSlow(LinkError):
    reason = "too_slow"
    sentence = "The server sends less than {limit} a second on average."
    retryable = True


class TimeLimitExceeded(LinkError):
    reason = "time_limit"
    sentence = "The download took longer than the {limit} that are allowed."


class TooLarge(LinkError):
    reason = "too_large"
    sentence = "The file is larger than the {limit} that are allowed."


class NameRefused(LinkError):
    """The engine cannot write under the name that the server wants; another name helps."""

    reason = "name_refused"
    sentence = "The file's name cannot be used; please give another name."


class PayloadUnusable(LinkError):
    stage = Stage.VERIFY
    reason = "payload_unusable"
    sentence = "What was downloaded is not a complete, ordinary file and cannot be stored."


class FolderMissing(InputError):
    reason = "folder_missing"
    sentence = "There is no folder {path} in the library."


class FolderGone(LinkError):
    stage = Stage.STORE
    reason = "folder_gone"
    sentence = "The folder {path} does not exist in the library any more."


class StorageRefused(LinkError):
    stage = Stage.STORE
    reason = "storage_refused"
    sentence = "The library does not take the file: {detail}."


class InterruptedTooOften(LinkError):
    reason = "interrupted_too_often"
    sentence = "It interrupted the service too often."


# --- ours or the infrastructure's fault: waits, costs nothing -----------------------------------------


class InfrastructureError(OfflineDownloadError):
    """Not the link's fault: the task waits until the cause is gone, and no attempt is lost."""

    retryable = True
    costs_attempt = False


class DatabaseUnavailable(InfrastructureError):
    stage = Stage.DATABASE
    reason = "database_unavailable"
    sentence = "The database cannot be used at the moment: {detail}"


class SchemaOutdated(InfrastructureError):
    stage = Stage.DATABASE
    reason = "schema_outdated"
    sentence = "The tables of the offline download are missing or too old; run `seafevents-offline upgrade-db`."


class EngineUnavailable(InfrastructureError):
    reason = "engine_unavailable"
    sentence = "The download program cannot be used: {detail}"


class TempDirUnusable(InfrastructureError):
    reason = "tempdir_unusable"
    sentence = "The temporary folder {path} cannot be used: {detail}"


class AlreadyRunning(InfrastructureError):
    reason = "already_running"
    sentence = "Another download service is running on {path}; this one does not start."


class PortUnavailable(InfrastructureError):
    reason = "port_unavailable"
    sentence = "The page cannot have port {port}: {detail}. Choose another one with --port."


class DiskFull(InfrastructureError):
    reason = "disk_full"
    sentence = "The server's disk is full; the task goes on when there is space again."


class PayloadLost(InfrastructureError):
    stage = Stage.STORE
    reason = "payload_lost"
    sentence = "The downloaded file was lost before it was stored; it is downloaded again."


class StorageUnavailable(InfrastructureError):
    stage = Stage.STORE
    reason = "storage_unavailable"
    sentence = "The library cannot be written at the moment: {detail}"


class NameTaken(InfrastructureError):
    """Somebody else put something there between the choice of the name and the storing."""

    stage = Stage.STORE
    reason = "name_taken"
    sentence = "The name {stored_path} was taken meanwhile."


#: What a finished file may carry: it is stored, and this is worth knowing.
GOT_WEB_PAGE = Explanation(
    "got_web_page", "This is a web page: the site may want a login or has its own download button."
)

#: What a task carries that its owner paused and did not come back to.
PAUSED_TOO_LONG = Explanation(
    "paused_too_long", "It was paused for a long time and was given up. Retry it to download it after all."
)


def _catalogue(root: _E) -> dict[str, str]:
    found = {root.reason: root.sentence} if "reason" in vars(root) else {}
    for child in root.__subclasses__():
        found.update(_catalogue(child))
    return found


def reasons() -> dict[str, str]:
    """Every reason code with its sentence (placeholders in braces): what translators work from."""
    notes = {note.reason: note.comment for note in (GOT_WEB_PAGE, PAUSED_TOO_LONG)}
    return {**_catalogue(OfflineDownloadError), **notes}
