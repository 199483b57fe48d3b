// Made from the OpenAPI document by generate.mjs: do not edit.

export interface paths {
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Events by their start
         * @description No key is needed.
         */
        get: operations["listEvents"];
        put?: never;
        /**
         * Make an event with all its seats
         * @description A seat is labelled `ROW-NUMBER` (`A-1`); where several sections have a row of that name, `SECTION-ROW-NUMBER`; a general admission place `SECTION-NUMBER`. Seats of a row are 1 to `seats`, or called as `numbers` says; `bestAvailable` sees no neighbours across an aisle. A body has at most 1 MB: `POST /v1/events/{event}/sections` adds more. Up to 100,000 seats, preferred in the order given here and from the middle of each row, or from `focalPoint`.
         *
         *     Takes a key of the role operator.
         */
        post: operations["createEvent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/{event}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One event
         * @description No key is needed.
         */
        get: operations["getEvent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change an event
         * @description A JSON Merge Patch (RFC 7396): what is absent stays, `null` clears, a list is replaced whole. Binds holds that begin afterwards; what is held or sold keeps its price, its terms and its tickets. A category or price type that is left out is no longer sold, `"active": false`. `seats` takes single seats out of the sale, or back. `slug`, `currency` and labels never change.
         *
         *     Takes a key of the role operator.
         */
        patch: operations["updateEvent"];
        trace?: never;
    };
    "/v1/events/{event}/sections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add seats to an event
         * @description As JSON, or as a CSV file in UTF-8 (`Content-Type: text/csv`) whose first line names its columns: section, row, number, category, and if you like x, y, accessible, companion. Lines of one section and row are neighbours in their order; a line without a number is an aisle, one without a row a place of general admission. All or none. Labels are made as for a new event; those that are there stay. Who listens to the live map is told to fetch it again.
         *
         *     Takes a key of the role operator.
         */
        post: operations["addSections"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/{event}/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was sold, and where the money is
         * @description By the entries of the ledger at or before `asOf`, and the seats that were held then. `Accept: text/csv` gives it as CSV: a row for each line, fee and total, amounts in minor units. Of an order of several events each has its part; its payments and refunds are shared in proportion to what each event costs.
         *
         *     Takes a key of the role operator.
         */
        get: operations["getReport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/{event}/seats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The seat map
         * @description Unpaged: every seat, or those of a `section`, of a `status`, or of both. Send the `ETag` back as `If-None-Match`: while nothing has changed the answer is 304. Seats of an allotment are `blocked`; with the key of its client or of an operator they are `available`, with `allotment`.
         *
         *     No key is needed; one that is sent has to be a good one.
         */
        get: operations["getSeats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/{event}/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The seat map, live
         * @description Server-sent events: `snapshot` with every seat first, then `seats` with what changed, both as `{ "data": [{ "label", "status" }] }`. `map` says the same when the event itself was changed or has more seats: fetch the map again. After a lost connection a new snapshot comes.
         *
         *     No key is needed.
         */
        get: operations["streamSeats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/{event}/allotments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Allotments of an event, newest first, ended ones too
         * @description Takes a key of the role operator.
         */
        get: operations["listAllotments"];
        put?: never;
        /**
         * Keep seats for a client or for operators
         * @description All of the seats or none; each has to be free and in no other allotment. A hold takes one by naming the allotment in its line. With `until` they are for everyone from then on: what is held then goes to the open sale when its hold ends, what is sold stays sold.
         *
         *     Takes a key of the role operator.
         */
        post: operations["createAllotment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/{event}/allotments/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One allotment
         * @description Takes a key of the role operator.
         */
        get: operations["getAllotment"];
        put?: never;
        post?: never;
        /**
         * End an allotment now
         * @description Its free seats are for everyone; what is held stays held, what is sold stays sold. Safe to repeat.
         *
         *     Takes a key of the role operator.
         */
        delete: operations["deleteAllotment"];
        options?: never;
        head?: never;
        /**
         * Change an allotment
         * @description A JSON Merge Patch (RFC 7396): what is absent stays, `null` clears. `seats`, or `section` and `rows`, replace all its seats; those that are new have to be free.
         *
         *     Takes a key of the role operator.
         */
        patch: operations["updateAllotment"];
        trace?: never;
    };
    "/v1/reservations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reservations, newest first
         * @description A client's own; an operator's all. An order of several events is found by each.
         *
         *     Takes a key of the role client or operator.
         */
        get: operations["listReservations"];
        put?: never;
        /**
         * Hold seats
         * @description All the seats or none. The `Idempotency-Key` becomes the id: the same request again gets the same reservation, at any later time; a refused hold does not use the key up. With a publishable key the answer has `token`, and so has the same request again while it is held; later, without `Reservation-Token`, it is shown without buyer, payments, reference and metadata.
         *
         *     Takes a key of the role client or publishable or operator.
         */
        post: operations["createReservation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/price-previews": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What an order would cost
         * @description The body of a new reservation without its buyer. Nothing is held, and whether the seats are free or the sale is open does not matter; `bestAvailable` shows seats that are free now.
         *
         *     Takes a key of the role client or publishable or operator.
         */
        post: operations["previewPrices"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reservations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The reservation as it stands
         * @description Takes a key of the role client or publishable or operator.
         */
        get: operations["getReservation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Name the buyer, or change the client's own words
         * @description A JSON Merge Patch (RFC 7396): what is absent stays, `null` clears. A client names or changes the buyer while the reservation is held, or while there is none; a page (a publishable key) sets nothing else; an operator at any time, also when the reservation has ended: then the tickets of a sale are printed anew, with the same codes, and mailed, and mails that the old address refused are sent again.
         *
         *     Takes a key of the role client or publishable or operator.
         */
        patch: operations["updateReservation"];
        trace?: never;
    };
    "/v1/reservations/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happened to it, in order
         * @description Kept for good; it does not end with Temporal's retention.
         *
         *     Takes a key of the role client or operator.
         */
        get: operations["getHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reservations/{id}/tickets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Its tickets
         * @description Takes a key of the role client or publishable or operator.
         */
        get: operations["getTickets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reservations/{id}/tickets.pdf": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Its tickets as one PDF, a page each
         * @description Takes a key of the role client or publishable or operator.
         */
        get: operations["getTicketsPdf"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reservations/{id}/erase-buyer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Forget the buyer's name and address, for good
         * @description On the buyer's request. Seats, money, ticket codes and the history stay, so the accounts stay right; nothing can be mailed or printed for it any more.
         *
         *     Takes a key of the role operator.
         */
        post: operations["eraseBuyer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reservations/{id}/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm with a payment that the client took itself
         * @description Takes a key of the role client or operator.
         */
        post: operations["confirmReservation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reservations/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a cancel would give back now
         * @description Takes a key of the role client or publishable or operator.
         */
        get: operations["previewCancel"];
        put?: never;
        /**
         * Release a hold, or undo a sale: void its tickets and refund it
         * @description The tickets of a sale are void from the moment at which the cancel is accepted (`cancelRequestedAt`), and what goes back is fixed then, by the events' terms; without terms, and for what was accepted while held, all. Not once somebody has come in. An operator may choose otherwise. A page cancels what it holds, and no sale (409 `reservation_confirmed`).
         *
         *     Takes a key of the role client or publishable or operator.
         */
        post: operations["cancelReservation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reservations/{id}/extend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let the hold last a full time from now, at most to the event's cap
         * @description Takes a key of the role client or publishable or operator.
         */
        post: operations["extendReservation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reservations/{id}/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mail the tickets again
         * @description Takes a key of the role client or operator.
         */
        post: operations["resendTickets"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reservations/{id}/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The changes of a reservation, newest first
         * @description Takes a key of the role client or publishable or operator.
         */
        get: operations["listChanges"];
        put?: never;
        /**
         * Give seats back, take others, change price types
         * @description While the reservation is held it is applied at once, and its end stays. Once it is confirmed it is a quote: what it takes is held until `expiresAt`, what it gives back stays sold and valid until the quote is confirmed. Seats given back count at what was paid for them; only what is left over follows the refund terms. What is taken or retyped costs what it costs now; the code, fees and tax are those of the hold, whatever was edited since.
         *
         *     Takes a key of the role client or publishable or operator.
         */
        post: operations["createChange"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reservations/{id}/changes/{change}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A change of a reservation
         * @description Takes a key of the role client or publishable or operator.
         */
        get: operations["getChange"];
        put?: never;
        post?: never;
        /**
         * Withdraw a quote: what it holds is free again
         * @description Takes a key of the role client or publishable or operator.
         */
        delete: operations["withdrawChange"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reservations/{id}/changes/{change}/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Apply a quote, with a payment of what is due
         * @description A payment by webhook does the same: it names the change beside the reservation.
         *
         *     Takes a key of the role client or publishable or operator.
         */
        post: operations["confirmChange"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Promo codes, newest first
         * @description Takes a key of the role operator.
         */
        get: operations["listCodes"];
        put?: never;
        /**
         * Make a promo code
         * @description A use is a reservation: taken with its seats, given back with them. With `salesOpenAt` the sale opens then for who has the code.
         *
         *     Takes a key of the role operator.
         */
        post: operations["createCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/codes/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One promo code
         * @description Takes a key of the role operator.
         */
        get: operations["getCode"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change a promo code
         * @description A JSON Merge Patch (RFC 7396): what is absent stays, `null` clears. Binds holds that begin afterwards.
         *
         *     Takes a key of the role operator.
         */
        patch: operations["updateCode"];
        trace?: never;
    };
    "/v1/check-ins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let a ticket in, once, at its own event
         * @description Give each scan a `scanId`, and repeat the same request when an answer is lost: it gets its own first answer.
         *
         *     Takes a key of the role scanner or operator.
         */
        post: operations["checkIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/check-ins/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take an entry back: the ticket is valid again
         * @description A repetition of the scan that let it in is then 409 `scan_undone`.
         *
         *     Takes a key of the role operator.
         */
        post: operations["undoCheckIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/{event}/check-ins/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How many have come in, by gate
         * @description Takes a key of the role scanner or operator.
         */
        get: operations["summarizeCheckIns"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/{event}/voided-tickets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Codes that no longer count, for scanners without a network
         * @description Oldest first. Ask again with `next` as `after`, on and on; a code may come twice within a minute.
         *
         *     Takes a key of the role scanner or operator.
         */
        get: operations["listVoidedTickets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/ticket-key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The public key of the ticket codes
         * @description A code is `HF1.PAYLOAD.SIGNATURE` (base64url; Ed25519 over `HF1.PAYLOAD`), so a scanner without a network can tell a real ticket from a forged one. Whether it was used or is void only `POST /v1/check-ins` knows.
         *
         *     No key is needed.
         */
        get: operations["getTicketKey"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/payments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Payments, newest first
         * @description Takes a key of the role operator.
         */
        get: operations["listPayments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/refunds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Refunds, newest first
         * @description Takes a key of the role operator.
         */
        get: operations["listRefunds"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/refunds/{id}/mark-succeeded": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say that a refund which no provider carries out was given back
         * @description For refunds `by: "client"`: an operator, or the client whose own `confirm` reported the payment.
         *
         *     Takes a key of the role client or operator.
         */
        post: operations["markRefundSucceeded"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reservations/{id}/refunds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Refund a payment of a reservation, whole or in part
         * @description Of one that is or was confirmed. Seats and tickets stay as they are; `cancel` gives them back. Never more than is left of the payment.
         *
         *     Takes a key of the role operator.
         */
        post: operations["createRefund"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/mails/undelivered": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Mails that are refused or fail, newest first
         * @description Correct the buyer (`PATCH /v1/reservations/{id}`), and the tickets are mailed anew: then the refusal is listed no more. Tickets of a cancelled sale, and mails of an erased buyer, are not listed.
         *
         *     Takes a key of the role operator.
         */
        get: operations["listUndeliveredMails"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/notes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Notes for the operator, newest first
         * @description Takes a key of the role operator.
         */
        get: operations["listNotes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/notes/{id}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Close a note that was dealt with
         * @description Takes a key of the role operator.
         */
        post: operations["closeNote"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/feed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happens, in order
         * @description A client's own reservations and every event; for an operator all. Read on with `next`: nothing is left out, and nothing ever appears below a number that was read. Kept for 90 days.
         *
         *     Takes a key of the role client or operator.
         */
        get: operations["readFeed"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhook-endpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Webhook endpoints, newest first
         * @description A client's own; an operator's all.
         *
         *     Takes a key of the role client or operator.
         */
        get: operations["listWebhookEndpoints"];
        put?: never;
        /**
         * Have the feed sent to a URL
         * @description A client's endpoint is told what the client sees in the feed, an operator's all; from now on. Twenty a client.
         *
         *     Takes a key of the role client or operator.
         */
        post: operations["createWebhookEndpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhook-endpoints/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One webhook endpoint
         * @description Takes a key of the role client or operator.
         */
        get: operations["getWebhookEndpoint"];
        put?: never;
        post?: never;
        /**
         * Delete an endpoint: nothing more is sent to it
         * @description Takes a key of the role client or operator.
         */
        delete: operations["deleteWebhookEndpoint"];
        options?: never;
        head?: never;
        /**
         * Change where an endpoint is, or what it is told
         * @description A JSON Merge Patch (RFC 7396): what is absent stays, `null` clears. What waits goes to the new URL, now.
         *
         *     Takes a key of the role client or operator.
         */
        patch: operations["updateWebhookEndpoint"];
        trace?: never;
    };
    "/v1/webhook-endpoints/{id}/rotate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give an endpoint a new secret
         * @description For a day each message is signed with the secret before too.
         *
         *     Takes a key of the role client or operator.
         */
        post: operations["rotateWebhookSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhook-endpoints/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send again what happened behind a place in the feed
         * @description Each with the `webhook-id` that it had, in order for one reservation.
         *
         *     Takes a key of the role client or operator.
         */
        post: operations["replayWebhookEndpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhook-endpoints/{id}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Enable an endpoint that was disabled
         * @description It goes on where it stopped, at most 30 days back.
         *
         *     Takes a key of the role client or operator.
         */
        post: operations["enableWebhookEndpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhook-endpoints/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was sent to an endpoint, and what waits; the latest entry first
         * @description Kept for 30 days after its end.
         *
         *     Takes a key of the role client or operator.
         */
        get: operations["listWebhookDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/outbox": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What Temporal has not taken yet, newest first
         * @description Takes a key of the role operator.
         */
        get: operations["listOutbox"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/outbox/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Try an entry again, now
         * @description Once what Temporal refused is put right. It is then tried for an hour again.
         *
         *     Takes a key of the role operator.
         */
        post: operations["retryOutboxEntry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/stripe": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stripe's events
         * @description With the reservation in `metadata.reservation_id`: money that came (`payment_intent.succeeded`, `checkout.session.completed`, `checkout.session.async_payment_succeeded`), is on its way or has failed. Of payments that we know: `refund.*`, `charge.refunded`, `charge.dispute.*`. What names a reservation and is not understood becomes a note for the operator, unless its payment is known; so does a refund or dispute of a payment that we know and cannot read. A refund or dispute that arrives before its payment is answered `ignored`, kept for seven days, and counts once the payment arrives. Everything else with a valid signature is answered 200 and ignored.
         *
         *     No key; the signature proves the sender.
         */
        post: operations["receiveStripeWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/standard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Events of any provider that speaks Standard Webhooks
         * @description `{ "type": "payment.succeeded" | "payment.pending" | "payment.failed", "data": { "reservation", "reference", "amount", "currency" } }`. An event that is not understood (another type, no amount, a currency that is none) is answered 200 and ignored; one that names a reservation of ours becomes a note for the operator.
         *
         *     No key; the signature proves the sender.
         */
        post: operations["receiveStandardWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/test-helpers/reservations/{id}/pay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let the test provider take a payment, or fail to
         * @description Signed and received as a webhook of a provider is, so everything after it is as in production. Only outside production, with the test provider.
         *
         *     Takes a key of the role client or publishable or operator.
         */
        post: operations["payAsTestProvider"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/test-helpers/reservations/{id}/expire": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let a hold end now
         * @description Only outside production, with the test provider.
         *
         *     Takes a key of the role client or publishable or operator.
         */
        post: operations["expireReservation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/livez": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the process runs
         * @description No key is needed.
         */
        get: operations["getLiveness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether it can serve
         * @description Answered at once, from what was seen within the last seconds. Without the database, and while the process ends, 503. Without Temporal, or a worker, sales go on: 200 with `"degraded": ["temporal"]`; with `["search_attributes"]` where Temporal lacks some of ours, so that it refuses to start workflows; with the roles of a worker that has been silent for 15 s and has not left, as `["mail"]`.
         *
         *     No key is needed.
         */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * This process's figures, for Prometheus
         * @description Without the database, the figures of the process alone, and `holdfast_database_up 0`, to a key that was used before.
         *
         *     Takes a key of the role operator.
         */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/codec/decode": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decrypts payloads, for Temporal's pages and command line
         * @description Temporal's protocol for codec servers: `temporal --codec-endpoint https://API/codec --codec-auth 'Bearer KEY'`. Without `PAYLOAD_ENCRYPTION_KEY` payloads are returned as they are.
         *
         *     Takes a key of the role operator.
         */
        post: operations["decodePayloads"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/codec/encode": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Encrypts payloads, for Temporal's pages and command line
         * @description Temporal's protocol for codec servers: `temporal --codec-endpoint https://API/codec --codec-auth 'Bearer KEY'`. Without `PAYLOAD_ENCRYPTION_KEY` payloads are returned as they are.
         *
         *     Takes a key of the role operator.
         */
        post: operations["encodePayloads"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description RFC 9457. Decide by `code`; titles and details may change. */
        Problem: {
            /** @description A URN that ends in the `code` */
            type: string;
            title: string;
            /** Format: int32 */
            status: number;
            /** @description Known values: `malformed_request`, `idempotency_key_missing`, `idempotency_key_invalid`, `signature_invalid`, `unauthorized`, `forbidden`, `key_of_another_event`, `key_not_for_browsers`, `cross_site_request`, `sale_not_open`, `sale_paused`, `limit_exceeded`, `not_found`, `method_not_allowed`, `request_timeout`, `seats_unavailable`, `reservation_not_confirmed`, `reservation_expired`, `reservation_cancelled`, `reservation_confirmed`, `code_used_up`, `payment_in_progress`, `change_open`, `change_ended`, `cancel_accepted`, `extension_limit`, `tickets_not_ready`, `buyer_erased`, `already_checked_in`, `not_checked_in`, `ticket_void`, `refund_not_by_hand`, `wrong_event`, `scan_undone`, `slug_taken`, `code_taken`, `holds_outlast_start`, `code_in_use`, `orphan_seat`, `allotment_ended`, `webhooks_not_set_up`, `feed_truncated`, `feed_reset`, `precondition_failed`, `body_too_large`, `unsupported_media_type`, `validation_failed`, `idempotency_key_reused`, `scan_id_reused`, `companion_alone`, `buyer_required`, `code_invalid`, `refund_exceeds_payment`, `payment_mismatch`, `precondition_required`, `rate_limited`, `headers_too_large`, `internal`, `temporarily_unavailable`; more may be added. */
            code: string;
            /** @description What was wrong and what to do */
            detail: string;
            /** @description A URN that ends in the id of the request */
            instance: string;
            /** @description With `validation_failed`: each bad field */
            errors?: components["schemas"]["FieldError"][];
            /** @description With `seats_unavailable`: labels of the seats that are not free; with `orphan_seat`: of those that would be left alone */
            seats?: string[];
            /** @description The same seats with their events */
            unavailable?: components["schemas"]["SeatName"][];
            /**
             * Format: int64
             * @description With `refund_exceeds_payment`: how much is left, in minor units
             */
            left?: number;
            /** @description With `already_checked_in` at the door */
            seat?: string;
            /** @description With `already_checked_in` at the door */
            holder?: string;
            /**
             * Format: date-time
             * @description With `already_checked_in` at the door
             */
            firstCheckInAt?: string;
            /** @description With `already_checked_in` at the door: where they came in */
            gate?: string | null;
            /** @description With `ticket_void` */
            why?: string;
        };
        FieldError: {
            /** @description As in `buyer.email` or `seats.0` */
            path: string;
            message: string;
        };
        SeatName: {
            event: string;
            label: string;
        };
        EventPage: {
            data: components["schemas"]["Event"][];
            /** @description `cursor` of the next page; null on the last one */
            nextCursor: string | null;
        };
        Event: {
            /** Format: uuid */
            id: string;
            slug: string;
            name: string;
            venue: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            startsAt: string;
            timeZone: string;
            /** @description ISO 4217 */
            currency: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            salesOpenAt: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            salesCloseAt: string | null;
            /** Format: int32 */
            holdTtlSeconds: number;
            /** Format: int32 */
            holdCapSeconds: number;
            /** Format: int32 */
            maxSeatsPerReservation: number;
            /** Format: int32 */
            maxSeatsPerBuyer: number | null;
            /** @description The first is the default */
            priceTypes: components["schemas"]["PriceType"][];
            categories: components["schemas"]["Category"][];
            fees: components["schemas"]["Fee"][];
            tax: components["schemas"]["Tax"] | null;
            refundTerms: components["schemas"]["RefundTerm"][] | null;
            /** @description Known values: `off`, `prefer`, `forbid`; more may be added. */
            orphanRule: string;
            focalPoint: components["schemas"]["Point"] | null;
            salesPaused: boolean;
            /**
             * Format: int32
             * @description Grows with each change
             */
            revision: number;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            createdAt: string;
        };
        PriceType: {
            code: string;
            name: string;
            /** @description `false`: nobody can buy it any more */
            active: boolean;
        };
        Category: {
            code: string;
            name: string;
            /** @description At the first price type */
            price: components["schemas"]["Money"];
            /** @description By price type after the first */
            prices: {
                [key: string]: components["schemas"]["Money"];
            };
            /** @description `false`: nobody can buy it any more */
            active: boolean;
        };
        Money: {
            /**
             * Format: int64
             * @description Minor units: cents for EUR, whole yen for JPY
             */
            amount: number;
            /** @description ISO 4217 */
            currency: string;
        };
        /** @description Either `amount` or `percent` */
        Fee: {
            code: string;
            name: string;
            /** @description Known values: `ticket`, `reservation`; more may be added. */
            per: string;
            amount: components["schemas"]["Money"] | null;
            percent: string | null;
            refundable: boolean;
        };
        Tax: {
            percent: string;
            included: boolean;
        };
        RefundTerm: {
            /** Format: int32 */
            untilSecondsBeforeStart: number;
            percent: string;
        };
        Point: {
            x: number;
            y: number;
        };
        NewEvent: {
            /** @description The event's name in addresses, for good; it must not look like an id */
            slug: string;
            /** @description A currency of ISO 4217 */
            currency: string;
            name: string;
            venue?: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            startsAt: string;
            /**
             * @description An IANA time zone; tickets show the times of this place
             * @default UTC
             */
            timeZone?: string | null;
            /**
             * Format: date-time
             * @description RFC 3339. Absent: the sale is open
             */
            salesOpenAt?: string | null;
            /**
             * Format: date-time
             * @description RFC 3339. Absent: the sale closes when the event starts. No sale and no hold outlasts the start
             */
            salesCloseAt?: string | null;
            /**
             * Format: int32
             * @description How long a hold lasts. Absent: the server's default, 600 unless it was set otherwise
             */
            holdTtlSeconds?: number | null;
            /**
             * Format: int32
             * @description How long a hold lasts at most, extensions included. Absent: three times the TTL
             */
            holdCapSeconds?: number | null;
            /**
             * Format: int32
             * @default 10
             */
            maxSeatsPerReservation?: number | null;
            /**
             * Format: int32
             * @description Held and sold together, over all reservations. Absent: any number
             */
            maxSeatsPerBuyer?: number | null;
            /** @description The first is the default. Absent: one, `standard` */
            priceTypes?: components["schemas"]["NewPriceType"][] | null;
            categories: components["schemas"]["NewCategory"][];
            /** @default [] */
            fees?: components["schemas"]["NewFee"][] | null;
            tax?: components["schemas"]["NewTax"] | null;
            /** @description How much a cancel gives back: the percentage of the first step whose time has not come, nothing after the last. Absent: all, at any time */
            refundTerms?: components["schemas"]["NewRefundTerm"][] | null;
            /**
             * @description Of a free seat left alone between taken ones, an aisle or the end of the row: `off`, anybody may; `prefer`, `bestAvailable` leaves none while it has another choice; `forbid`, nobody may
             * @default off
             * @enum {string|null}
             */
            orphanRule?: "off" | "prefer" | "forbid" | null;
            /** @description The best place: `bestAvailable` prefers what is near. In the units of `x` and `y`; a seat without them is at its place in the row and the number of its row, both from 0. Absent: the first row, from its middle */
            focalPoint?: components["schemas"]["NewPoint"] | null;
            /** @description Needed, unless `sectionsFrom` or `sectionsLater` takes its place */
            sections?: components["schemas"]["NewSection"][] | null;
            /** @description The slug or id of an event whose seats this one gets too: labels, rows, coordinates and categories, which must be among its own. Without a `focalPoint` its best place too */
            sectionsFrom?: string | null;
            /** @description `true`: all seats come by `POST /v1/events/{event}/sections`, as from a CSV */
            sectionsLater?: boolean | null;
        };
        NewPriceType: {
            code: string;
            name: string;
            /** @description `false`: nobody can buy it any more; what is held or sold stays as it is */
            active?: boolean | null;
        };
        NewCategory: {
            code: string;
            name: string;
            /**
             * Format: int64
             * @description Minor units, at the first price type
             */
            price: number;
            /** @description Minor units, by price type after the first; one without is not sold */
            prices?: {
                [key: string]: number;
            } | null;
            /** @description `false`: nobody can buy it any more; what is held or sold stays as it is */
            active?: boolean | null;
        };
        /** @description Either `amount` or `percent` */
        NewFee: {
            code: string;
            name: string;
            /**
             * @description `ticket`: for each seat that costs something; `reservation`: once
             * @enum {string}
             */
            per: "ticket" | "reservation";
            /**
             * Format: int64
             * @description Minor units: cents for EUR, whole yen for JPY
             */
            amount?: number | null;
            /** @description Of the discounted tickets */
            percent?: string | null;
            /** @default true */
            refundable?: boolean | null;
        };
        NewTax: {
            /** @description An exact decimal, up to four decimals */
            percent: string;
            /** @description Whether the prices contain it */
            included: boolean;
        };
        NewRefundTerm: {
            /** Format: int32 */
            untilSecondsBeforeStart: number;
            /** @description An exact decimal, up to four decimals */
            percent: string;
        };
        NewPoint: {
            x: number;
            y: number;
        };
        /** @description Either `rows` or `places` */
        NewSection: {
            name: string;
            /** @description The code of one of the categories */
            category: string;
            rows?: components["schemas"]["NewRow"][] | null;
            /**
             * Format: int32
             * @description General admission
             */
            places?: number | null;
        };
        /** @description Either `seats` or `numbers` */
        NewRow: {
            name: string;
            /**
             * Format: int32
             * @description Numbers 1 to this
             */
            seats?: number | null;
            /** @description What each seat is called, neighbours in order; null is an aisle. Up to 500 seats */
            numbers?: (string | null)[] | null;
            /** @description Numbers of the places for wheelchairs, sold only when asked for */
            accessible?: string[] | null;
            /** @description Numbers of the places for who comes with somebody in a wheelchair */
            companion?: string[] | null;
            x?: components["schemas"]["Coordinates"] | null;
            y?: components["schemas"]["Coordinates"] | null;
        };
        /** @description Of each seat and aisle, or of the whole row, in any unit. Absent: the map is laid out from the rows */
        Coordinates: number | (number | null)[];
        EventPatch: {
            name?: string | null;
            venue?: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            startsAt?: string | null;
            /** @description An IANA time zone; tickets show the times of this place */
            timeZone?: string | null;
            /**
             * Format: date-time
             * @description RFC 3339. Absent: the sale is open
             */
            salesOpenAt?: string | null;
            /**
             * Format: date-time
             * @description RFC 3339. Absent: the sale closes when the event starts. No sale and no hold outlasts the start
             */
            salesCloseAt?: string | null;
            /**
             * Format: int32
             * @description How long a hold lasts. Absent: the server's default, 600 unless it was set otherwise
             */
            holdTtlSeconds?: number | null;
            /**
             * Format: int32
             * @description How long a hold lasts at most, extensions included. Absent: three times the TTL
             */
            holdCapSeconds?: number | null;
            /** Format: int32 */
            maxSeatsPerReservation?: number | null;
            /**
             * Format: int32
             * @description Held and sold together, over all reservations. Absent: any number
             */
            maxSeatsPerBuyer?: number | null;
            /** @description The first is the default. Absent: one, `standard` */
            priceTypes?: components["schemas"]["NewPriceType"][] | null;
            categories?: components["schemas"]["NewCategory"][] | null;
            fees?: components["schemas"]["NewFee"][] | null;
            tax?: components["schemas"]["TaxPatch"] | null;
            /** @description How much a cancel gives back: the percentage of the first step whose time has not come, nothing after the last. Absent: all, at any time */
            refundTerms?: components["schemas"]["NewRefundTerm"][] | null;
            /**
             * @description Of a free seat left alone between taken ones, an aisle or the end of the row: `off`, anybody may; `prefer`, `bestAvailable` leaves none while it has another choice; `forbid`, nobody may
             * @enum {string|null}
             */
            orphanRule?: "off" | "prefer" | "forbid" | null;
            focalPoint?: components["schemas"]["PointPatch"] | null;
            /** @description Nobody can hold a seat meanwhile */
            salesPaused?: boolean | null;
            /** @description Never changes */
            slug?: string;
            /** @description Never changes */
            currency?: string;
            /** @description By label: seats that are no longer for sale, or are again */
            seats?: {
                [key: string]: components["schemas"]["SeatPatch"];
            };
            /**
             * @description Whether ticket holders get a mail with the new time or place
             * @default false
             */
            notify?: boolean;
        };
        TaxPatch: {
            /** @description An exact decimal, up to four decimals */
            percent?: string | null;
            /** @description Whether the prices contain it */
            included?: boolean | null;
        };
        PointPatch: {
            x?: number | null;
            y?: number | null;
        };
        /** @description `label` never changes */
        SeatPatch: {
            active: boolean;
            label?: string | null;
        };
        NewSections: {
            sections: components["schemas"]["NewSection"][];
        };
        Report: {
            event: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            asOf: string;
            /** @description ISO 4217 */
            currency: string;
            lines: components["schemas"]["ReportLine"][];
            fees: components["schemas"]["ReportFee"][];
            totals: components["schemas"]["ReportTotals"];
            /** @description Payments that came in another currency, which confirm nothing and go back */
            otherCurrencies: components["schemas"]["ForeignMoney"][];
        };
        ReportLine: {
            /** @description Known values: `sold`, `held`; more may be added. */
            state: string;
            category: string;
            priceType: string;
            /** Format: int32 */
            seats: number;
            /** @description At their list prices */
            list: components["schemas"]["Money"];
            discounts: components["schemas"]["Money"];
            /** @description list − discounts */
            tickets: components["schemas"]["Money"];
        };
        ReportFee: {
            code: string;
            amount: components["schemas"]["Money"];
        };
        ReportTotals: {
            /** @description Of the seats that are sold */
            list: components["schemas"]["Money"];
            discounts: components["schemas"]["Money"];
            /** @description list − discounts */
            tickets: components["schemas"]["Money"];
            fees: components["schemas"]["Money"];
            tax: components["schemas"]["Money"];
            /** @description The part of the tax that is in tickets and fees */
            taxIncluded: components["schemas"]["Money"];
            /** @description tickets + fees + tax − taxIncluded */
            sold: components["schemas"]["Money"];
            /** @description What was captured */
            payments: components["schemas"]["Balance"];
            /** @description What went back */
            refunds: components["schemas"]["Balance"];
            /** @description Of the payments, what open disputes took */
            disputed: components["schemas"]["Balance"];
            /** @description What lost disputes took */
            lost: components["schemas"]["Balance"];
            /** @description To customers: refunds that are pending, and payments that are not for a sale */
            owed: components["schemas"]["Balance"];
            /** @description payments − refunds − lost − sold − owed: what is kept of cancelled sales, less what was given back of others */
            retained: components["schemas"]["Balance"];
        };
        /** @description Minor units; may be negative */
        Balance: {
            /** Format: int64 */
            amount: number;
            /** @description ISO 4217 */
            currency: string;
        };
        ForeignMoney: {
            /** @description ISO 4217 */
            currency: string;
            /** @description What was captured */
            payments: components["schemas"]["Balance"];
            /** @description What went back */
            refunds: components["schemas"]["Balance"];
            /** @description Of the payments, what open disputes took */
            disputed: components["schemas"]["Balance"];
            /** @description What lost disputes took */
            lost: components["schemas"]["Balance"];
            /** @description To customers: refunds that are pending, and payments that are not for a sale */
            owed: components["schemas"]["Balance"];
        };
        SeatList: {
            data: components["schemas"]["Seat"][];
        };
        Seat: {
            /** @description Unique in the event */
            label: string;
            section: string;
            /** @description null for general admission */
            row: string | null;
            /** @description What the seat is called; null for general admission */
            number: string | null;
            category: string;
            price: components["schemas"]["Money"];
            /** @description null: the map is laid out from the rows */
            x: number | null;
            y: number | null;
            /** @description A place for a wheelchair */
            accessible: boolean;
            /** @description A place beside one for a wheelchair */
            companion: boolean;
            /** @description `false`: nobody can buy it any more */
            active: boolean;
            /** @description Known values: `available`, `held`, `sold`, `blocked`; more may be added. */
            status: string;
            /**
             * Format: uuid
             * @description With the key of who takes its seats alone: the id of the allotment
             */
            allotment?: string | null;
        };
        SeatChangeList: {
            data: components["schemas"]["SeatChange"][];
        };
        SeatChange: {
            label: string;
            /** @description Known values: `available`, `held`, `sold`, `blocked`; more may be added. */
            status: string;
        };
        /** @description Seats by label, or a whole section, or whole rows */
        NewAllotment: {
            name: string;
            /** @description By label */
            seats?: string[] | null;
            /** @description A whole section; with `rows`, those of it */
            section?: string | null;
            /** @description Whole rows, by name; with `section` where several sections have one */
            rows?: string[] | null;
            /** @description Whose keys take its seats too. Absent: operators alone */
            client?: string | null;
            /**
             * Format: date-time
             * @description When its seats are for everyone. Absent: when it is deleted
             */
            until?: string | null;
        };
        Allotment: {
            /** Format: uuid */
            id: string;
            /** @description The event's slug */
            event: string;
            name: string;
            /** @description null: operators alone */
            client: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            until: string | null;
            /** @description Labels, free, held and sold; none once it has ended */
            seats: string[];
            /** Format: int32 */
            revision: number;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description null: it is in force
             */
            endedAt: string | null;
        };
        AllotmentPage: {
            data: components["schemas"]["Allotment"][];
            /** @description `cursor` of the next page; null on the last one */
            nextCursor: string | null;
        };
        AllotmentPatch: {
            name?: string;
            /** @description By label */
            seats?: string[];
            /** @description A whole section; with `rows`, those of it */
            section?: string;
            /** @description Whole rows, by name; with `section` where several sections have one */
            rows?: string[];
            /** @description Whose keys take its seats too. Absent: operators alone */
            client?: string | null;
            /**
             * Format: date-time
             * @description When its seats are for everyone. Absent: when it is deleted
             */
            until?: string | null;
        };
        /** @description `event` with `seats` or `bestAvailable`; or `lines` */
        NewReservation: {
            /** @description The slug or the id of an event */
            event?: string | null;
            /** @description By label */
            seats?: components["schemas"]["SeatWish"][] | null;
            bestAvailable?: components["schemas"]["BestAvailable"] | null;
            /** @description The id of the allotment that the seats are taken from; `bestAvailable` takes none else */
            allotment?: string | null;
            /** @description Of several events, all or nothing; instead of `event` */
            lines?: components["schemas"]["OrderLine"][] | null;
            /** @description A promo code, in any case */
            code?: string | null;
            /**
             * Format: int32
             * @description How long the hold lasts, up to the event's cap. Above the event's TTL for operators and for keys made with `--long-holds` alone
             */
            holdSeconds?: number | null;
            /** @description The client's own name for it, not sent anywhere. Up to 200 characters */
            reference?: string | null;
            metadata?: components["schemas"]["Metadata"] | null;
            /** @description May come later, by PATCH; needed where a limit counts by buyer, and to confirm */
            buyer?: components["schemas"]["NewBuyer"] | null;
        };
        /** @description A label, or an object with a price type */
        SeatWish: string | components["schemas"]["NamedSeat"];
        /** @description Without `priceType`: the first of the event */
        NamedSeat: {
            label: string;
            /** @description The code of one of the price types */
            priceType?: string | null;
        };
        /** @description The best seats of a category side by side, if there are any; else in groups. Where the event has an `orphanRule`, none is left alone if there is another choice */
        BestAvailable: {
            /** Format: int32 */
            quantity: number;
            category: string;
            /** @description How many at which price type; together `quantity`. Absent: all at the first */
            priceTypes?: {
                [key: string]: number;
            } | null;
            /**
             * Format: int32
             * @description How many of them are accessible places; with them companion places are chosen too. Absent: neither
             */
            accessible?: number | null;
        };
        /** @description Either `seats` or `bestAvailable` */
        OrderLine: {
            /** @description The slug or the id of an event */
            event: string;
            /** @description By label */
            seats?: components["schemas"]["SeatWish"][] | null;
            bestAvailable?: components["schemas"]["BestAvailable"] | null;
            /** @description The id of the allotment that the seats are taken from; `bestAvailable` takes none else */
            allotment?: string | null;
        };
        /** @description The client's own facts: up to 20 texts of up to 500 characters */
        Metadata: {
            [key: string]: string;
        };
        NewBuyer: {
            /** @description Printed on the tickets */
            name: string;
            /** @description An e-mail address. Up to 64 characters of ASCII before the @; the domain in any script */
            email: string;
        };
        Reservation: {
            /** @description The idempotency key that it was made with */
            id: string;
            /** @description Known values: `held`, `confirmed`, `expired`, `cancelled`; more may be added. */
            status: string;
            /** @description The event's slug; null for an order of several events */
            event: string | null;
            seats: components["schemas"]["HeldSeat"][];
            /** @description By event and fee */
            fees: components["schemas"]["ChargedFee"][];
            /** @description By event */
            taxes: components["schemas"]["ChargedTax"][];
            total: components["schemas"]["Money"];
            amounts: components["schemas"]["Amounts"];
            /** @description The promo code */
            code: string | null;
            /** @description null while there is none, after its erasure, and for a reservation that an operator started by hand */
            buyer: components["schemas"]["Buyer"] | null;
            reference: string | null;
            metadata: {
                [key: string]: string;
            };
            /**
             * Format: int32
             * @description Grows with each change of seats, price types or buyer
             */
            revision: number;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            expiresAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            updatedAt: string;
            /** @description The one that confirmed the reservation, else the latest */
            payment: components["schemas"]["ReservationPayment"] | null;
            /** @description All, oldest first */
            payments: components["schemas"]["PaymentOfReservation"][];
            /** @description All, oldest first */
            refunds: components["schemas"]["Refund"][];
            /**
             * Format: date-time
             * @description When a cancel was accepted: from then on the tickets are void, also while the status is still `confirmed`
             */
            cancelRequestedAt: string | null;
            /** @description In the answer to a hold by a publishable key, and nowhere else: send it as `Reservation-Token` */
            token?: string;
        };
        HeldSeat: {
            /** @description The event's slug */
            event: string;
            label: string;
            category: string;
            priceType: string;
            listPrice: components["schemas"]["Money"];
            discount: components["schemas"]["Money"];
            /** @description listPrice − discount */
            price: components["schemas"]["Money"];
        };
        ChargedFee: {
            /** @description The event's slug */
            event: string;
            amount: components["schemas"]["Money"];
            code: string;
        };
        ChargedTax: {
            /** @description The event's slug */
            event: string;
            amount: components["schemas"]["Money"];
            percent: string;
            included: boolean;
        };
        /** @description Of a cancelled sale: what is left of it */
        Amounts: {
            /** @description What the seats cost */
            tickets: components["schemas"]["Money"];
            /** @description How much less than their list prices that is */
            discount: components["schemas"]["Money"];
            fees: components["schemas"]["Money"];
            /** @description All tax, of every event */
            tax: components["schemas"]["Money"];
            /** @description Whether the prices include all of it */
            taxIncluded: boolean;
            /** @description tickets + fees, and the tax that the prices do not include */
            total: components["schemas"]["Money"];
            /** @description By the payment that confirmed it */
            paid: components["schemas"]["Money"];
            /** @description Of that, given back */
            refunded: components["schemas"]["Money"];
            /** @description Once confirmed: paid − refunded − total */
            retained: components["schemas"]["Balance"];
        };
        Buyer: {
            name: string;
            email: string;
        };
        ReservationPayment: {
            reference: string;
            /**
             * Format: int64
             * @description Minor units: cents for EUR, whole yen for JPY
             */
            amount: number;
            /** @description ISO 4217 */
            currency: string;
            /** @description Known values: `captured`, `refunding`, `partially_refunded`, `refunded`, `disputed`; more may be added. */
            status: string;
        };
        PaymentOfReservation: {
            reference: string;
            amount: components["schemas"]["Money"];
            /** @description What was given back, by us and by the provider itself */
            refunded: components["schemas"]["Money"];
            /** @description Known values: `captured`, `refunding`, `partially_refunded`, `refunded`, `disputed`, `unmatched`; more may be added. */
            status: string;
            /** @description Whose signed event proves it; null: it is claimed. Known values: `stripe`, `standard`; more may be added. */
            provenBy: string | null;
            /** @description Who can give it back; `client`: no provider can. Known values: `stripe`, `test`, `client`; more may be added. */
            capturedBy: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            receivedAt: string;
        };
        Refund: {
            id: string;
            /** @description The payment's reference */
            payment: string;
            /** @description As the provider named it; it need not exist */
            reservation: string;
            amount: components["schemas"]["Money"];
            /** @description Known values: `pending`, `succeeded`, `failed`; more may be added. */
            status: string;
            /** @description Who gives it back; `client`: whoever took the money; `provider`: it did so by itself. Known values: `stripe`, `test`, `client`, `provider`; more may be added. */
            by: string;
            /** @description `cancelled`, `change`, `change_ended`, `duplicate`, `event_started`, `expired`, `mismatch`, `unknown_reservation`, `provider`, or an operator's own words */
            reason: string;
            /** @description Why it does not go through yet, or why it has failed */
            error: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            succeededAt: string | null;
        };
        /** @description As a new reservation, without its buyer. `holdSeconds`, `reference` and `metadata` change no price */
        NewPricePreview: {
            /** @description The slug or the id of an event */
            event?: string | null;
            /** @description By label */
            seats?: components["schemas"]["SeatWish"][] | null;
            bestAvailable?: components["schemas"]["BestAvailable"] | null;
            /** @description The id of the allotment that the seats are taken from; `bestAvailable` takes none else */
            allotment?: string | null;
            /** @description Of several events, all or nothing; instead of `event` */
            lines?: components["schemas"]["OrderLine"][] | null;
            /** @description A promo code, in any case */
            code?: string | null;
            /**
             * Format: int32
             * @description How long the hold lasts, up to the event's cap. Above the event's TTL for operators and for keys made with `--long-holds` alone
             */
            holdSeconds?: number | null;
            /** @description The client's own name for it, not sent anywhere. Up to 200 characters */
            reference?: string | null;
            metadata?: components["schemas"]["Metadata"] | null;
        };
        PricePreview: {
            seats: components["schemas"]["HeldSeat"][];
            /** @description By event and fee */
            fees: components["schemas"]["ChargedFee"][];
            /** @description By event */
            taxes: components["schemas"]["ChargedTax"][];
            amounts: components["schemas"]["OrderAmounts"];
        };
        OrderAmounts: {
            /** @description What the seats cost */
            tickets: components["schemas"]["Money"];
            /** @description How much less than their list prices that is */
            discount: components["schemas"]["Money"];
            fees: components["schemas"]["Money"];
            /** @description All tax, of every event */
            tax: components["schemas"]["Money"];
            /** @description Whether the prices include all of it */
            taxIncluded: boolean;
            /** @description tickets + fees, and the tax that the prices do not include */
            total: components["schemas"]["Money"];
        };
        ReservationPatch: {
            /** @description The client's own name for it, not sent anywhere. Up to 200 characters */
            reference?: string | null;
            /** @description By member: null removes one */
            metadata?: {
                [key: string]: string | null;
            } | null;
            buyer?: components["schemas"]["BuyerPatch"];
        };
        /** @description What is absent stays; a first buyer needs both */
        BuyerPatch: {
            /** @description Printed on the tickets */
            name?: string | null;
            /** @description An e-mail address. Up to 64 characters of ASCII before the @; the domain in any script */
            email?: string | null;
        };
        ReservationPage: {
            data: components["schemas"]["Reservation"][];
            /** @description `cursor` of the next page; null on the last one */
            nextCursor: string | null;
        };
        HistoryEntryPage: {
            data: components["schemas"]["HistoryEntry"][];
            /** @description `cursor` of the next page; null on the last one */
            nextCursor: string | null;
        };
        HistoryEntry: {
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            at: string;
            /** @description Known values: `reservation.held`, `reservation.extended`, `reservation.changed`, `reservation.confirmed`, `reservation.cancel_requested`, `reservation.cancelled`, `reservation.expired`, `reservation.updated`, `reservation.erased`, `change.quoted`, `change.applied`, `change.expired`, `change.withdrawn`, `payment.received`, `payment.pending`, `payment.failed`, `payment.unmatched`, `payment.disputed`, `payment.dispute_won`, `payment.dispute_lost`, `refund.created`, `refund.succeeded`, `refund.failed`, `tickets.ready`, `tickets.resend_requested`, `tickets.mailed`, `tickets.mail_refused`, `ticket.voided`, `ticket.checked_in`, `ticket.check_in_undone`, `event.created`, `event.changed`, `allotment.created`, `allotment.ended`; more may be added. */
            type: string;
            /** @description Who did it, as `client:NAME`, `publishable:NAME` (a page of the client), `operator:NAME` or `system` */
            actor: string;
            /** @description Depends on the type */
            data: {
                [key: string]: unknown;
            };
        };
        TicketList: {
            data: components["schemas"]["Ticket"][];
        };
        Ticket: {
            /** @description What the QR code carries; signed, see `GET /v1/ticket-key` */
            code: string;
            /** @description The event's slug */
            event: string;
            /** @description Its label */
            seat: string;
            priceType: string;
            /** @description Empty while there is no buyer */
            holder: string;
            /** @description Known values: `valid`, `used`, `void`; more may be added. */
            status: string;
            /**
             * Format: int32
             * @description The revision of the reservation that it was made for
             */
            revision: number;
        };
        Confirmation: {
            /** @description Absent: the order costs nothing, and nothing was paid */
            payment?: components["schemas"]["PaymentClaim"] | null;
        };
        /** @description A payment that the client took itself */
        PaymentClaim: {
            /** @description The payment's own id, one space over all providers */
            reference: string;
            /**
             * Format: int64
             * @description Minor units: cents for EUR, whole yen for JPY
             */
            amount: number;
            /** @description A currency of ISO 4217 */
            currency: string;
        };
        CancelPreview: {
            /** @description What would go back */
            refund: components["schemas"]["Money"];
            /** @description What would be kept */
            retained: components["schemas"]["Money"];
            /**
             * Format: date-time
             * @description Until when that is so; null: until the sale changes
             */
            termsUntil: string | null;
        };
        Cancellation: {
            /** @description Operators: in place of the events' terms. Of what is left of the payments */
            refund?: ("full" | "none") | components["schemas"]["RefundAmount"];
            /**
             * @description Operators: even though somebody has come in
             * @default false
             */
            allowCheckedIn?: boolean | null;
        };
        RefundAmount: {
            /**
             * Format: int64
             * @description Minor units: cents for EUR, whole yen for JPY
             */
            amount: number;
        };
        NewChange: {
            /**
             * @description Seats that it gives back
             * @default []
             */
            release?: components["schemas"]["OwnSeatName"][] | null;
            /**
             * @description Seats that it takes, as the lines of an order
             * @default []
             */
            take?: components["schemas"]["OrderLine"][] | null;
            /**
             * @description New price types of seats that it keeps
             * @default []
             */
            priceTypes?: components["schemas"]["SeatPriceType"][] | null;
            /** @description A promo code in place of the present one, while it is held */
            code?: string | null;
        };
        /** @description A label; with its event in an order of several */
        OwnSeatName: string | components["schemas"]["OwnSeat"];
        /** @description Without `event`: of the only one */
        OwnSeat: {
            event?: string | null;
            label: string;
        };
        SeatPriceType: {
            seat: components["schemas"]["OwnSeatName"];
            priceType: string;
        };
        Change: {
            id: string;
            reservation: string;
            /** @description Known values: `applied`, `quoted`, `expired`, `withdrawn`; more may be added. */
            status: string;
            /** @description What it gives back */
            release: components["schemas"]["HeldSeat"][];
            /** @description What it takes */
            take: components["schemas"]["HeldSeat"][];
            before: components["schemas"]["Amounts"];
            after: components["schemas"]["Amounts"];
            /** @description To be paid. Never together with `refund` */
            due: components["schemas"]["Money"] | null;
            /** @description What goes back, by the terms */
            refund: components["schemas"]["Money"] | null;
            /**
             * Format: date-time
             * @description When a quote ends
             */
            expiresAt: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            createdAt: string;
        };
        ChangePage: {
            data: components["schemas"]["Change"][];
            /** @description `cursor` of the next page; null on the last one */
            nextCursor: string | null;
        };
        ChangeConfirmation: {
            /** @description Of exactly `due`; absent: nothing is */
            payment?: components["schemas"]["PaymentClaim"] | null;
        };
        /** @description With `percent`, or `amount` and `currency`, or `salesOpenAt` */
        NewCode: {
            /** @description Compared in upper case and Unicode form NFC */
            code: string;
            /** @description The slug or the id of the only event. Absent: every event */
            event?: string | null;
            /** @description Codes of the categories that it counts for. Absent: every one */
            categories?: string[] | null;
            /** @description Off each eligible seat: an exact decimal, up to four decimals */
            percent?: string | null;
            /**
             * Format: int64
             * @description Off the eligible seats of an order together, in minor units of `currency`
             */
            amount?: number | null;
            /** @description A currency of ISO 4217 */
            currency?: string | null;
            /**
             * Format: int32
             * @description A use is a reservation
             */
            maxUses?: number | null;
            /** Format: int32 */
            maxUsesPerBuyer?: number | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            validFrom?: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            validUntil?: string | null;
            /**
             * Format: date-time
             * @description With this code the sale of its event and categories opens then
             */
            salesOpenAt?: string | null;
        };
        PromoCode: {
            /** Format: uuid */
            id: string;
            code: string;
            /** @description The event's slug; null: every event */
            event: string | null;
            categories: string[] | null;
            percent: string | null;
            /**
             * Format: int64
             * @description Minor units: cents for EUR, whole yen for JPY
             */
            amount: number | null;
            currency: string | null;
            /** Format: int32 */
            maxUses: number | null;
            /** Format: int32 */
            maxUsesPerBuyer: number | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            validFrom: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            validUntil: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            salesOpenAt: string | null;
            uses: components["schemas"]["CodeUses"];
            /** Format: int32 */
            revision: number;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            createdAt: string;
        };
        /** @description Reservations with it: held, and sold */
        CodeUses: {
            /** Format: int32 */
            held: number;
            /** Format: int32 */
            used: number;
        };
        PromoCodePage: {
            data: components["schemas"]["PromoCode"][];
            /** @description `cursor` of the next page; null on the last one */
            nextCursor: string | null;
        };
        CodePatch: {
            /** @description The slug or the id of the only event. Absent: every event */
            event?: string | null;
            /** @description Codes of the categories that it counts for. Absent: every one */
            categories?: string[] | null;
            /** @description Off each eligible seat: an exact decimal, up to four decimals */
            percent?: string | null;
            /**
             * Format: int64
             * @description Off the eligible seats of an order together, in minor units of `currency`
             */
            amount?: number | null;
            /** @description A currency of ISO 4217 */
            currency?: string | null;
            /**
             * Format: int32
             * @description A use is a reservation
             */
            maxUses?: number | null;
            /** Format: int32 */
            maxUsesPerBuyer?: number | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            validFrom?: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            validUntil?: string | null;
            /**
             * Format: date-time
             * @description With this code the sale of its event and categories opens then
             */
            salesOpenAt?: string | null;
        };
        NewCheckIn: {
            /** @description What the ticket's QR code carries; white space around it is taken off */
            code: string;
            /** @description The slug or the id of the event at this door. Required, unless the key is for one event */
            event?: string | null;
            /** @description Which door; it is told to whoever comes second */
            gate?: string | null;
            /** @description The scanner's own id of this scan, of its key and the code. Asked again, it gets the same answer */
            scanId?: string | null;
            /**
             * Format: date-time
             * @description When it was scanned, if it was scanned without a network: at most a day ago. The first scan that arrives wins
             */
            scannedAt?: string | null;
        };
        CheckIn: {
            reservation: string;
            event: string;
            seat: string;
            holder: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            at: string;
            gate: string | null;
        };
        NewCheckInUndo: {
            /** @description What the ticket's QR code carries; white space around it is taken off */
            code: string;
        };
        CheckInUndo: {
            reservation: string;
            event: string;
            seat: string;
            holder: string;
            /** @description Known values: `valid`; more may be added. */
            status: string;
        };
        CheckInSummary: {
            event: string;
            /** Format: int32 */
            entries: number;
            /**
             * Format: int32
             * @description Valid tickets that have not come
             */
            expected: number;
            /** @description The 200 busiest; null: no gate was named */
            gates: components["schemas"]["GateEntries"][];
        };
        GateEntries: {
            gate: string | null;
            /** Format: int32 */
            entries: number;
        };
        VoidedTickets: {
            data: components["schemas"]["VoidedTicket"][];
            /** @description `after` of the next call, also when nothing was new */
            next: string;
        };
        VoidedTicket: {
            code: string;
            seat: string;
            /** @description Known values: `cancelled`, `changed`; more may be added. */
            why: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            voidedAt: string;
        };
        TicketKey: {
            keyId: string;
            /** @description Known values: `Ed25519`; more may be added. */
            algorithm: string;
            publicKeyPem: string;
        };
        PaymentPage: {
            data: components["schemas"]["Payment"][];
            /** @description `cursor` of the next page; null on the last one */
            nextCursor: string | null;
        };
        Payment: {
            reference: string;
            amount: components["schemas"]["Money"];
            /** @description What was given back, by us and by the provider itself */
            refunded: components["schemas"]["Money"];
            /** @description Known values: `captured`, `refunding`, `partially_refunded`, `refunded`, `disputed`, `unmatched`; more may be added. */
            status: string;
            /** @description Whose signed event proves it; null: it is claimed. Known values: `stripe`, `standard`; more may be added. */
            provenBy: string | null;
            /** @description Who can give it back; `client`: no provider can. Known values: `stripe`, `test`, `client`; more may be added. */
            capturedBy: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            receivedAt: string;
            /** @description As the provider named it; it need not exist */
            reservation: string;
            reservationExists: boolean;
            /** @description Who reported it. Known values: `stripe`, `standard`, `client`, `signal`; more may be added. */
            source: string;
            /** @description The latest refund's. Known values: `cancelled`, `change`, `change_ended`, `duplicate`, `event_started`, `expired`, `mismatch`, `unknown_reservation`, `operator`, `provider`; more may be added. */
            refundReason: string | null;
            /** @description Why the provider refuses the refund; an operator has to look */
            refundError: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            refundedAt: string | null;
        };
        RefundPage: {
            data: components["schemas"]["Refund"][];
            /** @description `cursor` of the next page; null on the last one */
            nextCursor: string | null;
        };
        RefundSucceeded: {
            /** @description How it was given back: what an auditor needs */
            note: string;
        };
        NewRefund: {
            /**
             * Format: int64
             * @description Minor units of the payment
             */
            amount: number;
            /** @description The payment's reference; without it the one that confirmed the reservation, or, if too little is left of that, another that has enough */
            payment?: string | null;
            /** @description Why, in your words; not for personal data */
            reason: string;
        };
        UndeliveredMailPage: {
            data: components["schemas"]["UndeliveredMail"][];
            /** @description `cursor` of the next page; null on the last one */
            nextCursor: string | null;
        };
        UndeliveredMail: {
            id: string;
            /** @description Known values: `tickets`, `cancelled`, `refund`, `late_payment_refund`; more may be added. */
            kind: string;
            reservation: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            requestedAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            attemptedAt: string | null;
            /** @description The mail server's words */
            error: string;
            /** @description For good; false: it is tried again */
            refused: boolean;
        };
        NotePage: {
            data: components["schemas"]["Note"][];
            /** @description `cursor` of the next page; null on the last one */
            nextCursor: string | null;
        };
        Note: {
            id: string;
            /** @description Known values: `event_not_understood`, `claim_contradicted`, `reference_conflict`, `payment_unmatched`, `refund_excess`, `refund_failed`, `webhook_disabled`; more may be added. */
            kind: string;
            /** @description As it was named; it need not exist. null: it is about none */
            reservation: string | null;
            /** @description The payment's, if it is about one */
            reference: string | null;
            /** @description What was told, and what was known; by kind */
            data: {
                [key: string]: unknown;
            };
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            closedAt: string | null;
            closedBy: string | null;
        };
        Feed: {
            data: components["schemas"]["FeedEntry"][];
            /** @description `after` of the next call, always */
            next: string;
        };
        FeedEntry: {
            /**
             * Format: int64
             * @description Grows by one for each entry of the system, whoever is told of it
             */
            sequence: number;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            at: string;
            /** @description Known values: `reservation.held`, `reservation.extended`, `reservation.changed`, `reservation.confirmed`, `reservation.cancel_requested`, `reservation.cancelled`, `reservation.expired`, `reservation.updated`, `reservation.erased`, `change.quoted`, `change.applied`, `change.expired`, `change.withdrawn`, `payment.received`, `payment.pending`, `payment.failed`, `payment.unmatched`, `payment.disputed`, `payment.dispute_won`, `payment.dispute_lost`, `refund.created`, `refund.succeeded`, `refund.failed`, `tickets.ready`, `tickets.resend_requested`, `tickets.mailed`, `tickets.mail_refused`, `ticket.voided`, `ticket.checked_in`, `ticket.check_in_undone`, `event.created`, `event.changed`, `allotment.created`, `allotment.ended`; more may be added. */
            type: string;
            /** @description Who did it, as `client:NAME`, `operator:NAME` or `system` */
            actor: string;
            reservation: string | null;
            /** @description Its slug; null for an order of several */
            event: string | null;
            /**
             * Format: int64
             * @description Of the reservation, or of the event, about when it happened; it grows
             */
            revision: number | null;
            /** @description By type. Never a buyer, a reference, metadata or free text */
            data: {
                [key: string]: unknown;
            };
        };
        NewWebhookEndpoint: {
            /** @description Of a public address; `https://` in production. No redirect is followed */
            url: string;
            /** @description What it is told of. Absent: everything */
            types?: ("reservation.held" | "reservation.extended" | "reservation.changed" | "reservation.confirmed" | "reservation.cancel_requested" | "reservation.cancelled" | "reservation.expired" | "reservation.updated" | "reservation.erased" | "change.quoted" | "change.applied" | "change.expired" | "change.withdrawn" | "payment.received" | "payment.pending" | "payment.failed" | "payment.unmatched" | "payment.disputed" | "payment.dispute_won" | "payment.dispute_lost" | "refund.created" | "refund.succeeded" | "refund.failed" | "tickets.ready" | "tickets.resend_requested" | "tickets.mailed" | "tickets.mail_refused" | "ticket.voided" | "ticket.checked_in" | "ticket.check_in_undone" | "event.created" | "event.changed" | "allotment.created" | "allotment.ended")[] | null;
        };
        WebhookEndpointWithSecret: {
            id: string;
            client: string;
            url: string;
            /** @description null: all */
            types: string[] | null;
            /** @description Known values: `enabled`, `disabled`; more may be added. */
            status: string;
            /** @description `gone`: it answered 410; `no_success`: for three days it took nothing. Known values: `gone`, `no_success`; more may be added. */
            disabledReason: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            disabledAt: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            lastSuccessAt: string | null;
            /**
             * Format: date-time
             * @description The first failure since then
             */
            failingSince: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            updatedAt: string;
            /** @description Signs by the rules of Standard Webhooks. Shown this once */
            secret?: string;
        };
        WebhookEndpointPage: {
            data: components["schemas"]["WebhookEndpoint"][];
            /** @description `cursor` of the next page; null on the last one */
            nextCursor: string | null;
        };
        WebhookEndpoint: {
            id: string;
            client: string;
            url: string;
            /** @description null: all */
            types: string[] | null;
            /** @description Known values: `enabled`, `disabled`; more may be added. */
            status: string;
            /** @description `gone`: it answered 410; `no_success`: for three days it took nothing. Known values: `gone`, `no_success`; more may be added. */
            disabledReason: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            disabledAt: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            lastSuccessAt: string | null;
            /**
             * Format: date-time
             * @description The first failure since then
             */
            failingSince: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            updatedAt: string;
        };
        WebhookEndpointPatch: {
            /** @description Of a public address; `https://` in production. No redirect is followed */
            url?: string;
            /** @description What it is told of. Absent: everything */
            types?: ("reservation.held" | "reservation.extended" | "reservation.changed" | "reservation.confirmed" | "reservation.cancel_requested" | "reservation.cancelled" | "reservation.expired" | "reservation.updated" | "reservation.erased" | "change.quoted" | "change.applied" | "change.expired" | "change.withdrawn" | "payment.received" | "payment.pending" | "payment.failed" | "payment.unmatched" | "payment.disputed" | "payment.dispute_won" | "payment.dispute_lost" | "refund.created" | "refund.succeeded" | "refund.failed" | "tickets.ready" | "tickets.resend_requested" | "tickets.mailed" | "tickets.mail_refused" | "ticket.voided" | "ticket.checked_in" | "ticket.check_in_undone" | "event.created" | "event.changed" | "allotment.created" | "allotment.ended")[] | null;
        };
        WebhookReplay: {
            /** @description A place in the feed: a `next` of `GET /v1/feed` */
            after: string;
        };
        WebhookDeliveryPage: {
            data: components["schemas"]["WebhookDelivery"][];
            /** @description `cursor` of the next page; null on the last one */
            nextCursor: string | null;
        };
        WebhookDelivery: {
            /** @description The header `webhook-id`, the same for each attempt */
            id: string;
            /**
             * Format: int64
             * @description Of the feed's entry
             */
            sequence: number;
            /** @description Known values: `reservation.held`, `reservation.extended`, `reservation.changed`, `reservation.confirmed`, `reservation.cancel_requested`, `reservation.cancelled`, `reservation.expired`, `reservation.updated`, `reservation.erased`, `change.quoted`, `change.applied`, `change.expired`, `change.withdrawn`, `payment.received`, `payment.pending`, `payment.failed`, `payment.unmatched`, `payment.disputed`, `payment.dispute_won`, `payment.dispute_lost`, `refund.created`, `refund.succeeded`, `refund.failed`, `tickets.ready`, `tickets.resend_requested`, `tickets.mailed`, `tickets.mail_refused`, `ticket.voided`, `ticket.checked_in`, `ticket.check_in_undone`, `event.created`, `event.changed`, `allotment.created`, `allotment.ended`; more may be added. */
            type: string;
            reservation: string | null;
            /** @description Where it is about an event, not a reservation */
            event: string | null;
            /** @description Known values: `pending`, `delivered`, `failed`; more may be added. */
            status: string;
            /** Format: int32 */
            attempts: number;
            /**
             * Format: int32
             * @description Of the last attempt
             */
            responseStatus: number | null;
            /** @description Of the last attempt */
            error: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            lastAttemptAt: string | null;
            /**
             * Format: date-time
             * @description null also while an earlier one about the same reservation waits
             */
            nextAttemptAt: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            finishedAt: string | null;
        };
        OutboxEntryPage: {
            data: components["schemas"]["OutboxEntry"][];
            /** @description `cursor` of the next page; null on the last one */
            nextCursor: string | null;
        };
        OutboxEntry: {
            id: string;
            /** @description Known values: `start`, `ring`, `refund_order`, `refund`, `mail`, `webhooks`, `change`, `resend`, `print`; more may be added. */
            kind: string;
            /** @description The id of what it is about, by kind */
            subject: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            createdAt: string;
            /** Format: int32 */
            attempts: number;
            /**
             * Format: date-time
             * @description null: it was given up
             */
            nextTryAt: string | null;
            /** @description Temporal's own words */
            lastError: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            givenUpAt: string | null;
        };
        /** @description Stripe's event, as signed */
        StripeWebhook: {
            id: string;
            type: string;
        } & {
            [key: string]: unknown;
        };
        WebhookReceipt: {
            received: boolean;
            ignored: boolean;
        };
        /** @description A payment that succeeded, is on its way, or failed */
        StandardWebhook: {
            /** @enum {string} */
            type: "payment.succeeded" | "payment.pending" | "payment.failed";
            data: components["schemas"]["StandardPayment"];
        } & {
            [key: string]: unknown;
        };
        StandardPayment: {
            reservation: string;
            reference: string;
            /** Format: int64 */
            amount: number;
            currency: string;
            change?: string | null;
        };
        TestPayment: {
            /** @enum {string} */
            outcome: "succeeds" | "fails";
            /**
             * Format: int64
             * @description Minor units; absent: the reservation's total, or what is due for the change
             */
            amount?: number | null;
            /** @description The id of the change that it is for; absent: the reservation itself */
            change?: string | null;
        };
        Liveness: {
            /** @description Known values: `ok`; more may be added. */
            status: string;
        };
        Readiness: {
            /** @description Known values: `ready`; more may be added. */
            status: string;
            /** @description What is missing, though sales go on; a role: a worker of it is silent */
            degraded?: string[];
        };
        CodecRequest: {
            /** @default [] */
            payloads?: components["schemas"]["CodecRequestPayload"][] | null;
        } & {
            [key: string]: unknown;
        };
        CodecRequestPayload: {
            metadata?: {
                [key: string]: string;
            } | null;
            data?: string | null;
        } & {
            [key: string]: unknown;
        };
        CodecAnswer: {
            /** @default [] */
            payloads: components["schemas"]["CodecAnswerPayload"][];
        } & {
            [key: string]: unknown;
        };
        CodecAnswerPayload: {
            metadata?: {
                [key: string]: string;
            };
            data?: string;
        } & {
            [key: string]: unknown;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listEvents: {
        parameters: {
            query?: {
                /** @description Entries of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before; none for the first page */
                cursor?: string;
                /** @description true: only those that have not begun */
                upcoming?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventPage"];
                };
            };
        };
    };
    createEvent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewEvent"];
            };
        };
        responses: {
            /** @description The event */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"];
                };
            };
        };
    };
    getEvent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description An id or a slug */
                event: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The event */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"];
                };
            };
        };
    };
    updateEvent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description An id or a slug */
                event: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EventPatch"];
                "application/merge-patch+json": components["schemas"]["EventPatch"];
            };
        };
        responses: {
            /** @description Changed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"];
                };
            };
        };
    };
    addSections: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description An id or a slug */
                event: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSections"];
                "text/csv": string;
            };
        };
        responses: {
            /** @description The event, which has them now */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"];
                };
            };
        };
    };
    getReport: {
        parameters: {
            query?: {
                /** @description RFC 3339, not in the future. Absent: now */
                asOf?: string;
            };
            header?: never;
            path: {
                /** @description An id or a slug */
                event: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The report */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Report"];
                    "text/csv": string;
                };
            };
        };
    };
    getSeats: {
        parameters: {
            query?: {
                /** @description The name of a section */
                section?: string;
                status?: "available" | "held" | "sold" | "blocked";
            };
            header?: never;
            path: {
                /** @description An id or a slug */
                event: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The seats */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SeatList"];
                };
            };
        };
    };
    streamSeats: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description An id or a slug */
                event: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A stream without an end */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
        };
    };
    listAllotments: {
        parameters: {
            query?: {
                /** @description Entries of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before; none for the first page */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description An id or a slug */
                event: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of allotments */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AllotmentPage"];
                };
            };
        };
    };
    createAllotment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description An id or a slug */
                event: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAllotment"];
            };
        };
        responses: {
            /** @description The allotment */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Allotment"];
                };
            };
        };
    };
    getAllotment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description An id or a slug */
                event: string;
                /** @description The id of an allotment */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The allotment */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Allotment"];
                };
            };
        };
    };
    deleteAllotment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description An id or a slug */
                event: string;
                /** @description The id of an allotment */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It has ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateAllotment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description An id or a slug */
                event: string;
                /** @description The id of an allotment */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AllotmentPatch"];
                "application/merge-patch+json": components["schemas"]["AllotmentPatch"];
            };
        };
        responses: {
            /** @description Changed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Allotment"];
                };
            };
        };
    };
    listReservations: {
        parameters: {
            query?: {
                /** @description Entries of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before; none for the first page */
                cursor?: string;
                /** @description The slug or the id of an event */
                event?: string;
                status?: "held" | "confirmed" | "expired" | "cancelled";
                /** @description The buyer's */
                email?: string;
                /** @description The client's own name for it */
                reference?: string;
                /** @description The reference of a payment */
                payment?: string;
                /** @description The label of a seat of `event`: who has it now */
                seat?: string;
                /** @description RFC 3339, UTC */
                createdFrom?: string;
                /** @description Not included */
                createdTo?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of reservations */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReservationPage"];
                };
            };
        };
    };
    createReservation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewReservation"];
            };
        };
        responses: {
            /** @description Held; or, with `Idempotency-Replayed: true`, the reservation as it stands now */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reservation"];
                };
            };
        };
    };
    previewPrices: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPricePreview"];
            };
        };
        responses: {
            /** @description The prices as they stand */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PricePreview"];
                };
            };
        };
    };
    getReservation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The idempotency key that the reservation was made with */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The reservation */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reservation"];
                };
            };
        };
    };
    updateReservation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The idempotency key that the reservation was made with */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReservationPatch"];
                "application/merge-patch+json": components["schemas"]["ReservationPatch"];
            };
        };
        responses: {
            /** @description Changed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reservation"];
                };
            };
        };
    };
    getHistory: {
        parameters: {
            query?: {
                /** @description Entries of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before; none for the first page */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description The idempotency key that the reservation was made with */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of its history */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistoryEntryPage"];
                };
            };
        };
    };
    getTickets: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The idempotency key that the reservation was made with */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One for each seat */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketList"];
                };
            };
        };
    };
    getTicketsPdf: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The idempotency key that the reservation was made with */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The document */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/pdf": string;
                };
            };
        };
    };
    eraseBuyer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The idempotency key that the reservation was made with */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Forgotten */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reservation"];
                };
            };
        };
    };
    confirmReservation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The idempotency key that the reservation was made with */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Confirmation"];
            };
        };
        responses: {
            /** @description Confirmed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reservation"];
                };
            };
            /** @description Kept; the actor has not come to it within 5 s. The reservation as it stands */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reservation"];
                };
            };
        };
    };
    previewCancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The idempotency key that the reservation was made with */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description By the events' terms */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CancelPreview"];
                };
            };
        };
    };
    cancelReservation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The idempotency key that the reservation was made with */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Cancellation"];
            };
        };
        responses: {
            /** @description Cancelled */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reservation"];
                };
            };
            /** @description Kept; the actor has not come to it within 5 s. The reservation as it stands */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reservation"];
                };
            };
        };
    };
    extendReservation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The idempotency key that the reservation was made with */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Extended */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reservation"];
                };
            };
        };
    };
    resendTickets: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The idempotency key that the reservation was made with */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Will be sent */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reservation"];
                };
            };
        };
    };
    listChanges: {
        parameters: {
            query?: {
                /** @description Entries of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before; none for the first page */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description The idempotency key that the reservation was made with */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of changes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangePage"];
                };
            };
        };
    };
    createChange: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The idempotency key that the reservation was made with */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewChange"];
            };
        };
        responses: {
            /** @description Applied, or quoted */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Change"];
                };
            };
        };
    };
    getChange: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The idempotency key that the reservation was made with */
                id: string;
                /** @description The id of a change */
                change: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The change */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Change"];
                };
            };
        };
    };
    withdrawChange: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The idempotency key that the reservation was made with */
                id: string;
                /** @description The id of a change */
                change: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Withdrawn, now or before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Change"];
                };
            };
        };
    };
    confirmChange: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The idempotency key that the reservation was made with */
                id: string;
                /** @description The id of a change */
                change: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeConfirmation"];
            };
        };
        responses: {
            /** @description Applied */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Change"];
                };
            };
            /** @description Kept; the actor has not come to it within 5 s. The change as it stands */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Change"];
                };
            };
        };
    };
    listCodes: {
        parameters: {
            query?: {
                /** @description Entries of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before; none for the first page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of codes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PromoCodePage"];
                };
            };
        };
    };
    createCode: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewCode"];
            };
        };
        responses: {
            /** @description The code */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PromoCode"];
                };
            };
        };
    };
    getCode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The code, in any case, or its id */
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The code */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PromoCode"];
                };
            };
        };
    };
    updateCode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The code, in any case, or its id */
                code: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CodePatch"];
                "application/merge-patch+json": components["schemas"]["CodePatch"];
            };
        };
        responses: {
            /** @description Changed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PromoCode"];
                };
            };
        };
    };
    checkIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewCheckIn"];
            };
        };
        responses: {
            /** @description Let in */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckIn"];
                };
            };
        };
    };
    undoCheckIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewCheckInUndo"];
            };
        };
        responses: {
            /** @description Valid again */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckInUndo"];
                };
            };
        };
    };
    summarizeCheckIns: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description An id or a slug */
                event: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As of now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckInSummary"];
                };
            };
        };
    };
    listVoidedTickets: {
        parameters: {
            query?: {
                /** @description Entries of a page at most */
                limit?: number;
                /** @description `next` of the call before; none: from the beginning */
                after?: string;
            };
            header?: never;
            path: {
                /** @description An id or a slug */
                event: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What is void since `after` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VoidedTickets"];
                };
            };
        };
    };
    getTicketKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An Ed25519 key */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketKey"];
                };
            };
        };
    };
    listPayments: {
        parameters: {
            query?: {
                /** @description Entries of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before; none for the first page */
                cursor?: string;
                status?: "captured" | "refunding" | "partially_refunded" | "refunded" | "disputed" | "unmatched";
                /** @description As the provider named it */
                reservation?: string;
                /** @description false: only payments for reservations that never were */
                reservationExists?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of payments */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaymentPage"];
                };
            };
        };
    };
    listRefunds: {
        parameters: {
            query?: {
                /** @description Entries of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before; none for the first page */
                cursor?: string;
                status?: "pending" | "succeeded" | "failed";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of refunds */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RefundPage"];
                };
            };
        };
    };
    markRefundSucceeded: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefundSucceeded"];
            };
        };
        responses: {
            /** @description Succeeded, now or before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refund"];
                };
            };
        };
    };
    createRefund: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The idempotency key that the reservation was made with */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRefund"];
            };
        };
        responses: {
            /** @description Ordered */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refund"];
                };
            };
        };
    };
    listUndeliveredMails: {
        parameters: {
            query?: {
                /** @description Entries of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before; none for the first page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of mails */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UndeliveredMailPage"];
                };
            };
        };
    };
    listNotes: {
        parameters: {
            query?: {
                /** @description Entries of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before; none for the first page */
                cursor?: string;
                /** @description true: only those that nobody has closed */
                open?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of notes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotePage"];
                };
            };
        };
    };
    closeNote: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Closed, now or before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Note"];
                };
            };
        };
    };
    readFeed: {
        parameters: {
            query?: {
                /** @description `next` of the call before; `now` begins at the end, none at the beginning of what is kept */
                after?: string;
                /** @description Entries at most */
                limit?: number;
                /** @description Seconds to wait for an entry where there is none */
                wait?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What comes next; without news none */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Feed"];
                };
            };
        };
    };
    listWebhookEndpoints: {
        parameters: {
            query?: {
                /** @description Entries of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before; none for the first page */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of endpoints */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpointPage"];
                };
            };
        };
    };
    createWebhookEndpoint: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewWebhookEndpoint"];
            };
        };
        responses: {
            /** @description The endpoint, with its secret */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpointWithSecret"];
                };
            };
        };
    };
    getWebhookEndpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The endpoint */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpoint"];
                };
            };
        };
    };
    deleteWebhookEndpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateWebhookEndpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookEndpointPatch"];
                "application/merge-patch+json": components["schemas"]["WebhookEndpointPatch"];
            };
        };
        responses: {
            /** @description Changed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpoint"];
                };
            };
        };
    };
    rotateWebhookSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The endpoint, with its new secret */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpointWithSecret"];
                };
            };
        };
    };
    replayWebhookEndpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookReplay"];
            };
        };
        responses: {
            /** @description It is being sent */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpoint"];
                };
            };
        };
    };
    enableWebhookEndpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Enabled */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpoint"];
                };
            };
        };
    };
    listWebhookDeliveries: {
        parameters: {
            query?: {
                /** @description Entries of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before; none for the first page */
                cursor?: string;
                status?: "pending" | "delivered" | "failed";
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of deliveries */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDeliveryPage"];
                };
            };
        };
    };
    listOutbox: {
        parameters: {
            query?: {
                /** @description Entries of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before; none for the first page */
                cursor?: string;
                /** @description true: only what is no longer tried */
                givenUp?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of entries */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OutboxEntryPage"];
                };
            };
        };
    };
    retryOutboxEntry: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is due now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OutboxEntry"];
                };
            };
        };
    };
    receiveStripeWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StripeWebhook"];
            };
        };
        responses: {
            /** @description Kept, or not of interest (`ignored`) */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookReceipt"];
                };
            };
        };
    };
    receiveStandardWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StandardWebhook"];
            };
        };
        responses: {
            /** @description Kept, or not of interest (`ignored`) */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookReceipt"];
                };
            };
        };
    };
    payAsTestProvider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The idempotency key that the reservation was made with */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TestPayment"];
            };
        };
        responses: {
            /** @description Received and dealt with; the reservation as it stands */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reservation"];
                };
            };
            /** @description Received; the workflow has not come to it within 5 s */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reservation"];
                };
            };
        };
    };
    expireReservation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The idempotency key that the reservation was made with */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ended */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reservation"];
                };
            };
        };
    };
    getLiveness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Liveness"];
                };
            };
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It can */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prometheus' text format */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    decodePayloads: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CodecRequest"];
            };
        };
        responses: {
            /** @description The same payloads */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CodecAnswer"];
                };
            };
        };
    };
    encodePayloads: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CodecRequest"];
            };
        };
        responses: {
            /** @description The same payloads */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CodecAnswer"];
                };
            };
        };
    };
}

/** The codes of problems. */
export const PROBLEM_CODES = [
  "malformed_request",
  "idempotency_key_missing",
  "idempotency_key_invalid",
  "signature_invalid",
  "unauthorized",
  "forbidden",
  "key_of_another_event",
  "key_not_for_browsers",
  "cross_site_request",
  "sale_not_open",
  "sale_paused",
  "limit_exceeded",
  "not_found",
  "method_not_allowed",
  "request_timeout",
  "seats_unavailable",
  "reservation_not_confirmed",
  "reservation_expired",
  "reservation_cancelled",
  "reservation_confirmed",
  "code_used_up",
  "payment_in_progress",
  "change_open",
  "change_ended",
  "cancel_accepted",
  "extension_limit",
  "tickets_not_ready",
  "buyer_erased",
  "already_checked_in",
  "not_checked_in",
  "ticket_void",
  "refund_not_by_hand",
  "wrong_event",
  "scan_undone",
  "slug_taken",
  "code_taken",
  "holds_outlast_start",
  "code_in_use",
  "orphan_seat",
  "allotment_ended",
  "webhooks_not_set_up",
  "feed_truncated",
  "feed_reset",
  "precondition_failed",
  "body_too_large",
  "unsupported_media_type",
  "validation_failed",
  "idempotency_key_reused",
  "scan_id_reused",
  "companion_alone",
  "buyer_required",
  "code_invalid",
  "refund_exceeds_payment",
  "payment_mismatch",
  "precondition_required",
  "rate_limited",
  "headers_too_large",
  "internal",
  "temporarily_unavailable",
] as const;

/** The calls that take an `Idempotency-Key`. */
export const KEYED_CALLS: readonly string[] = [
  "POST /v1/events/{event}/sections",
  "POST /v1/events/{event}/allotments",
  "POST /v1/reservations",
  "POST /v1/reservations/{id}/resend",
  "POST /v1/reservations/{id}/changes",
  "POST /v1/codes",
  "POST /v1/reservations/{id}/refunds",
  "POST /v1/webhook-endpoints",
  "POST /v1/webhook-endpoints/{id}/rotate-secret",
];
