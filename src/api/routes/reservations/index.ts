import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { eraseBuyer } from '../../../db/erasure';
import { buyerKeysOf } from '../../../db/holds';
import { readHistory } from '../../../db/history';
import { listReservations } from '../../../db/reservations';
import type { Database } from '../../../db/database';
import { listTickets, orderPrint, readDocument, readPrint } from '../../../db/tickets';
import { encodeCursor, pageOf } from '../../cursor';
import { CONFIRMED_RESERVATION } from '../../examples';
import type { Pass } from '../../gate';
import { defineRoute } from '../../route';
import { list, page } from '../../schemas';
import { createAccess, FOR_PAGES } from './access';
import { commandRoutes, NO_TICKETS, type CommandRouteDeps } from './commands';
import { createRoute, type CreateRouteDeps } from './create';
import { presentReservation } from './presenter';
import { pricePreviewRoute, type PricePreviewRouteDeps } from './price-preview';
import {
  historyEntry,
  historyQuery,
  reservation,
  reservationParams,
  reservationQuery,
  ticket,
} from './schema';
import { updateRoute, type UpdateRouteDeps } from './update';

const HISTORY_EPOCH = '1970-01-01T00:00:00.000000Z';
const PRINT_WITHIN_MS = 5000;
const LOOK_EVERY_MS = 200;
const DISPOSITION = 'inline; filename="tickets.pdf"';

export type ReservationRouteDeps = CreateRouteDeps &
  CommandRouteDeps &
  UpdateRouteDeps &
  PricePreviewRouteDeps;

/**
 * The print of a sale's tickets, or null when there is none yet. A print that was removed, or that is
 * older than an edit of its event, is made again while the caller waits. If no worker makes it in time,
 * the old print is given if it is kept: its codes are valid.
 */
async function printOf(db: Database, id: string, pause: Pass['pause']): Promise<Buffer | null> {
  const kept = await readDocument(db, id);
  if (!kept || kept.current) return kept?.pdf ?? null;
  await orderPrint(db, id);
  const until = performance.now() + PRINT_WITHIN_MS;
  while (performance.now() < until) {
    await pause(() => delay(LOOK_EVERY_MS));
    if ((await readPrint(db, id)).current) return (await readDocument(db, id))?.pdf ?? null;
  }
  return kept.pdf;
}

/** Reservations and their tickets, for the client that made them and for operators. */
export function reservationRoutes(deps: ReservationRouteDeps) {
  const { db, tokens } = deps;
  const access = createAccess(db, tokens);

  return [
    createRoute(deps),
    pricePreviewRoute(deps),
    updateRoute({ ...deps, access }),

    defineRoute({
      method: 'get',
      path: '/v1/reservations',
      operationId: 'listReservations',
      kind: 'list',
      tag: 'Reservations',
      summary: 'Reservations, newest first',
      description:
        "A client's own; an operator's all. An order of several events is found by each.",
      access: ['client'],
      query: reservationQuery,
      responses: { 200: { description: 'A page of reservations', schema: page(reservation) } },
      problems: [],
      async handle({ query, caller }) {
        const { email, cursor, limit, ...asked } = query;
        const filter = {
          ...asked,
          ...(email !== undefined && { buyerKeys: buyerKeysOf(email) }),
          ...(caller.role !== 'operator' && { client: caller.client }),
        };
        const rows = await listReservations(db, filter, cursor ?? null, limit + 1);
        const { rows: shown, nextCursor } = pageOf(rows, limit, (row) => row.reservation.id);
        return {
          status: 200,
          body: { data: shown.map((row) => presentReservation(row.reservation)), nextCursor },
        };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/v1/reservations/{id}',
      operationId: 'getReservation',
      tag: 'Reservations',
      summary: 'The reservation as it stands',
      access: FOR_PAGES,
      params: reservationParams,
      responses: { 200: { description: 'The reservation', schema: reservation } },
      problems: ['not_found'],
      async handle({ params, caller }) {
        return { status: 200, body: presentReservation(await access.load(params.id, caller)) };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/v1/reservations/{id}/history',
      operationId: 'getHistory',
      tag: 'Reservations',
      summary: 'What happened to it, in order',
      description: "Kept for good; it does not end with Temporal's retention.",
      access: ['client'],
      params: reservationParams,
      query: historyQuery,
      responses: { 200: { description: 'A page of its history', schema: page(historyEntry) } },
      problems: ['not_found'],
      async handle({ params, query, caller }) {
        const { id } = await access.load(params.id, caller);
        const entries = await readHistory(db, id, Number(query.cursor?.id ?? 0), query.limit + 1);
        const data = entries.slice(0, query.limit).map(({ id: _id, ...entry }) => entry);
        const last = entries[query.limit - 1];
        const nextCursor =
          entries.length > query.limit
            ? encodeCursor({ at: HISTORY_EPOCH, id: String(last!.id) })
            : null;
        return { status: 200, body: { data, nextCursor } };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/v1/reservations/{id}/tickets',
      operationId: 'getTickets',
      tag: 'Tickets',
      summary: 'Its tickets',
      access: FOR_PAGES,
      params: reservationParams,
      responses: { 200: { description: 'One for each seat', schema: list(ticket) } },
      problems: ['not_found', ...NO_TICKETS],
      async handle({ params, caller }) {
        const record = await access.load(params.id, caller);
        const { id, status, cancelRequestedAt } = record;
        const tickets = await listTickets(db, id);
        // Tickets and their document become available together, so a client that sees the tickets
        // can also fetch the PDF.
        const { printed, erased } = await readPrint(db, id);
        const onTheirWay =
          status === 'confirmed' && cancelRequestedAt === null && !printed && !erased;
        if (tickets.length === 0 || onTheirWay) throw await access.withoutTickets(record);
        return { status: 200, body: { data: tickets } };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/v1/reservations/{id}/tickets.pdf',
      operationId: 'getTicketsPdf',
      tag: 'Tickets',
      summary: 'Its tickets as one PDF, a page each',
      access: FOR_PAGES,
      params: reservationParams,
      responses: {
        200: {
          description: 'The document',
          contentType: 'application/pdf',
          headers: {
            'Content-Disposition': z
              .string()
              .meta({ description: 'RFC 6266', examples: [DISPOSITION] }),
          },
        },
      },
      problems: ['not_found', ...NO_TICKETS],
      async handle({ params, caller, pause }) {
        const record = await access.load(params.id, caller);
        const { id, status, cancelRequestedAt } = record;
        const counts = status === 'confirmed' && cancelRequestedAt === null;
        const pdf = counts ? await printOf(db, id, pause) : null;
        if (!pdf) throw await access.withoutTickets(record);
        return {
          status: 200,
          body: pdf,
          type: 'application/pdf',
          headers: { 'content-disposition': DISPOSITION },
        };
      },
    }),

    defineRoute({
      method: 'post',
      path: '/v1/reservations/{id}/erase-buyer',
      operationId: 'eraseBuyer',
      tag: 'Reservations',
      summary: "Forget the buyer's name and address, for good",
      description:
        "On the buyer's request. Seats, money, ticket codes and the history stay, so the accounts stay right; nothing can be mailed or printed for it any more.",
      access: ['operator'],
      params: reservationParams,
      responses: {
        200: {
          description: 'Forgotten',
          schema: reservation,
          example: { ...CONFIRMED_RESERVATION, buyer: null },
        },
      },
      problems: ['not_found'],
      async handle({ params, caller }) {
        const { id } = await access.load(params.id, caller);
        await eraseBuyer(db, id, `operator:${caller.client}`);
        return { status: 200, body: presentReservation(await access.load(id, caller)) };
      },
    }),

    ...commandRoutes({ ...deps, access }),
  ];
}
