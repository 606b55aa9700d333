def email2nickname(value):
    return value.partition("@")[0]


def email2contact_email(value):
    return value
