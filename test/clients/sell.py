"""A shop on the client that openapi-python-client makes: sells one seat."""

import json
import sys
import time

from holdfast_client import AuthenticatedClient
from holdfast_client.api.reservations import confirm_reservation, create_reservation, get_reservation
from holdfast_client.api.tickets import get_tickets, get_tickets_pdf
from holdfast_client.models import Confirmation, NewBuyer, NewReservation, PaymentClaim, Problem, Reservation, TicketList

base_url, key, event, seat, id = sys.argv[1:]
client = AuthenticatedClient(base_url=base_url, token=key)


def fetch_tickets() -> TicketList:
    while True:
        answer = get_tickets.sync(id, client=client)
        if isinstance(answer, TicketList):
            return answer
        # Paid for: it is being confirmed, then printed.
        on_its_way = ("reservation_not_confirmed", "tickets_not_ready")
        assert isinstance(answer, Problem) and answer.code in on_its_way, answer
        time.sleep(0.2)


buyer = NewBuyer(name="Ada Lovelace", email="ada@example.org")
order = NewReservation(event=event, seats=[seat], best_available=None, buyer=buyer)
held = create_reservation.sync(client=client, body=order, idempotency_key=id)
assert isinstance(held, Reservation), held

claim = PaymentClaim(reference=f"python-{id}", amount=held.total.amount, currency=held.total.currency)
# 200, or 202 where the system is slow: then it is confirmed later.
paid = confirm_reservation.sync(id, client=client, body=Confirmation(payment=claim))
assert isinstance(paid, Reservation), paid

tickets = fetch_tickets()
sold = get_reservation.sync(id, client=client)
assert isinstance(sold, Reservation), sold
pdf = get_tickets_pdf.sync_detailed(id, client=client)
print(
    json.dumps(
        {
            "held": held.status,
            "total": held.total.amount,
            "sold": sold.status,
            "paid": sold.payment.reference if sold.payment else None,
            "seats": [ticket.seat for ticket in tickets.data],
            "pdf": pdf.content[:5].decode(),
        }
    )
)
