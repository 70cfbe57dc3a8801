"""Set-up values of both systems that rules need (port `SetUp`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from shared.adapters.business_central import BusinessCentralRecords
from shared.adapters.dataverse import DataverseRecords
from shared.adapters.odata import BC, DATAVERSE
from shared.core.errors import Misconfigured
from shared.ports import Facts, local_currency_id


class SystemSetUp:
    """Reads what is set up, with one batch on each side, and one request for each integration user.

    Args:
        named: Facts that an administrator names in settings, by their names.
    """

    def __init__(
        self,
        bc: BusinessCentralRecords,
        sales: DataverseRecords,
        named: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self._bc = bc
        self._sales = sales
        self._named = named

    def facts(self) -> Facts:
        """Raises `Misconfigured` when a side was never set up."""
        [ledger] = self._bc.query(["generalLedgerSetup?$select=lcyCode"])
        organizations, currencies = self._sales.query(
            [
                "organizations?$select=_basecurrencyid_value,currencydecimalprecision,pricingdecimalprecision",
                "transactioncurrencies?$select=transactioncurrencyid,isocurrencycode",
            ]
        )
        problems = []
        if not ledger or not str(ledger[0]["lcyCode"]).strip():
            problems.append(f"{BC} has no local currency code in General Ledger Setup")
        if not organizations:
            problems.append(f"{DATAVERSE} has no organization row that the integration user may read")
        if problems:
            raise Misconfigured(problems)
        lcy_code = str(ledger[0]["lcyCode"]).strip().upper()
        organization = organizations[0]
        base_id = str(organization["_basecurrencyid_value"] or "").lower()
        iso_codes = {
            str(row["transactioncurrencyid"]).lower(): str(row["isocurrencycode"] or "").upper()
            for row in currencies
        }
        base_first = sorted(iso_codes, key=lambda currency_id: currency_id != base_id)
        precision = organization["currencydecimalprecision"]
        pricing = organization["pricingdecimalprecision"]
        facts = Facts(
            company_id=self._bc.company_id,
            lcy_code=lcy_code,
            base_currency_code=iso_codes.get(base_id, ""),
            # The base currency first: two rows with one code are not allowed, but happen in old data.
            lcy_currency_id=next((i for i in base_first if iso_codes[i] == lcy_code), ""),
            currency_precision=2 if precision is None else int(precision),
            bc_user_ids=self._bc.user_ids(),
            sales_user_ids=self._sales.user_ids(),
            pricing_precision=2 if pricing is None else int(pricing),
            **self._named,
        )
        return facts if facts.lcy_currency_id else replace(facts, lcy_currency_id=local_currency_id(facts))
