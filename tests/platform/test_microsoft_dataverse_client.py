"""Microsoft's own client `PowerPlatform-Dataverse-Client` works against the simulator, unmodified, over TLS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.core.credentials import AccessToken
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError
from PowerPlatform.Dataverse.models.upsert import UpsertItem

from sandbox.dataverse import DataverseSim
from sandbox.simkit import INTEGRATION, PEOPLE, TENANT, SimClock, TokenIssuer
from sandbox.simkit.run_dir import RunDir
from sandbox.simkit.server import serve_in_thread

AUDIENCE = "https://sales.test"


class Credential:
    """Tokens of the sandbox's own issuer; what the client hands in as scope is not ours to check."""

    def __init__(self, issuer: TokenIssuer) -> None:
        self._issuer = issuer

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        assert all(scope.endswith("/.default") for scope in scopes)
        return AccessToken(self._issuer.issue(INTEGRATION, AUDIENCE), 2**31)


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    return RunDir(Path(tmp_path_factory.mktemp("tls"))).prepare()


@pytest.fixture
def issuer() -> TokenIssuer:
    return TokenIssuer(tenant=TENANT)


@pytest.fixture
def sales(issuer: TokenIssuer) -> DataverseSim:
    return DataverseSim(clock=SimClock(), issuer=issuer, identities=(INTEGRATION, PEOPLE), audience=AUDIENCE)


@pytest.fixture
def client(
    sales: DataverseSim, issuer: TokenIssuer, run_dir: RunDir, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DataverseClient]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(run_dir.ca))
    with serve_in_thread(sales, run_dir) as server:
        with DataverseClient(server.origin, Credential(issuer)) as client:
            yield client


def test_create_read_update_delete(client: DataverseClient, sales: DataverseSim) -> None:
    row_id = client.records.create("account", {"name": "Adatum", "paymenttermscode": "Net 45"})
    assert isinstance(row_id, str)
    stored = sales.get("accounts", row_id)
    assert stored is not None and (stored["name"], stored["paymenttermscode"]) == ("Adatum", 3)
    assert client.records.get("account", row_id, select=["name"])["name"] == "Adatum"
    client.records.update("account", row_id, {"telephone1": "1"})
    assert sales.get("accounts", row_id)["telephone1"] == "1"  # type: ignore[index]
    client.records.delete("account", row_id)
    assert sales.get("accounts", row_id) is None
    with pytest.raises(HttpError) as refused:
        client.records.get("account", row_id)
    assert refused.value.status_code == 404


def test_list_follows_pages(client: DataverseClient, sales: DataverseSim) -> None:
    sales.load("accounts", [{"name": f"Account {n:02}", "accountnumber": str(n)} for n in range(25)])
    pages = list(
        client.records.get(
            "account", select=["name"], filter="accountnumber ne '3'", orderby=["name"], page_size=10
        )
    )
    assert [len(page) for page in pages] == [10, 10, 4]
    assert [row["name"] for page in pages for row in page] == [f"Account {n:02}" for n in range(25) if n != 3]


def test_create_multiple_update_multiple_and_delete_many(
    client: DataverseClient, sales: DataverseSim
) -> None:
    ids = client.records.create("account", [{"name": f"a{n}"} for n in range(3)])
    assert [sales.get("accounts", i)["name"] for i in ids] == ["a0", "a1", "a2"]  # type: ignore[index]
    client.records.update("account", ids, {"description": "same"})
    assert {row["description"] for row in sales.all("accounts")} == {"same"}
    client.records.update("account", ids[:2], [{"name": "b0"}, {"name": "b1"}])
    assert [sales.get("accounts", i)["name"] for i in ids] == ["b0", "b1", "a2"]  # type: ignore[index]
    client.records.delete("account", ids)
    assert sales.all("accounts") == []
    assert {"CreateMultiple", "UpdateMultiple", "BulkDelete"} <= set(sales.log.counts()["by_message"])


def test_upsert_by_alternate_key_alone_and_in_bulk(client: DataverseClient, sales: DataverseSim) -> None:
    client.tables.create_alternate_key("account", "sandbox_number", ["accountnumber"])
    assert [key.key_attributes for key in client.tables.get_alternate_keys("account")] == [["accountnumber"]]
    client.records.upsert("account", [UpsertItem({"accountnumber": "C1"}, {"name": "one"})])
    client.records.upsert(
        "account",
        [
            UpsertItem({"accountnumber": "C1"}, {"name": "first"}),
            UpsertItem({"accountnumber": "C2"}, {"name": "two"}),
        ],
    )
    assert {row["accountnumber"]: row["name"] for row in sales.all("accounts")} == {
        "C1": "first",
        "C2": "two",
    }


def test_metadata_look_ups(client: DataverseClient) -> None:
    table = client.tables.get("account")
    assert table is not None
    assert (table.entity_set_name, table.primary_id_attribute) == ("accounts", "accountid")
    assert client.tables.get("nothing") is None
    names = {row["LogicalName"] for row in client.tables.list()}
    assert {"account", "contact", "transactioncurrency", "systemuser"} <= names
    columns = {row["LogicalName"]: row for row in client.tables.list_columns("contact")}
    assert columns["lastname"]["AttributeType"] == "String"


def test_a_batch_with_a_change_set(client: DataverseClient, sales: DataverseSim) -> None:
    batch = client.batch.new()
    with batch.changeset() as changes:
        account = changes.records.create("account", {"name": "a"})
        changes.records.create("contact", {"lastname": "c", "parentcustomerid_account@odata.bind": account})
    batch.records.list("account", select=["name"])
    result = batch.execute()
    assert not result.has_errors
    (contact,) = sales.all("contacts")
    assert contact["_parentcustomerid_value"] == sales.all("accounts")[0]["accountid"]
