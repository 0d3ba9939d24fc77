import pytest
from hypothesis import given
from hypothesis import strategies as st

from status_api.webhooks.addresses import read_networks
from status_api.webhooks.urls import InvalidWebhookUrlError, WebhookRules

PUBLIC = WebhookRules(limit=10)
LOCAL = WebhookRules(limit=10, plain_http=True, permitted=read_networks("127.0.0.0/8"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://hooks.example.org/a?b=c", "https://hooks.example.org/a?b=c"),
        ("https://hooks.example.org", "https://hooks.example.org"),
        ("HTTPS://Hooks.Example.org:8443/", "https://hooks.example.org:8443/"),
        ("https://8.8.8.8/x", "https://8.8.8.8/x"),
    ],
)
def test_a_public_https_url_is_taken(url: str, expected: str) -> None:
    assert PUBLIC.check(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.org",
        "//hooks.example.org/",
        "http://hooks.example.org/",
        "ftp://hooks.example.org/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://user:secret@hooks.example.org/",
        "https://hooks.example.org/#part",
        "https://hooks.example.org:0/",
        "https://hooks.example.org:99999/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1:8443/",
        "https://a b.example/",
        "https://hooks.example.org*",
        "https://{hooks}.example.org/",
        "https://hooks.example.org/\r\nHost: x",
        "https://hooks.example.org/\0",
        "https://hooks.example.org/" + "x" * 2000,
    ],
)
def test_what_can_never_be_posted_to_is_refused(url: str) -> None:
    with pytest.raises(InvalidWebhookUrlError):
        PUBLIC.check(url)


@given(
    st.from_regex(
        r"https://([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}(:[1-9][0-9]{0,3})?"
        r"([/?][!-\"$-;=?-Z_a-z~]*)?",
        fullmatch=True,
    )
)
def test_the_url_of_a_name_is_taken(url: str) -> None:
    assert PUBLIC.check(url)


def test_a_deployment_may_let_its_own_network_in() -> None:
    assert LOCAL.check("http://127.0.0.1:9000/hook") == "http://127.0.0.1:9000/hook"
    with pytest.raises(InvalidWebhookUrlError):
        LOCAL.check("http://10.0.0.1/")
