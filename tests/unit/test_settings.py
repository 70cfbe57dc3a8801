"""A missing or wrong setting stops start-up with one message that lists every problem."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from shared.core.errors import Misconfigured
from shared.settings import BY_IDENTITY, REQUIRED, Settings, as_switched

GOOD = {name: "x" for name in REQUIRED} | {
    "BC_URL": "https://bc",
    "DATAVERSE_URL": "https://sales/",
    "CLIENT_SECRET": "x",
}


@pytest.mark.peer("setup-005")
def test_all_missing_settings_are_named_at_once():
    with pytest.raises(Misconfigured) as caught:
        Settings.from_env({})

    *missing, credential = caught.value.problems
    assert [p.split()[0] for p in missing] == list(REQUIRED)
    assert credential == (
        "exactly one of CLIENT_SECRET, CLIENT_CERTIFICATE, FEDERATED_IDENTITY_CLIENT_ID must be set; none is set"
    )


PUSH = {"PUSH": "on", "WEBHOOK_URL": "https://tandem/api/webhooks/bc", "WEBHOOK_SECRETS": "x" * 32}


def test_push_is_off_unless_it_is_asked_for_and_takes_a_new_secret_beside_the_old():
    assert not Settings.from_env(GOOD).push
    settings = Settings.from_env(GOOD | PUSH | {"WEBHOOK_SECRETS": f"{'n' * 40} {'o' * 40}"})

    assert settings.push and settings.webhook_secrets == ("n" * 40, "o" * 40)
    assert "nnn" not in repr(settings)


@pytest.mark.parametrize(
    ("differs", "problem"),
    [
        ({"BC_URL": "http://bc"}, "BC_URL must start with https://"),
        ({"PAGE_SIZE": "many"}, "PAGE_SIZE must be a number, not 'many'"),
        ({"PAGE_SIZE": "9000"}, "PAGE_SIZE must be from 1 to 5000, not 9000"),
        ({"SALES_ORDERS": "yes"}, "SALES_ORDERS must be one of off, by_hand, on, not 'yes'"),
        ({"ORDERS_USER": "somebody"}, "ORDERS_USER must be CLIENT_ID or one of MORE_CLIENTS"),
        ({"ORDER_STATUS": "maybe"}, "ORDER_STATUS must be one of on, off, not 'maybe'"),
        ({"WRITE_IN_TYPE": "bundle", "WRITE_IN_NUMBER": "W"}, "WRITE_IN_TYPE must be one of item, resource"),
        ({"WRITE_IN_NUMBER": "W"}, "WRITE_IN_TYPE and WRITE_IN_NUMBER go together"),
        ({"FREIGHT_ACCOUNT": "6" * 21}, "FREIGHT_ACCOUNT must be at most 20 characters"),
        ({"AVAILABILITY": "on"}, "AVAILABILITY is on, and AVAILABILITY_KEY is missing"),
        (
            {"AVAILABILITY": "on", "AVAILABILITY_KEY": "k", "API_KEY_READ": "k"},
            "AVAILABILITY_KEY must be a key of its own",
        ),
        ({"BC_PERMITS": "0"}, "BC_PERMITS must be from 1 to 100, not 0"),
        ({"BC_PERMITS": "2.5"}, "BC_PERMITS must be a whole number, not 2.5"),
        ({"HISTORY_DAYS": "never"}, "HISTORY_DAYS must be a number, not 'never'"),
        ({"JOBS_DAYS": "-1"}, "JOBS_DAYS must be from 1 to 3650, not -1"),
        ({"RUNS_KEEP": "nan"}, "RUNS_KEEP must be from 1 to 1000, not nan"),
        ({"CLIENT_CERTIFICATE": "/x.pem"}, "CLIENT_SECRET and CLIENT_CERTIFICATE are set"),
        ({"PUSH": "yes"}, "PUSH must be on or off, not 'yes'"),
        (PUSH | {"WEBHOOK_URL": ""}, "WEBHOOK_URL must start with https://"),
        (PUSH | {"WEBHOOK_URL": "http://tandem"}, "WEBHOOK_URL must start with https://"),
        (PUSH | {"WEBHOOK_SECRETS": "short"}, "WEBHOOK_SECRETS must be one secret"),
        (PUSH | {"WEBHOOK_SECRETS": "x" * 201}, "WEBHOOK_SECRETS must be one secret"),
        (PUSH | {"WEBHOOK_SECRETS": " ".join(["x" * 32] * 3)}, "WEBHOOK_SECRETS must be one secret"),
        (PUSH | {"WEBHOOK_SECRETS": "@Microsoft.KeyVault(x)"}, "WEBHOOK_SECRETS is a Key Vault reference"),
        ({"CLIENT_SECRET": "@Microsoft.KeyVault(SecretUri=x)"}, "CLIENT_SECRET is a Key Vault reference"),
        ({"API_KEY_READ": "same", "API_KEY_ADMIN": "same "}, "API_KEY_READ and API_KEY_ADMIN must differ"),
        (
            {"AVAILABILITY": "on", "AVAILABILITY_KEY": "@Microsoft.KeyVault(SecretUri=x)"},
            "AVAILABILITY_KEY is a Key Vault reference",
        ),
    ],
)
def test_a_wrong_setting_says_what_and_the_limit(differs, problem):
    with pytest.raises(Misconfigured, match=problem.replace("(", r"\(")):
        Settings.from_env(GOOD | differs)


@pytest.mark.peer("setup-011")
@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("api.contoso.com/v2.0/T/Production", "https://api.contoso.com/v2.0/T/Production"),
        (" API.Contoso.com/v2.0/T/Production/ ", "https://api.contoso.com/v2.0/T/Production"),
        ("HTTPS://api.contoso.com", "https://api.contoso.com"),
    ],
)
def test_an_address_without_https_gets_it_and_upper_and_lower_case_do_not_matter(given, read):
    assert Settings.from_env(GOOD | {"BC_URL": given}).bc_url == read


def test_good_settings_are_read_and_secrets_are_not_shown():
    settings = Settings.from_env(GOOD | {"CLIENT_SECRET": "hush-hush"})

    assert settings.dataverse_url == "https://sales" and "hush-hush" not in repr(settings)


AT_AZURE = {
    "TABLES_ENDPOINT": "https://account.table.core.windows.net/",
    "ServiceBusConnection__fullyQualifiedNamespace": "name.servicebus.windows.net",
    "AZURE_CLIENT_ID": "an identity",
}


def test_addresses_stand_in_for_connection_strings_where_an_identity_signs_in():
    settings = Settings.from_env({n: v for n, v in GOOD.items() if n not in BY_IDENTITY} | AT_AZURE)

    assert settings.tables_endpoint == "https://account.table.core.windows.net"
    assert settings.service_bus_namespace == "name.servicebus.windows.net"
    assert settings.azure_client_id == "an identity"
    assert (settings.tables_connection_string, settings.service_bus_connection) == ("", "")


@pytest.mark.parametrize("name", BY_IDENTITY)
def test_a_connection_string_beside_an_address_is_refused_as_the_host_would_take_the_string(name):
    with pytest.raises(Misconfigured, match=f"{name} and {BY_IDENTITY[name]} are both set"):
        Settings.from_env(GOOD | AT_AZURE)


def test_more_application_users_come_with_their_secrets_or_share_the_certificate():
    by_secret = Settings.from_env(GOOD | {"MORE_CLIENTS": "two=hush; "})
    shared = GOOD | {"CLIENT_SECRET": "", "CLIENT_CERTIFICATE": "/x.pem", "MORE_CLIENTS": "three;four"}

    assert by_secret.more_clients == (("two", "hush"),) and "hush" not in repr(by_secret)
    assert Settings.from_env(shared).more_clients == (("three", ""), ("four", ""))


@pytest.mark.parametrize(
    ("differs", "problem"),
    [
        ({"MORE_CLIENTS": "two"}, "form client id=secret, separated by ';'; part 1 is not"),
        ({"MORE_CLIENTS": "two=hush;=hush"}, "part 2 is not"),
        (
            {"CLIENT_SECRET": "", "CLIENT_CERTIFICATE": "/x.pem", "MORE_CLIENTS": "a=hush"},
            "form client id, as all sign in alike",
        ),
    ],
)
def test_half_an_application_user_is_refused(differs, problem):
    with pytest.raises(Misconfigured, match=problem) as caught:
        Settings.from_env(GOOD | differs)

    assert "hush" not in str(caught.value)


def test_all_wrong_numbers_are_named_at_once():
    wrong = {name: "x" for name in ("PAGE_SIZE", "BC_PERMITS", "HISTORY_DAYS", "JOBS_DAYS", "RUNS_KEEP")}

    with pytest.raises(Misconfigured) as caught:
        Settings.from_env(GOOD | wrong)

    assert [p.split()[0] for p in caught.value.problems] == list(wrong)


def test_missing_and_wrong_settings_of_every_kind_are_named_in_one_message():
    wrong = {
        "BC_URL": "http://bc",
        "DATAVERSE_URL": " ",
        "CLIENT_SECRET": "@Microsoft.KeyVault(SecretUri=x)",
        "API_KEY_ADMIN": "@Microsoft.KeyVault(SecretUri=y)",
        "PAGE_SIZE": "0",
        "LEASE_SECONDS": "soon",
    }

    with pytest.raises(Misconfigured) as caught:
        Settings.from_env(GOOD | wrong)

    assert sorted(p.split()[0] for p in caught.value.problems) == sorted(wrong)
    assert all(name in str(caught.value) for name in wrong)


def test_the_example_shows_every_setting_and_its_default():
    """Whoever sets Tandem up copies the example, so what it leaves out stays unknown."""
    values = json.loads((Path(__file__).parents[2] / "local.settings.example.json").read_text())["Values"]
    given = Settings.from_env(GOOD | {n: v for n, v in values.items() if n not in GOOD})

    assert given == Settings.from_env(GOOD)
    named = {f.name.upper() for f in fields(Settings)} - {
        "SERVICE_BUS_CONNECTION",
        "SERVICE_BUS_NAMESPACE",
        "SCHEDULES",
    }
    named |= {"ServiceBusConnection", "ServiceBusConnection__fullyQualifiedNamespace"}
    assert named <= set(values)


@pytest.mark.peer("setup-015")
def test_users_sign_in_at_the_public_cloud_unless_told_otherwise():
    assert Settings.from_env(GOOD).login_url == "https://login.microsoftonline.com"
    assert Settings.from_env(GOOD | {"LOGIN_URL": "https://login.other/"}).login_url == "https://login.other"


@pytest.mark.parametrize(
    ("switch", "word", "has"),
    [
        ("", "off", "on"),
        ("NOTES", "off", "off"),
        ("NOTES", "on", "on"),
        ("SALES_ORDERS", "by_hand", "by_hand"),
        ("OWNERSHIP=person", "person", "on"),
        ("OWNERSHIP=person", "team", "off"),
    ],
)
def test_a_mapping_is_on_while_its_setting_has_the_word_that_it_asks_for(switch, word, has):
    assert as_switched(switch, lambda name: word) == has


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"OWNERSHIP": "company"}, "OWNERSHIP must be one of person, team, not 'company'"),
        ({"OWNERSHIP": "team"}, "OWNERSHIP is team, and OWNING_TEAM is missing"),
        ({"OWNING_TEAM": "Export"}, "OWNING_TEAM must be the id of a team in Sales, not 'Export'"),
    ],
)
def test_a_team_that_owns_is_named_by_its_id_R138(wrong, said):
    with pytest.raises(Misconfigured) as problem:
        Settings.from_env(GOOD | wrong)
    assert tuple(problem.value.problems) == (said,)


def test_orders_that_are_released_need_orders_S4():
    with pytest.raises(Misconfigured, match="RELEASE_ORDERS is on, and SALES_ORDERS is off"):
        Settings.from_env(GOOD | {"RELEASE_ORDERS": "on"})
    assert Settings.from_env(GOOD | {"RELEASE_ORDERS": "on", "SALES_ORDERS": "by_hand"})


def test_edits_of_orders_need_released_orders_and_no_updates_the_other_way():
    on = GOOD | {"ORDER_EDITS": "on", "SALES_ORDERS": "on"}
    with pytest.raises(Misconfigured, match="ORDER_EDITS is on, and RELEASE_ORDERS is not"):
        Settings.from_env(on)
    both = on | {"RELEASE_ORDERS": "on", "ORDER_UPDATES": "on"}
    with pytest.raises(Misconfigured, match="ORDER_EDITS and ORDER_UPDATES are both on"):
        Settings.from_env(both)
    assert Settings.from_env(both | {"ORDER_UPDATES": "off"}).order_edits == "on"
