def sudo_mode_check(request):
    return True
