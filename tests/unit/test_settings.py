"""A missing or wrong setting stops start-up with one message that lists every problem."""

import pytest

from shared.core.errors import Misconfigured
from shared.settings import REQUIRED, Settings

GOOD = {name: "x" for name in REQUIRED} | {"BC_URL": "https://bc", "DATAVERSE_URL": "https://sales/"}


def test_all_missing_settings_are_named_at_once():
    with pytest.raises(Misconfigured) as caught:
        Settings.from_env({})

    assert [p.split()[0] for p in caught.value.problems] == list(REQUIRED)


@pytest.mark.parametrize(
    ("differs", "problem"),
    [
        ({"BC_URL": "http://bc"}, "BC_URL must start with https://"),
        ({"PAGE_SIZE": "many"}, "PAGE_SIZE must be a number, not 'many'"),
        ({"PAGE_SIZE": "9000"}, "PAGE_SIZE must be from 1 to 5000, not 9000"),
        ({"CLIENT_SECRET": "@Microsoft.KeyVault(SecretUri=x)"}, "CLIENT_SECRET is a Key Vault reference"),
    ],
)
def test_a_wrong_setting_says_what_and_the_limit(differs, problem):
    with pytest.raises(Misconfigured, match=problem.replace("(", r"\(")):
        Settings.from_env(GOOD | differs)


def test_good_settings_are_read_and_secrets_are_not_shown():
    settings = Settings.from_env(GOOD | {"CLIENT_SECRET": "hush-hush"})

    assert settings.dataverse_url == "https://sales" and "hush-hush" not in repr(settings)
