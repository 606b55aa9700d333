from seaserv import seafile_api


def check_folder_permission(request, repo_id, path):
    return seafile_api.check_permission_by_path(repo_id, path, request.user.username)
