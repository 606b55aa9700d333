"""What the library says no to, which is final until a person has done something, and what it cannot do just now."""

from __future__ import annotations

from .base import InfrastructureError, LinkError, Stage


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
