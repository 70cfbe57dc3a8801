"""What `tandem doctor` finds out of Business Central: three requests, with push four.

Source: business-central-api.md §1, §2, §6, §7, §9.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import httpx

from shared.adapters.business_central_line import COMPANIES, FRESH, choose_company
from shared.adapters.doctor_clock import asked
from shared.adapters.odata import BC, Answer, encode, told
from shared.adapters.webhooks import ROUTE, path_of_possible, possible_in, subscription_of
from shared.core.doctor import BcFacts, SignIn
from shared.core.errors import Misconfigured, Transient
from shared.ports import Clock

#: Prices that are looked at; a pitfall shows in these or hardly matters.
PRICES = 5000
#: Topic → what is read of the company for it. Of one topic several sets may tell.
TOPICS: tuple[tuple[str, str], ...] = (
    ("setup", "generalLedgerSetup?$select=lcyCode"),
    ("currencies", "currencies?$select=code,exchangeRateAmount,relationalExchangeRateAmount"),
    ("groups", "customerPriceGroups?$select=code"),
    (
        "prices",
        "salesPrices?$filter=salesType eq 'Customer_x0020_Price_x0020_Group'&$select=salesCode,itemNumber,"
        f"startingDate,currencyCode,variantCode,unitOfMeasureCode,minimumQuantity&$top={PRICES}",
    ),
    ("price_lists", "priceListHeaders?$filter=status ne 'Draft'&$select=code"),
    (
        "price_list_lines",
        "priceListLines?$filter=priceType eq 'Sale' and amountType eq 'Price'"
        f"&$select=priceListCode,lineNumber,currencyCode&$top={PRICES}",
    ),
    ("series", "salesSetup?$select=customerNumbers,quoteNumbers,orderNumbers"),
    ("archiving", "salesSetup?$select=archiveOrders"),
    ("series", "marketingSetup?$select=contactNumbers,opportunityNumbers"),
)


@dataclass(frozen=True, kw_only=True)
class BusinessCentralLook:
    """Args:
    root: Root of the API, up to and including the environment, without `/api`.
    company: Id or name of the company; "" for the only one.
    secret: That webhooks should send; "" while push is off.
    """

    http: httpx.Client
    root: str
    company: str
    clock: Clock
    secret: str = ""

    def look(self, *, sets: Sequence[str], codes: Mapping[str, str]) -> BcFacts:
        """Find out everything; what fails is told in the facts.

        Args:
            sets: Sets that must be readable.
            codes: Mapping → path and query of the codes that want an option in Sales.
        """
        headers = {"Accept": "application/json", **FRESH}
        try:
            first = asked(self.clock, lambda: self._get(f"api/v2.0/{COMPANIES}", headers))
        except Misconfigured as problem:
            return BcFacts(sign_in=SignIn(refused=str(problem)))
        except Transient as problem:
            return BcFacts(sign_in=SignIn(silent=str(problem)))
        facts = BcFacts(skew=first.skew)
        match first.answer.status:
            case 401:
                said = f"{BC} does not accept the application's token ({first.answer.code or 401})"
                return replace(facts, sign_in=SignIn(refused=said))
            case 403:
                return replace(facts, forbidden=f"the application has no permissions: {told(first.answer)}")
            case 200 if isinstance(first.answer.body, Mapping):
                companies = list(first.answer.body["value"])
            case status:
                return replace(facts, sign_in=SignIn(silent=f"{BC} answered {status} to companies"))
        facts = replace(facts, companies=tuple(str(c["name"]) for c in companies))
        try:
            found = choose_company(companies, self.company)
        except Misconfigured as problem:
            return replace(facts, company_problem=str(problem))
        facts = self._in_company(replace(facts, company_id=found), sets, codes)
        return self._webhooks(facts) if facts.companion else facts

    def _get(self, path: str, headers: Mapping[str, str]) -> httpx.Response:
        return self.http.get(f"{self.root}/{path}", headers=dict(headers))

    def _in_company(self, facts: BcFacts, sets: Sequence[str], codes: Mapping[str, str]) -> BcFacts:
        topics = [*TOPICS, *((f"codes:{name}", path) for name, path in codes.items())]
        reads = [f"{name}?$select=id&$top=1" for name in sets]
        paths = ["syncState?$select=companionVersion", *(path for _, path in topics), *reads]
        requests = [
            {"id": str(n), "method": "GET", "url": f"companies({facts.company_id})/{path}", "headers": FRESH}
            for n, path in enumerate(paths)
        ]
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        headers["Prefer"] = "odata.continue-on-error"
        content = encode({"requests": requests})
        url = f"{self.root}/api/tandem/sync/v1.0/$batch"
        try:
            answer = asked(self.clock, lambda: self.http.post(url, headers=headers, content=content)).answer
        except (Misconfigured, Transient) as problem:
            return replace(facts, troubles={"companion": str(problem)})
        if answer.status == 404:
            return replace(facts, companion="")
        if answer.status == 403:
            return replace(facts, forbidden=f"the companion's pages are refused: {told(answer)}")
        if answer.status != 200 or not isinstance(answer.body, Mapping):
            return replace(facts, troubles={"companion": f"{BC} answered {answer.status} to $batch"})
        parts = {
            str(p["id"]): Answer(status=int(p["status"]), body=p.get("body"))
            for p in answer.body["responses"]
        }
        answers = [parts.get(str(n), Answer(status=503)) for n in range(len(paths))]
        state, told_topics, read = answers[0], answers[1 : 1 + len(topics)], answers[1 + len(topics) :]
        rows: dict[str, tuple[Mapping[str, Any], ...]] = {}
        troubles: dict[str, str] = {}
        for (topic, path), part in zip(topics, told_topics, strict=True):
            if part.status == 200:
                rows[topic] = (*rows.get(topic, ()), *part.body["value"])
            else:
                troubles[topic] = f"{path.partition('?')[0]} cannot be read: {told(part)}"
        if state.status != 200:
            troubles["companion"] = f"syncState cannot be read: {told(state)}"
        return replace(
            facts,
            rows={topic: found for topic, found in rows.items() if topic not in troubles},
            troubles=troubles,
            companion=_version(state),
            unreadable={name: told(p) for name, p in zip(sets, read, strict=True) if p.status != 200},
        )

    def _webhooks(self, facts: BcFacts) -> BcFacts:
        """Add who is told of changes, and while push is on of what BC can tell."""
        paths = {"subscriptions": f"{ROUTE}/subscriptions"}
        if self.secret:
            paths["possible"] = path_of_possible(facts.company_id)
        rows, troubles = dict(facts.rows), dict(facts.troubles)
        for topic, path in paths.items():
            try:
                get = partial(self._get, f"api/{path}", {"Accept": "application/json"})
                answer = asked(self.clock, get).answer
            except (Misconfigured, Transient) as problem:
                troubles[topic] = f"{path.partition('?')[0]} cannot be read: {problem}"
                continue
            if answer.status != 200 or not isinstance(answer.body, Mapping):
                troubles[topic] = f"{path.partition('?')[0]} cannot be read: {told(answer)}"
            elif topic == "possible":
                rows[topic] = tuple({"table": name} for name in sorted(possible_in(answer.body)))
            else:
                rows[topic] = tuple(self._subscriptions(answer.body, facts.company_id))
        return replace(facts, rows=rows, troubles=troubles)

    def _subscriptions(self, body: Mapping[str, Any], company_id: str) -> Iterator[Mapping[str, Any]]:
        for row in body["value"]:
            one = subscription_of(row, company_id=company_id, secret=self.secret)
            if one is not None:
                url = str(row["notificationUrl"])
                yield {"table": one.table, "url": url, "ends": one.expires_at, "current": one.current}


def _version(state: Answer) -> str | None:
    if state.status != 200 or not state.body["value"]:
        return None
    return str(state.body["value"][0]["companionVersion"])
