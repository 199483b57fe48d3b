"""What a JSON Schema cannot say about a valid request, so that Schemathesis can hold us to accepting valid ones.

Requests meant to be invalid go out as generated, but for members that would count as absent.
"""

import base64
import hashlib
import hmac
import itertools
import json
import os
import time
import uuid

import schemathesis
from requests.auth import AuthBase
from schemathesis.generation.meta import TestPhase

with open(os.environ["HOLDFAST_FUZZ"], encoding="utf-8") as file:
    GIVEN = json.load(file)

KNOWN_MEMBERS = {
    name for schema in GIVEN["document"]["components"]["schemas"].values() for name in schema.get("properties", {})
}
MAX_SAFE_INTEGER = 2**53 - 1
MAX_SEATS = 100_000
TIME_ZONES = ["UTC", "Europe/Prague", "America/Argentina/Buenos_Aires", "Asia/Kathmandu"]
# The pattern of an address allows more than we take.
ADDRESSES = ["ada@example.org", "user@xn--e1afmkfd.xn--p1ai", "user@пример.рф", "a&b@example.org"]
MAX_LOCAL = 64

turn = itertools.count()


class StandardSignature(AuthBase):
    """Signs the bytes that are really sent, as a provider would."""

    def __call__(self, request):
        body = as_bytes(request.body)
        message_id, now = f"msg_{uuid.uuid4()}", str(int(time.time()))
        secret = base64.b64decode(GIVEN["secrets"]["standard"].removeprefix("whsec_"))
        digest = hmac.new(secret, f"{message_id}.{now}.".encode() + body, hashlib.sha256).digest()
        signature = f"v1,{base64.b64encode(digest).decode()}"
        request.headers.update({"webhook-id": message_id, "webhook-timestamp": now, "webhook-signature": signature})
        return request


class StripeSignature(AuthBase):
    """Signs the bytes that are really sent, as Stripe does."""

    def __call__(self, request):
        now = int(time.time())
        signed = f"{now}.".encode() + as_bytes(request.body)
        digest = hmac.new(GIVEN["secrets"]["stripe"].encode(), signed, hashlib.sha256).hexdigest()
        request.headers["Stripe-Signature"] = f"t={now},v1={digest}"
        return request


def as_bytes(body):
    return body.encode() if isinstance(body, str) else body or b""


def one_of(choices):
    return choices[next(turn) % len(choices)]


def name_of(text):
    """A name has a character that shows; a pattern cannot list all that do not."""
    return text if any(char.isalnum() and char.isascii() for char in text) else f"{text[:-1]}x"


def address_of(text):
    """A pattern cannot say which texts are a domain in another script, nor which are Punycode."""
    domain = text.rpartition("@")[2]
    is_plain = text.isascii() and not any(label.lower().startswith("xn--") for label in domain.split("."))
    return text if is_plain and text.index("@") <= MAX_LOCAL else one_of(ADDRESSES)


def make_event_consistent(event):
    """Rules between the fields of an event: references, order, sums, unique names."""
    event["name"] = name_of(event["name"])
    if event.get("venue"):
        event["venue"] = name_of(event["venue"])
    for category in event["categories"]:
        category["name"] = name_of(category["name"])
    # Another event's hall has seats that only the system knows.
    event.pop("sectionsFrom", None)
    if not event.get("sections"):
        event.pop("sections", None)
        event["sectionsLater"] = True
    for index, category in enumerate(event["categories"]):
        if index > 0:
            category["code"] = f"c{index}"
    make_prices_consistent(event)
    codes = [category["code"] for category in event["categories"]]
    make_sections_consistent(event.get("sections") or [], codes)
    for name in ("startsAt", "salesOpenAt", "salesCloseAt"):
        if event.get(name) and not "1971" < event[name] < "9999":
            event[name] = f"2030{event[name][4:]}"
    if event.get("salesOpenAt") and event.get("salesCloseAt"):
        event["salesOpenAt"], event["salesCloseAt"] = "2000-01-01T00:00:00Z", event["startsAt"]
        if event["startsAt"] <= "2001":
            event["salesOpenAt"] = None
    if (event.get("holdCapSeconds") or MAX_SAFE_INTEGER) < (event.get("holdTtlSeconds") or GIVEN["ttl"]):
        event["holdCapSeconds"] = None
    if event.get("timeZone"):
        event["timeZone"] = one_of(TIME_ZONES)


def make_sections_consistent(sections, codes):
    """Sections are of categories that there are, called apart from each other, and not too many seats together."""
    for index, section in enumerate(sections):
        section["category"] = codes[index % len(codes)]
        section["name"] = f"Section {index}"
        keep_one_of(section, "rows", "places", lambda: 5)
        for number, row in enumerate(section.get("rows") or []):
            row["name"] = f"R{number}"
            make_row_consistent(row)
    if sum(seats_of(section) for section in sections) > MAX_SEATS:
        for section in sections:
            if section.get("places"):
                section["places"] = 1


def percent_of(text):
    """A pattern cannot say: at most 100, and above 0 for a code."""
    return text if 0 < float(text) <= 100 else "2.5"


DEAREST = 10**9


def make_prices_consistent(event):
    """Types, prices by type, fees, tax and terms fit each other, and can be added up exactly."""
    types = event.get("priceTypes") or []
    for index, one in enumerate(types):
        one["code"], one["name"] = f"t{index}", name_of(one["name"])
    if types:
        # The first is the default.
        types[0].pop("active", None)
    for category in event["categories"]:
        category["price"] = min(category["price"], DEAREST)
        amounts = [min(price, DEAREST) for price in (category.pop("prices", None) or {}).values() if price is not None]
        category["prices"] = {one["code"]: amount for one, amount in zip(types[1:], amounts)}
    for index, fee in enumerate(event.get("fees") or []):
        fee["code"], fee["name"] = f"f{index}", name_of(fee["name"])
        if fee.get("amount") is None:
            fee.pop("amount", None)
            fee["percent"] = percent_of(fee.get("percent") or "0")
        else:
            fee.pop("percent", None)
            fee["amount"] = min(fee["amount"], DEAREST)
    if event.get("tax"):
        event["tax"]["percent"] = percent_of(event["tax"]["percent"])
    terms = event.get("refundTerms") or []
    for index, term in enumerate(terms):
        term["untilSecondsBeforeStart"] = len(terms) - index
        term["percent"] = percent_of(term["percent"])


def seats_of(section):
    return (section.get("places") or 0) + sum(seats_in(row) for row in section.get("rows") or [])


def seats_in(row):
    return row.get("seats") or sum(number is not None for number in row["numbers"])


def make_row_consistent(row):
    """Seats are called apart from each other, and a row has one at least."""
    keep_one_of(row, "seats", "numbers", lambda: ["1"])
    # They name numbers of the row, and are as many as those.
    for name in ("accessible", "companion", "x", "y"):
        row.pop(name, None)
    if row.get("numbers"):
        calls = [None if name is None else f"{index}" for index, name in enumerate(row["numbers"][:500])]
        row["numbers"] = calls if any(calls) else ["1", *calls[1:]]


def keep_one_of(body, name, other, make_other):
    """A body takes one of two members; null and an empty list are as absent."""
    if body.get(name):
        body.pop(other, None)
    elif not body.get(other):
        body[other] = make_other()


def name_real_seats(line):
    """Half of the lines are for an event that there is, with seats and categories that it has; the others for none."""
    keep_one_of(line, "seats", "bestAvailable", lambda: {"quantity": 1, "category": GIVEN["category"]})
    # Of allotments and accessible places only the system knows which there are.
    line.pop("allotment", None)
    if line.get("bestAvailable"):
        line["bestAvailable"].pop("priceTypes", None)
        line["bestAvailable"].pop("accessible", None)
    if next(turn) % 2:
        line["event"] = f"-{(line.get('event') or 'none')[:99]}"
        line["seats"] = line.get("seats") and [f"A-{index}" for index in range(len(line["seats"]))]
        return
    line["event"] = GIVEN["event"]
    if line.get("seats"):
        first = next(turn)
        labels = GIVEN["seats"]
        line["seats"] = [labels[(first + index) % len(labels)] for index in range(len(line["seats"]))]
    else:
        line["bestAvailable"]["category"] = GIVEN["category"]


def make_order_consistent(order):
    """One line at the top, or lines; no code, as only the system knows one."""
    order.pop("code", None)
    if order.get("lines"):
        for name in ("event", "seats", "bestAvailable", "allotment"):
            order.pop(name, None)
        order["lines"] = order["lines"][:1]
        name_real_seats(order["lines"][0])
    else:
        name_real_seats(order)


def make_words_consistent(body):
    """The names of metadata have a form of their own, and a buyer a name that shows and an address."""
    if body.get("metadata"):
        values = list(body["metadata"].values())[:20]
        body["metadata"] = {f"key-{index}": value for index, value in enumerate(values)}
    buyer = body.get("buyer") or {}
    if buyer.get("name"):
        buyer["name"] = name_of(buyer["name"])
    if buyer.get("email"):
        buyer["email"] = address_of(buyer["email"])


def make_code_consistent(code):
    """One discount, of every event and category, at any time."""
    for name in ("event", "categories", "validFrom", "validUntil", "salesOpenAt"):
        code.pop(name, None)
    code["code"] = f"FUZZ-{uuid.uuid4()}"
    # Each use is a row: a hundred thousand take seconds beside all else.
    if code.get("maxUses"):
        code["maxUses"] = min(code["maxUses"], 5000)
    if code.get("percent"):
        code["percent"] = percent_of(code["percent"])
        code.pop("amount", None)
        code.pop("currency", None)
    elif not (code.get("amount") and code.get("currency")):
        code.pop("amount", None)
        code.pop("currency", None)
        code["percent"] = "10"


@schemathesis.hook
def before_call(context, case, kwargs):
    """Completes a request meant to be valid with what only the running system knows, and keeps an invalid one invalid."""
    if case.meta is None:
        return
    # Of a map no member is unknown.
    metadata = case.body.get("metadata") if isinstance(case.body, dict) else None
    is_of_a_map = isinstance(metadata, dict) and isinstance(metadata.get("x-schemathesis-additional"), str)
    if not case.meta.generation.mode.is_positive and not is_of_a_map:
        if isinstance(metadata, dict) and metadata.get("x-schemathesis-additional", "") in (None, []):
            # Absent it would be valid, and so would a text be.
            metadata["x-schemathesis-additional"] = 7
        fill_unknown_members(case.body)
        return
    operation = (case.operation.method.lower(), case.operation.path)
    if operation == ("post", "/v1/events"):
        make_event_consistent(case.body)
    elif operation == ("post", "/v1/reservations"):
        # A key is for one request: with another body it must be refused (422), which is not what is tried here.
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
        make_words_consistent(case.body)
        make_order_consistent(case.body)
    elif operation == ("post", "/v1/price-previews"):
        make_words_consistent(case.body)
        make_order_consistent(case.body)
    elif operation == ("post", "/v1/codes"):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
        make_code_consistent(case.body)
    elif operation == ("patch", "/v1/codes/{code}"):
        # What a change comes to depends on the code; here there is none.
        case.path_parameters["code"] = f"NONE-{uuid.uuid4()}"
        if case.body.get("percent"):
            case.body["percent"] = percent_of(case.body["percent"])
        if not case.body.get("categories"):
            case.body.pop("categories", None)
        for name in ("validFrom", "validUntil", "salesOpenAt"):
            if case.body.get(name):
                case.body[name] = "2030-01-01T00:00:00Z"
    elif operation[1].startswith("/v1/events/{event}") and operation[0] in ("post", "patch", "delete"):
        make_edit_consistent(case)
    elif operation[1].startswith("/v1/webhook-endpoints"):
        make_endpoint_consistent(case)
    elif operation == ("get", "/v1/feed"):
        # A place in the feed only the system knows; and who waits waits in vain.
        (case.query or {}).pop("after", None)
        (case.query or {}).pop("wait", None)
    elif operation[1].startswith("/v1/test-helpers/") or "/changes" in operation[1]:
        make_change_consistent(case)
    elif operation[1].endswith("/cancel") and isinstance(case.body, dict) and isinstance(case.body.get("refund"), dict):
        # What is left of a payment only the system knows.
        case.body["refund"] = "none"
        name_real_reservation(case)
    elif operation == ("get", "/v1/events/{event}/report"):
        # Not in the future.
        (case.query or {}).pop("asOf", None)
    elif operation == ("get", "/v1/reservations") and case.query:
        if "email" in case.query:
            case.query["email"] = address_of(case.query["email"])
        if "seat" in case.query:
            case.query["seat"] = name_of(case.query["seat"])
            case.query.setdefault("event", GIVEN["event"])
        for name in ("createdFrom", "createdTo"):
            if name in case.query:
                case.query[name] = "2030-01-01T00:00:00Z"
    elif operation == ("post", "/v1/reservations/{id}/refunds"):
        # What is left of a payment only the system knows, and more than that is refused (422): here there is none.
        case.path_parameters["id"] = str(uuid.uuid4())
    elif operation[1].startswith("/v1/reservations/{id}"):
        name_real_reservation(case)
    elif operation == ("post", "/v1/check-ins"):
        name_real_door(case.body)
    elif operation[1] == "/v1/events/{event}/check-ins/summary" and next(turn) % 2:
        case.path_parameters["event"] = GIVEN["event"]
    elif operation == ("post", "/v1/webhooks/standard"):
        kwargs["auth"] = StandardSignature()
    elif operation == ("post", "/v1/webhooks/stripe"):
        kwargs["auth"] = StripeSignature()


def make_edit_consistent(case):
    """What an edit comes to depends on the event and on its revision; here there is none of the name."""
    case.path_parameters["event"] = f"none-{uuid.uuid4()}"
    if "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    body, path = case.body, case.operation.path
    if not isinstance(body, dict):
        return
    if path == "/v1/events/{event}/sections":
        make_sections_consistent(body.get("sections") or [], ["stalls"])
    elif "/allotments" in path:
        for name in ("client", "section", "rows", "until"):
            body.pop(name, None)
        if case.operation.method.lower() == "post":
            body["seats"] = ["A-1", "A-2"]
        else:
            body.pop("seats", None)
    elif path == "/v1/events/{event}":
        for name in [name for name in body if name not in ("name", "venue", "salesPaused", "notify")]:
            del body[name]
    for name in ("name", "venue"):
        if body.get(name):
            body[name] = name_of(body[name])


def make_endpoint_consistent(case):
    """A pattern cannot say what a URL is; a key is for one request, and a place in the feed only the system knows."""
    if "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    if isinstance(case.body, dict) and case.body.get("url"):
        case.body["url"] = f"https://shop.example/{uuid.uuid4()}"
    if case.operation.path.endswith("/replay"):
        case.path_parameters["id"] = str(uuid.uuid4())


def make_change_consistent(case):
    """What a reservation can give back only the system knows; here there is none."""
    case.path_parameters["id"] = str(uuid.uuid4())
    if not isinstance(case.body, dict):
        return
    if "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    case.body.pop("code", None)
    for line in (case.body.get("take") or []):
        name_real_seats(line)


def name_real_door(scan):
    """The event is optional for a key of one event alone; a scan is at most a day old, and a scanId is of one code."""
    scan["event"] = one_of([GIVEN["event"], f"-{(scan.get('event') or 'none')[:99]}"])
    if scan.get("gate"):
        scan["gate"] = name_of(scan["gate"])
    scan.pop("scannedAt", None)
    if scan.get("scanId"):
        scan["scanId"] = str(uuid.uuid4())


def fill_unknown_members(body):
    """Null and an empty list are as absent, so a member that the document does not know is refused only with a value."""
    if isinstance(body, list):
        for entry in body:
            fill_unknown_members(entry)
    elif isinstance(body, dict):
        for name, value in body.items():
            if name not in KNOWN_MEMBERS and value in (None, []):
                body[name] = "unknown"
            else:
                fill_unknown_members(value)


def name_real_reservation(case):
    """Half of the commands go to a reservation that there is.

    In the stateful phase each goes to one that was made by the call before it; but not a payment, which has to be of
    what the reservation costs, under a reference of its own.
    """
    if case.operation.method.lower() == "patch":
        make_words_consistent(case.body)
        if "buyer" in case.body:
            case.body["buyer"] = {"name": "Ada Lovelace", "email": one_of(ADDRESSES)}
    pays = case.operation.path.endswith("/confirm")
    linked = case.meta.phase.name is TestPhase.STATEFUL
    as_generated = not pays if linked else next(turn) % 2
    if as_generated:
        if pays:
            # Whether there is something to pay only the system knows.
            case.path_parameters["id"] = str(uuid.uuid4())
        return
    case.path_parameters["id"] = one_of(GIVEN["reservations"])
    if pays:
        case.body["payment"] = {"reference": f"fuzz-{uuid.uuid4()}", **GIVEN["total"]}
