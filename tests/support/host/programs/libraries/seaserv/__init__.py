"""A stand-in for Seafile's Python API: the functions that this project and the host's stand-ins call.

What tests/support/seaserv.py is inside the tests' process, and its signatures.
"""

import configparser
import os

from pysearpc import NamedPipeClient, searpc_func

_conf = os.environ["SEAFILE_CENTRAL_CONF_DIR"]
_pipe = os.environ.get("SEAFILE_RPC_PIPE_PATH") or os.environ["SEAFILE_DATA_DIR"]


class ServerThreadedRpcClient(NamedPipeClient):
    def __init__(self):
        NamedPipeClient.__init__(self, os.path.join(_pipe, "seafile.sock"), "seafserv-threaded-rpcserver")


def _add(name, ret_type, *param_types):
    def function():
        """Called by its name."""

    function.__name__ = name
    setattr(ServerThreadedRpcClient, name, searpc_func(ret_type, param_types)(function))


_add("seafile_get_repo", "object", "string")
_add("seafile_count_repos", "int64")
_add("seafile_get_repo_owner", "string", "string")
_add("seafile_is_valid_filename", "int", "string", "string")
_add("seafile_get_dir_id_by_path", "string", "string", "string")
_add("seafile_get_dirent_by_path", "object", "string", "string")
_add("seafile_list_dir", "objlist", "string", "string", "int", "int")
_add("seafile_mkdir_with_parents", "int", "string", "string", "string", "string")
_add("seafile_post_file", "int", "string", "string", "string", "string", "string")
_add("seafile_get_user_quota_usage", "int64", "string")
_add("seafile_get_org_id_by_repo_id", "int", "string")
_add("get_org_repo_owner", "string", "string")
_add("check_permission_by_path", "string", "string", "string", "string")
_add("get_user_quota", "int64", "string")
_add("check_quota", "int", "string", "int64")
_add("publish_event", "int", "string", "string")
_add("pop_event", "json", "string")
_add("get_emailuser", "object", "string")
_add("count_emailusers", "int64", "string")

seafserv_threaded_rpc = ServerThreadedRpcClient()
_rpc = seafserv_threaded_rpc


class SeafileAPI:
    get_repo = staticmethod(_rpc.seafile_get_repo)
    count_repos = staticmethod(_rpc.seafile_count_repos)
    get_repo_owner = staticmethod(_rpc.seafile_get_repo_owner)
    get_org_id_by_repo_id = staticmethod(_rpc.seafile_get_org_id_by_repo_id)
    is_valid_filename = staticmethod(_rpc.seafile_is_valid_filename)
    get_dir_id_by_path = staticmethod(_rpc.seafile_get_dir_id_by_path)
    get_dirent_by_path = staticmethod(_rpc.seafile_get_dirent_by_path)
    mkdir_with_parents = staticmethod(_rpc.seafile_mkdir_with_parents)
    post_file = staticmethod(_rpc.seafile_post_file)
    check_permission_by_path = staticmethod(_rpc.check_permission_by_path)
    get_user_self_usage = staticmethod(_rpc.seafile_get_user_quota_usage)
    get_user_quota = staticmethod(_rpc.get_user_quota)
    publish_event = staticmethod(_rpc.publish_event)
    pop_event = staticmethod(_rpc.pop_event)

    def list_dir_by_path(self, repo_id, path, offset=-1, limit=-1):
        dir_id = self.get_dir_id_by_path(repo_id, path)
        return None if dir_id is None else _rpc.seafile_list_dir(repo_id, dir_id, offset, limit)

    def check_quota(self, repo_id, delta=0):
        return _rpc.check_quota(repo_id, delta)


class CcnetAPI:
    get_emailuser = staticmethod(_rpc.get_emailuser)
    count_emailusers = staticmethod(_rpc.count_emailusers)


seafile_api, ccnet_api = SeafileAPI(), CcnetAPI()

_seafile_conf = configparser.ConfigParser()
_seafile_conf.read(os.path.join(_conf, "seafile.conf"))
#: In bytes; None is no limit. (Up to 12 a megabyte was 1024 × 1024 bytes.)
MAX_UPLOAD_FILE_SIZE = _seafile_conf.getint("fileserver", "max_upload_size", fallback=0) * 1_000_000 or None
