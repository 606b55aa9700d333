from __future__ import annotations

import re
from configparser import ConfigParser, RawConfigParser
from dataclasses import FrozenInstanceError, fields
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seafevents_offline.errors import SettingsError, Stage
from seafevents_offline.settings import SECTION, Settings, unknown_options

SAMPLE = Path(__file__).parents[2] / "conf" / "seafevents.conf.sample"
OPTIONS = [field.name.replace("_", "-") for field in fields(Settings)]

MB = 1024**2


def config_of(text: str, parser: type[RawConfigParser] = ConfigParser, **arguments: object) -> RawConfigParser:
    config = parser(**arguments)
    config.read_string(f"[{SECTION}]\n{text}\n")
    return config


def read(option: str, value: str) -> object:
    settings = Settings.from_config(config_of(f"{option} = {value}"))
    return getattr(settings, option.replace("-", "_"))


# --- what may stand there -----------------------------------------------------------------------------

GOOD = [
    ("enabled", "true", True),
    ("enabled", "True", True),
    ("enabled", "1", True),
    ("enabled", "yes", True),
    ("enabled", "on", True),
    ("enabled", "false", False),
    ("enabled", "NO", False),
    ("enabled", "0", False),
    ("tempdir", "/data/my folder", "/data/my folder"),
    ("workers", "1", 1),
    ("workers", "512", 512),
    ("interval", "0.1s", 0.1),
    ("interval", "1h", 3600.0),
    ("interval", "5", 5.0),
    ("max-size", "0", 0),
    ("max-size", "800mb", 800 * MB),
    ("max-size", "800MB", 800 * MB),
    ("max-size", "1.5 gb", 1536 * MB),
    ("max-size", "1048576", MB),
    ("time-limit", "1s", 1.0),
    ("time-limit", "365d", 365 * 86400.0),
    ("min-speed", "0", 0),
    ("min-speed", "10kb", 10240),
    ("max-attempts", "1", 1),
    ("max-attempts", "100", 100),
    ("retry-delay", "0", 0.0),
    ("retry-delay", "10m", 600.0),
    ("tasks-per-user", "1000000", 1_000_000),
    ("adds-per-hour", "1", 1),
    ("workers-per-user", "512", 512),
    ("workers-per-host", "1", 1),
    ("connections", "1", 1),
    ("connections", "16", 16),
    ("speed-limit", "5mb", 5 * MB),
    ("schemes", "http", ("http",)),
    ("schemes", "HTTP, https ,ftp", ("http", "https", "ftp")),
    ("schemes", "https http", ("https", "http")),
    ("ports", "1", (1,)),
    ("ports", "80, 443,65535", (80, 443, 65535)),
    (
        "allow-addresses",
        "127.0.0.1:8088,intranet.example:80, 10.0.0.0/8",
        ("127.0.0.1:8088", "intranet.example:80", "10.0.0.0/8"),
    ),
    ("allow-addresses", "[FD00:0::5]:80 NAS.Example.:443", ("[fd00::5]:80", "nas.example:443")),
    ("allow-addresses", "[::ffff:10.0.0.5]:80, bücher.example:1", ("10.0.0.5:80", "xn--bcher-kva.example:1")),
    ("allow-addresses", "fd00::/8, 10.0.0.5/32, ::ffff:10.0.0.0/104", ("fd00::/8", "10.0.0.5/32", "10.0.0.0/8")),
    ("deny-hosts", "bad.example, 192.0.2.0/24", ("bad.example", "192.0.2.0/24")),
    ("deny-hosts", "BAD.example. intranet 8.8.8.8", ("bad.example", "intranet", "8.8.8.8/32")),
    ("deny-hosts", "2001:DB8::5, ::ffff:8.8.8.8, fd00::/8", ("2001:db8::5/128", "8.8.8.8/32", "fd00::/8")),
    ("deny-hosts", "0.0.0.0/0, ::/0", ("0.0.0.0/0", "::/0")),
    ("upstream-proxy", "http://proxy.example", "http://proxy.example"),
    ("upstream-proxy", "HTTP://user@[fd00::5]:3128/", "HTTP://user@[fd00::5]:3128/"),
    ("upstream-proxy", "http://user:p%40ss@proxy.example:3128", "http://user:p%40ss@proxy.example:3128"),
    ("upstream-proxy", "env", "env"),
    ("ca-certificate", "/etc/ssl/ca.pem", "/etc/ssl/ca.pem"),
    ("mime-allow", "image/*, Application/PDF", ("image/*", "application/pdf")),
    ("mime-allow", "* image/[gp]* */x-empty", ("*", "image/[gp]*", "*/x-empty")),
    ("mime-deny", "text/html", ("text/html",)),
    ("disk-high", "95%", 95.0),
    ("disk-high", "100", 100.0),
    ("disk-high", "99.5 %", 99.5),
    ("disk-low", "1%", 1.0),
    ("disk-low", "95%", 95.0),
    ("retention", "1h", 3600.0),
    ("retention", "3650d", 3650 * 86400.0),
    ("aria2c", "/opt/aria2/bin/aria2c", "/opt/aria2/bin/aria2c"),
    ("run-as", "www-data", "www-data"),
    ("run-as", "65534", "65534"),
    ("run-as", "Seafile_1.x$", "Seafile_1.x$"),
    ("database", "mysql+pymysql://u:p%25@db/seafile", "mysql+pymysql://u:p%25@db/seafile"),
    ("storage", "seafile", "seafile"),
    ("storage", "folder", "folder"),
    ("library", "/srv/library", "/srv/library"),
    ("node", "node one", "node one"),
    ("notify", "false", False),
    ("cookies", "yes", True),
    ("webhook-url", "https://example.com/hook?x=%(y)s", "https://example.com/hook?x=%(y)s"),
    ("webhook-secret", "%s%(a)s;#=", "%s%(a)s;#="),
    ("metrics-token", "0123456789abcdef", "0123456789abcdef"),
    ("metrics-token", "AZaz09-._~+/=" * 15, "AZaz09-._~+/=" * 15),
]


@pytest.mark.parametrize(("option", "text", "value"), GOOD)
def test_what_may_stand_there(option, text, value):
    assert read(option, text) == value
    assert read(option, f"  {text} \t") == value


def test_every_option_is_tried():
    assert {option for option, _, _ in GOOD} == set(OPTIONS)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("value", ["", "   "])
def test_nothing_leaves_the_default(option, value):
    assert read(option, value) == getattr(Settings(), option.replace("-", "_"))


# --- what may not -------------------------------------------------------------------------------------

NUMBERS = ["x", "-1", "+4", "1.5", "1e2", "1_0", "0x4", "٤", "four", "4 5", "4 # four", "4 ; four", "4,5", "nan", "²"]
SIZES = ["x", "-1", "10 parsecs", "1,5mb", "mb", "1s", "800mb # most", "1e3", "1_000", "1g"]
TIMES = ["x", "-1s", "1mb", "5 seconds", "1:30", "nan", "inf", "5s ; soon"]
PERCENTAGES = ["x", "0", "0%", "101%", "-5%", "nan", "%", "5%%", "95 percent", "1e1", "9_0", "95% # full"]

BAD = [
    *[("enabled", text) for text in ("2", "maybe", "true # yes", "enabled", "ja")],
    *[("workers", text) for text in (*NUMBERS, "0", "513", "9" * 5000)],
    *[("max-attempts", text) for text in (*NUMBERS, "0", "101")],
    *[("tasks-per-user", text) for text in (*NUMBERS, "0", "1000001")],
    *[("adds-per-hour", text) for text in (*NUMBERS, "0", "1000001")],
    *[("workers-per-user", text) for text in (*NUMBERS, "0", "513")],
    *[("workers-per-host", text) for text in (*NUMBERS, "0", "513")],
    *[("connections", text) for text in (*NUMBERS, "0", "17")],
    *[("max-size", text) for text in SIZES],
    *[("min-speed", text) for text in SIZES],
    *[("speed-limit", text) for text in SIZES],
    *[("interval", text) for text in (*TIMES, "0", "0.09s", "61m")],
    *[("time-limit", text) for text in (*TIMES, "0", "0.5s", "366d")],
    *[("retry-delay", text) for text in (*TIMES, "601s", "1h")],
    *[("retention", text) for text in (*TIMES, "59m", "3651d")],
    *[("disk-high", text) for text in PERCENTAGES],
    *[("disk-low", text) for text in PERCENTAGES],
    *[("schemes", text) for text in ("file", "http,gopher", "http://", ",", "http # only")],
    *[("ports", text) for text in ("0", "65536", "-1", "http", "80-90", "80,x", ",", "8_0", "80 # web")],
    *[
        ("allow-addresses", text)
        for text in (
            *("10.0.0.5", "nas.example", "nas.example:", "nas.example:0", "nas.example:65536", "nas.example:http"),
            *("10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/255.0.0.0", "fd00::/129", "fe80::%1/64"),
            *("::1:80", "[::1]", "[nonsense]:80", "[fe80::1%1]:80", "10.0.0.300:80", "127.1:80", "0x7f.1:80"),
            *(
                "127.0.0.0/8",
                "127.0.0.1/32",
                "::1/128",
                "169.254.0.0/16",
                "fe80::/64",
                "224.0.0.0/4",
                "::ffff:127.0.0.0/104",
            ),
            *("http://nas.example:80", "user@nas.example:80", "*.example:80", "-a:80", "a..b:80", "a:80; b"),
        )
    ],
    *[
        ("deny-hosts", text)
        for text in (
            *("bad.example:80", "*.bad.example", ".bad.example", "-bad", "bad..example", "http://bad.example"),
            *("10.0.0.300", "127.1", "0x7f000001", "2130706433", "10.0.0.1/8", "10.0.0.0/33", "[::1]", "fe80::1%1"),
            *("a" * 64, ".".join(["a" * 60] * 5), "bad.example # them"),
        )
    ],
    *[
        (option, text)
        for option in ("mime-allow", "mime-deny")
        for text in ("[]a]", "image", "!image/vnd.adobe.photoshop, image/*", "image/*; text/*", "image/* # pictures")
    ],
    *[("run-as", text) for text in ("root", "0", "00", "no body", "-x", "a/b", "1000:1000", "x" * 34, "ünal")],
    *[("cookies", text) for text in ("some", "2")],
    *[("notify", text) for text in ("2", "maybe", "false # never")],
    *[("storage", text) for text in ("s3", "Folder", "seafile # best")],
]


@pytest.mark.parametrize(("option", "text"), BAD)
def test_a_bad_value_is_one_sentence_that_names_everything(option, text):
    with pytest.raises(SettingsError) as caught:
        read(option, text)
    error = caught.value
    allowed = error.reason_args["allowed"]
    assert str(error) == f"[OFFLINE DOWNLOAD] {option} = {text}: {allowed}."
    assert allowed.endswith((" is allowed", "with s, m, h or d", "kb, mb, gb or tb"))
    assert error.stage is Stage.SETTINGS


def test_every_option_but_plain_texts_and_lists_can_be_wrong():
    free = {"tempdir", "upstream-proxy", "ca-certificate", "mime-allow", "mime-deny"}
    free |= {"aria2c", "database", "library", "node", "webhook-url", "webhook-secret"}
    # Nobody else may see what stands there.
    free |= {"metrics-token"}
    assert {option for option, _ in BAD} | free == set(OPTIONS)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("workers", "a whole number from 1 to 512 is allowed"),
        ("connections", "a whole number from 1 to 16 is allowed"),
        ("interval", "a time from 0.1s to 1h is allowed, as a number with s, m, h or d"),
        ("max-size", "a size is allowed, as a number with b, kb, mb, gb or tb"),
        ("schemes", "a list of http, https, ftp is allowed"),
        ("ports", "a list of port numbers from 1 to 65535 is allowed"),
        ("allow-addresses", "a list of host:port, address:port and private networks like 192.168.7.0/24 is allowed"),
        ("deny-hosts", "a list of host names, IP addresses and networks like 192.168.7.0/24 is allowed"),
        ("run-as", "the name or number of a user, not root, is allowed"),
        ("disk-high", "a percentage from 1% to 100% is allowed"),
        ("storage", "seafile or folder is allowed"),
        ("enabled", "true or false is allowed"),
    ],
)
def test_the_words_for_what_is_allowed(option, words):
    with pytest.raises(SettingsError, match=re.escape(words)):
        read(option, "?")


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter2@proxy.example:3128",
        "socks5://user:hunter2@proxy.example",
        "user:hunter2@proxy.example:3128",
        "http://user:hunter2@proxy.example:0",
        "http://user:hunter2@proxy.example:3128/path",
        "http://user:hunter2@proxy.example:3128?x",
        "http://user:hunt er2@proxy.example",
        "http://user:hunter2@",
        "http://user:hunter2@127.1:3128",
        "hunter2",
        "ENV hunter2",
    ],
)
def test_a_proxy_that_cannot_be_used_is_refused_without_its_password(url):
    with pytest.raises(SettingsError) as caught:
        read("upstream-proxy", url)
    assert str(caught.value) == (
        "[OFFLINE DOWNLOAD] upstream-proxy = ***: http://host:port or http://user:password@host:port or env is allowed."
    )
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "token", ["hunter2", "x" * 201, "hunter2 hunter2 hunter2", "hunter2hunter2ü", "hunter2hunter2;;"]
)
def test_a_token_that_is_short_or_fits_no_header_is_refused_unseen(token):
    with pytest.raises(SettingsError) as caught:
        read("metrics-token", token)
    assert str(caught.value) == (
        "[OFFLINE DOWNLOAD] metrics-token = ***: a word of 16 to 200 letters, digits and - . _ ~ + / = is allowed."
    )
    assert "hunter2" not in repr(Settings(metrics_token="hunter2" * 3))


@pytest.mark.parametrize(
    "url",
    [
        "hooks.example/hunter2",
        "ftp://hooks.example/hunter2",
        "https://",
        "https:///hunter2",
        "https://hooks.example:0/hunter2",
        "https://hooks.example:99999/hunter2",
        "https://hooks.example/hunt er2",
        "https://hooks.example/#hunter2",
        "https://10.0.0.256/hunter2",
        "https://a@b@hooks.example/hunter2",
        "https://hooks.example/hünter2",
    ],
)
def test_a_webhook_that_cannot_be_told_is_refused_without_its_secrets(url):
    with pytest.raises(SettingsError) as caught:
        read("webhook-url", url)
    assert str(caught.value) == (
        "[OFFLINE DOWNLOAD] webhook-url = ***: http://host/path or https://host:port/path is allowed."
    )
    assert caught.value.__cause__ is None


def test_the_proxy_of_the_environment_is_asked_for_by_name():
    settings = Settings(upstream_proxy="env")
    assert settings.proxy_url({"HTTPS_PROXY": "http://a:1", "https_proxy": "http://b:2"}) == "http://a:1"
    assert settings.proxy_url({"HTTPS_PROXY": "", "https_proxy": "http://b:2"}) == "http://b:2"
    assert Settings(upstream_proxy="http://c:3").proxy_url({"HTTPS_PROXY": "http://a:1"}) == "http://c:3"
    assert Settings().proxy_url({"HTTPS_PROXY": "http://a:1"}) == ""


@pytest.mark.parametrize("environment", [{}, {"HTTPS_PROXY": ""}, {"HTTPS_PROXY": "socks5://u:hunter2@a:1"}])
def test_an_environment_without_a_proxy_is_refused(environment):
    with pytest.raises(SettingsError) as caught:
        Settings(upstream_proxy="env").proxy_url(environment)
    assert str(caught.value) == ("[OFFLINE DOWNLOAD] upstream-proxy = env: HTTPS_PROXY = http://host:port must be set.")


def test_the_low_mark_is_not_above_the_high_one():
    with pytest.raises(SettingsError) as caught:
        Settings.from_config(config_of("disk-low = 90%\ndisk-high = 80%"))
    assert str(caught.value) == "[OFFLINE DOWNLOAD] disk-low = 90%: at most disk-high (80%) is allowed."
    with pytest.raises(SettingsError):
        Settings.from_config(config_of("disk-low = 96"))
    assert Settings.from_config(config_of("disk-low = 80\ndisk-high = 80")).disk_low == 80


@given(st.sampled_from(OPTIONS), st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12))
def test_any_value_is_taken_or_refused_with_a_sentence(option, text):
    config = RawConfigParser(delimiters=("=",), comment_prefixes=None, strict=False)
    config.add_section(SECTION)
    config.set(SECTION, option, text)
    try:
        Settings.from_config(config)
    except SettingsError as error:
        assert str(error).startswith(f"[{SECTION}] {option} = ")  # noqa: PT017 (either is right)


# --- configuration objects of every host --------------------------------------------------------------


@pytest.mark.parametrize("parser", [ConfigParser, RawConfigParser])
def test_percent_signs_are_read_as_they_stand(parser):
    config = config_of("disk-high = 97%\ndatabase = mysql://u:100%@h/d\nwebhook-secret = %(enabled)s", parser)
    settings = Settings.from_config(config)
    assert (settings.disk_high, settings.database) == (97.0, "mysql://u:100%@h/d")
    assert settings.webhook_secret == "%(enabled)s"


def test_inline_comments_are_gone_where_the_host_takes_them_away():
    config = config_of("workers = 7 # seven", inline_comment_prefixes="#")
    assert Settings.from_config(config).workers == 7


def test_an_option_without_a_value_is_the_default():
    assert Settings.from_config(config_of("workers", allow_no_value=True)).workers == 4


def test_no_section_is_all_defaults():
    assert Settings.from_config(ConfigParser()) == Settings()
    assert not Settings().enabled


def test_names_are_read_in_any_case():
    assert Settings.from_config(config_of("WORKERS = 7\nMax-Size = 1")).workers == 7


def test_the_defaults_of_a_file_count_too():
    config = ConfigParser()
    config.read_string(f"[DEFAULT]\nworkers = 7\n[{SECTION}]\nenabled = true")
    assert Settings.from_config(config).workers == 7


def test_a_host_may_bring_defaults_of_its_own_which_the_file_beats():
    config = config_of("workers = 7")
    settings = Settings.from_config(config, workers=2, interval=1.0)
    assert (settings.workers, settings.interval) == (7, 1.0)


def test_reading_changes_nothing_in_the_hosts_configuration():
    config = config_of("workers = 7")
    before = {section: dict(config[section]) for section in config}
    Settings.from_config(config)
    unknown_options(config)
    assert {section: dict(config[section]) for section in config} == before


def test_settings_never_change_and_are_named():
    with pytest.raises(FrozenInstanceError):
        Settings().workers = 5
    with pytest.raises(TypeError):
        Settings(True)


@pytest.mark.parametrize("option", ["database", "upstream-proxy", "webhook-url", "webhook-secret"])
def test_secrets_are_not_shown(option):
    settings = Settings.from_config(config_of(f"{option} = http://user:hunter2@example.com"))
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings)
    assert "workers=4" in repr(settings)


# --- what nobody reads --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "ending"),
    [
        ("worker", " is not an option of ours and is ignored; did you mean workers?"),
        ("max_size", " is not an option of ours and is ignored; did you mean max-size?"),
        ("maxsize", " is not an option of ours and is ignored; did you mean max-size?"),
        ("qqqq", " is not an option of ours and is ignored."),
    ],
)
def test_an_option_that_nobody_reads_is_told(option, ending):
    assert unknown_options(config_of(f"{option} = 1\nworkers = 2")) == [f"[OFFLINE DOWNLOAD] {option}{ending}"]


def test_what_everybody_inherits_is_not_told():
    config = ConfigParser()
    config.read_string(f"[DEFAULT]\nhome = /\n[{SECTION}]\nenabled = true")
    assert unknown_options(config) == []
    assert unknown_options(ConfigParser()) == []


# --- the sample ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("parser", [ConfigParser, RawConfigParser])
def test_the_sample_only_switches_it_on(parser):
    config = parser()
    config.read_string(SAMPLE.read_text(encoding="utf-8"))
    assert config.sections() == [SECTION]
    assert Settings.from_config(config) == Settings(enabled=True)
    assert unknown_options(config) == []


def test_the_sample_holds_every_option_once_with_its_default():
    text = re.sub(r"^#(?=[a-z])", "", SAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    config = ConfigParser()  # strict: an option that stands there twice is an error
    config.read_string(text)
    assert set(config.options(SECTION)) == set(OPTIONS)
    assert config.options(SECTION)[0] == "enabled"
    for option in OPTIONS:
        default = getattr(Settings(), option.replace("-", "_"))
        value = config.get(SECTION, option, raw=True)
        assert read(option, value) == (True if option == "enabled" else default)
        assert bool(value) == (default not in ("", ())), option


def test_the_sample_has_a_remark_above_every_option_and_none_behind():
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    for before, line in pairwise(lines):
        if re.match(r"#?[a-z0-9-]+ =", line):
            assert before.startswith("# "), line
            assert "#" not in line[1:], line
        else:
            assert line == "" or line.startswith(("#", "[")), line
