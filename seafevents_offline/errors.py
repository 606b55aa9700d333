"""What can go wrong, each with its stage, its stable reason code and what it costs.

One class is one reason. ``reason`` and ``reason_args`` are what pages translate; ``str(error)`` is the
finished English sentence that goes into a record's ``comment``. Nothing here knows SQL, aria2 or Seafile:
adapters turn what they meet into one of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar

from .text import plain

#: Characters that a value in a sentence may have.
LONGEST_VALUE = 1000


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
    against ``max-attempts``; a fault of ours or of the infrastructure never does. ``keeps_folder``: it is final, and
    yet what was downloaded is kept for a while, because a person can mend it and retry. ``makes_room``: it is tried
    again, and yet what was downloaded is deleted, because there is no room for it.
    """

    stage: ClassVar[Stage] = Stage.DOWNLOAD
    reason: ClassVar[str] = "internal_error"
    sentence: ClassVar[str] = "Something went wrong inside the download service. Please tell your administrator."
    retryable: ClassVar[bool] = False
    costs_attempt: ClassVar[bool] = True
    keeps_folder: ClassVar[bool] = False
    makes_room: ClassVar[bool] = False

    def __init__(self, **reason_args: Any) -> None:
        # Folders and hosts may be called whatever people and servers like; a sentence is one line all the same.
        self.reason_args = {name: _in_line(value) for name, value in reason_args.items()}
        super().__init__(plain(self.sentence.format(**reason_args)))

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


class UserNameInvalid(InputError):
    reason = "user_name_invalid"
    sentence = "The user name cannot be used: it is too long, or there is a colon or an invisible character in it."


class PasswordInvalid(InputError):
    reason = "password_invalid"
    sentence = "The password cannot be used: it is too long, or there is an invisible character in it."


class PasswordAlone(InputError):
    reason = "password_alone"
    sentence = "Please give the user name that belongs to the password."


class TwoLogins(InputError):
    """What was given contradicts itself: the link, what stands beside it, or a header."""

    reason = "two_logins"
    sentence = "Please say only once who you are: by user name and password, in the link or by a header."


class HeaderRefused(InputError):
    """Names nothing that was typed: people also put the secret where the name belongs."""

    reason = "header_refused"
    sentence = "Only these headers can be sent: {names}."


class HeaderInvalid(InputError):
    reason = "header_invalid"
    sentence = "The header {name} cannot be sent: it is there twice, empty, too long, or has unusual characters in it."


class RefererInvalid(InputError):
    reason = "referer_invalid"
    sentence = "The referer should be the address of a page, like https://example.com/page."


class UserAgentInvalid(InputError):
    reason = "user_agent_invalid"
    sentence = "The user agent cannot be sent: it is too long, or has unusual characters in it."


class SecretsWanted(InputError):
    """By a retry: they were wiped when the task ended. ``asked``: which kinds there were. Routes say it as of a
    state."""

    reason = "secrets_wanted"
    sentence = "The password and the like of this link were not kept. Please enter them again."


class NameInvalid(InputError):
    reason = "name_invalid"
    sentence = "The name '{name}' cannot be used for a file."


class PathInvalid(InputError):
    reason = "path_invalid"
    sentence = "The folder '{path}' is not valid; it should look like /folder/subfolder."


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


# --- the link's fault: costs an attempt ---------------------------------------------------------------


class LinkError(OfflineDownloadError):
    """The link, or the server behind it, does not give what was asked for."""


class FileNotFoundAtServer(LinkError):
    reason = "not_found"
    sentence = "The server says that there is no such file ({status} not found). Please check the link."


class AccessDenied(LinkError):
    reason = "access_denied"
    sentence = "The server refuses access ({status}). The link may need a login or may have expired."


class LoginWanted(LinkError):
    """The server lets nobody in without; and nothing of the kind was given with the link."""

    reason = "login_wanted"
    sentence = "The server wants a user name and password. Please give them, then try again."


class LoginRefused(LinkError):
    """Not tried again: who goes on with a wrong password is locked out."""

    reason = "login_refused"
    sentence = (
        "The server wants a user name and password and refuses what was given ({status}). "
        "Please check it, then try again."
    )


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


class AnswerUnreadable(LinkError):
    """No HTTP, or none that makes sense."""

    reason = "answer_unreadable"
    sentence = "The server's answer cannot be understood."
    retryable = True


class AnswerEndless(LinkError):
    """Headers, or whatever else is no content, without an end: the engine would read and keep it for ever."""

    reason = "answer_endless"
    sentence = "The server keeps sending something else than the file."


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


class SecretsUnreadable(LinkError):
    """What was sealed opens no more: the server's SECRET_KEY has changed, or somebody changed the record."""

    reason = "secrets_unreadable"
    sentence = "The password and the like of this link cannot be read any more. Please retry and enter them again."
    keeps_folder = True


class PayloadUnusable(LinkError):
    stage = Stage.VERIFY
    reason = "payload_unusable"
    sentence = "What was downloaded is not a complete, ordinary file and cannot be stored."


class ChecksumWrong(LinkError):
    """Not tried again: the server would give the same file."""

    stage = Stage.VERIFY
    reason = "checksum"
    sentence = "The file does not match its checksum, so nothing was stored. Please check the link and the checksum."


class KindRefused(LinkError):
    """By ``mime-allow`` or ``mime-deny``, for what the file holds."""

    stage = Stage.VERIFY
    reason = "kind_refused"
    sentence = "The file is of the type {kind}, which your administrator does not allow. Nothing was stored."


class KindUnknown(LinkError):
    """What tells it dies of this file, and of no other."""

    stage = Stage.VERIFY
    reason = "kind_unknown"
    sentence = "It cannot be found out of what type the file is, so it was not stored."
    retryable = True


class FolderMissing(InputError):
    reason = "folder_missing"
    sentence = "There is no folder {path} in the library."


class InterruptedTooOften(LinkError):
    reason = "interrupted_too_often"
    sentence = "It interrupted the service too often."


# --- what the library says no to: final until a person has done something -----------------------------


class LibraryError(LinkError):
    """The library does not take the file, or does not take it from this person."""

    stage = Stage.STORE
    keeps_folder = True


class FolderGone(LibraryError):
    reason = "folder_gone"
    sentence = "The folder {path} does not exist in the library any more."


class StorageRefused(LibraryError):
    reason = "storage_refused"
    sentence = "The library does not take the file: {detail}."


class LibraryGone(LibraryError):
    reason = "library_gone"
    sentence = "The library does not exist any more."


class LibraryReadOnly(LibraryError):
    reason = "library_read_only"
    sentence = "The library is read-only at the moment. Please ask its owner, then try again."


class LibraryEncrypted(LibraryError):
    reason = "library_encrypted"
    sentence = "Files cannot be downloaded into an encrypted library. Please choose another one."


class LibraryIsWiki(LibraryError):
    reason = "library_is_wiki"
    sentence = "Files cannot be downloaded into a wiki. Please choose a library."


class UploadForbidden(LibraryError):
    reason = "upload_forbidden"
    sentence = "You may not put files into the folder {path}. Please ask the owner of the library, then try again."


class OwnerInactive(LibraryError):
    reason = "owner_inactive"
    sentence = "The account that the file was downloaded for is not active."


class QuotaExceeded(LibraryError):
    reason = "quota_exceeded"
    sentence = "There is not enough room left for the file. Please delete something or ask for more, then try again."


# --- where a link may not lead: decided by the egress policy, final -----------------------------------


class EgressRefused(LinkError):
    """The link, or a server that it was redirected to, must not be connected to. The values are texts and numbers."""


class AddressPrivate(EgressRefused):
    reason = "address_private"
    sentence = "The address {address} of {host} is in a private network."


class LiteralPrivate(EgressRefused):
    """As AddressPrivate, of a link that names the address itself; so with the others."""

    reason = "literal_private"
    sentence = "The address {address} is in a private network."


class AddressNearby(EgressRefused):
    """A public one, but in a network that an interface of this server is in: what stands between others and it does not
    stand between us and it."""

    reason = "address_nearby"
    sentence = "The address {address} of {host} is in this server's own network."


class LiteralNearby(EgressRefused):
    reason = "literal_nearby"
    sentence = "The address {address} is in this server's own network."


class AddressOwn(EgressRefused):
    reason = "address_own"
    sentence = "The address {address} of {host} is this server itself."


class LiteralOwn(EgressRefused):
    reason = "literal_own"
    sentence = "The address {address} is this server itself."


class AddressNotPublic(EgressRefused):
    reason = "address_not_public"
    sentence = "The address {address} of {host} is not a public one."


class LiteralNotPublic(EgressRefused):
    reason = "literal_not_public"
    sentence = "The address {address} is not a public one."


class HostDenied(EgressRefused):
    reason = "host_denied"
    sentence = "The administrator does not allow downloads from {host}."


class OwnService(EgressRefused):
    reason = "own_service"
    sentence = "Nothing can be downloaded from {host}: it belongs to this Seafile service."


class PortRefused(EgressRefused):
    reason = "port_refused"
    sentence = "Nothing can be downloaded from port {port} of {host}; allowed are the ports {ports}."


class LinkLeadsElsewhere(EgressRefused):
    """A password, a header or a cookie is for the server that the link names alone. ``place``: host:port."""

    reason = "link_leads_elsewhere"
    sentence = (
        "The link leads on to another server ({place}), which must not get the password or the headers. "
        "Please give the link that it leads to."
    )


class TooManyConnections(EgressRefused):
    """The guard's caps: no link needs so many, so something is wrong with it."""

    reason = "too_many_connections"
    sentence = "The download opened more connections than are allowed."


class ProxyRefused(EgressRefused):
    """The administrator's own proxy, behind ours, says no."""

    reason = "proxy_refused"
    sentence = "The proxy that downloads go through does not allow {host} ({status})."


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


class SnifferUnavailable(InfrastructureError):
    """Nothing is stored while a rule about types cannot be kept."""

    reason = "sniffer_unavailable"
    sentence = "The program that tells the types of files cannot be used: {detail}"


class GuardUnavailable(InfrastructureError):
    """Nothing is connected to without the guard, so downloads wait for it."""

    reason = "guard_unavailable"
    sentence = "The guard of the downloads' connections cannot be used: {detail}"


class GuardBypassed(InfrastructureError):
    """The test at the start failed: what must not be reached was."""

    reason = "guard_bypassed"
    sentence = (
        "The download service stays off: its test could reach {address} of this server, which must never happen. "
        "Please report this."
    )


class ProxyUnavailable(InfrastructureError):
    """The administrator's own proxy, behind ours."""

    reason = "proxy_unavailable"
    sentence = "The proxy that downloads go through cannot be used: {detail}"


class VaultUnavailable(InfrastructureError):
    """Secrets are kept encrypted or not at all."""

    reason = "vault_unavailable"
    sentence = "Passwords and the like cannot be kept safely here: {detail}"


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


class TempDiskFull(DiskFull):
    """The temporary folder's: what waits on it for room would keep it full."""

    reason = "temp_disk_full"
    sentence = "The server's disk is full. What had come of the file was deleted; it begins again when there is room."
    makes_room = True


class DiskReserved(InfrastructureError):
    """Running downloads count as if they were complete."""

    reason = "disk_reserved"
    sentence = "The server's disk has no room for the file beside other downloads; it begins when there is room."
    makes_room = True


class PayloadLost(InfrastructureError):
    stage = Stage.STORE
    reason = "payload_lost"
    sentence = "The downloaded file was lost before it was stored; it is downloaded again."


class StorageUnavailable(InfrastructureError):
    stage = Stage.STORE
    reason = "storage_unavailable"
    sentence = "The library cannot be written at the moment: {detail}"


class QuotaReserved(InfrastructureError):
    """Running downloads count as if they were stored; whether they really take the room is not known yet."""

    stage = Stage.STORE
    reason = "quota_reserved"
    sentence = "There is not enough room for the file and the other downloads; it goes on when they are done."


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

#: What a finished file carries whose folder has gone: see ``stored_above``.
STORED_ABOVE = Explanation(
    "stored_above", "The folder {path} does not exist any more. The file is in the folder {folder}."
)


def stored_above(path: str, folder: str) -> Explanation:
    """The file is in ``folder``, the nearest one above ``path`` that there is."""
    values = {"path": _in_line(path), "folder": _in_line(folder)}
    return Explanation(STORED_ABOVE.reason, STORED_ABOVE.comment.format(**values), values)


def from_reason(reason: str, reason_args: Mapping[str, Any]) -> OfflineDownloadError:
    """The error again of which only code and values came through; the root where they fit none."""
    kind = _kinds(OfflineDownloadError).get(reason, OfflineDownloadError)
    try:
        return kind(**reason_args)
    except KeyError:
        return OfflineDownloadError()


def keeping() -> frozenset[str]:
    """The reasons of those errors that keep a task's folder."""
    return frozenset(reason for reason, kind in _kinds(OfflineDownloadError).items() if kind.keeps_folder)


def _in_line(value: Any) -> Any:
    return plain(value)[:LONGEST_VALUE] if isinstance(value, str) else value


def _kinds(root: type[OfflineDownloadError]) -> dict[str, type[OfflineDownloadError]]:
    found = {root.reason: root} if "reason" in vars(root) else {}
    for child in root.__subclasses__():
        found.update(_kinds(child))
    return found


def reasons() -> dict[str, str]:
    """Every reason code with its sentence (placeholders in braces): what translators work from."""
    notes = {note.reason: note.comment for note in (GOT_WEB_PAGE, PAUSED_TOO_LONG, STORED_ABOVE)}
    return {**{reason: kind.sentence for reason, kind in _kinds(OfflineDownloadError).items()}, **notes}
