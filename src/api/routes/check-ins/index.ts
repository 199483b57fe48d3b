import { z } from 'zod';
import type { Database } from '../../../db/database';
import { checkIn } from '../../../db/tickets';
import { RESERVATION_ID, TICKET_CODE, TICKET_KEY } from '../../examples';
import { Problem } from '../../problem';
import { defineRoute } from '../../route';
import { line, openEnum, timestamp } from '../../schemas';

const checkedIn = z
  .object({
    reservation: z.string(),
    event: z.string(),
    seat: z.string(),
    holder: z.string(),
    at: timestamp,
  })
  .meta({
    id: 'CheckIn',
    examples: [
      {
        reservation: RESERVATION_ID,
        event: 'hamlet',
        seat: 'A-1',
        holder: 'Ada Lovelace',
        at: '2030-03-14T18:31:07.123Z',
      },
    ],
  });
const newCheckIn = z
  .strictObject({ code: line(2000).meta({ description: "What the ticket's QR code carries" }) })
  .meta({ id: 'NewCheckIn', examples: [{ code: TICKET_CODE }] });
const publicKey = z
  .object({ keyId: z.string(), algorithm: openEnum(['Ed25519']), publicKeyPem: z.string() })
  .meta({
    id: 'TicketKey',
    examples: [TICKET_KEY],
  });

export interface CheckInRouteDeps {
  db: Database;
  ticketKey: () => Promise<{ keyId: string; publicKeyPem: string }>;
}

/** The door: each ticket lets in once. */
export function checkInRoutes({ db, ticketKey }: CheckInRouteDeps) {
  return [
    defineRoute({
      method: 'post',
      path: '/v1/check-ins',
      operationId: 'checkIn',
      tag: 'Tickets',
      summary: 'Let a ticket in, once',
      access: ['scanner'],
      kind: 'sale',
      body: newCheckIn,
      responses: { 201: { description: 'Let in', schema: checkedIn } },
      problems: ['not_found', 'already_checked_in', 'ticket_void'],
      async handle({ body, caller }) {
        const result = await checkIn(db, body.code, `scanner:${caller.client}`);
        switch (result.kind) {
          case 'checked_in': {
            const { kind: _, ...entry } = result;
            return { status: 201, body: entry };
          }
          case 'already_checked_in':
            throw new Problem('already_checked_in', `This ticket was used at ${result.at}.`, {
              members: { firstCheckInAt: result.at },
            });
          case 'ticket_void':
            throw new Problem('ticket_void', 'This ticket is void: its reservation was cancelled.');
          case 'unknown':
            throw new Problem('not_found', 'This code is no ticket of ours.');
        }
      },
    }),

    defineRoute({
      method: 'get',
      path: '/v1/ticket-key',
      operationId: 'getTicketKey',
      tag: 'Tickets',
      summary: 'The public key of the ticket codes',
      description:
        'A code is `HF1.PAYLOAD.SIGNATURE` (base64url; Ed25519 over `HF1.PAYLOAD`), so a scanner without a network can tell a real ticket from a forged one. Whether it was used or is void only `POST /v1/check-ins` knows.',
      access: 'public',
      responses: {
        200: { description: 'An Ed25519 key', schema: publicKey },
      },
      problems: [],
      async handle() {
        const { keyId, publicKeyPem } = await ticketKey();
        return { status: 200, body: { keyId, algorithm: 'Ed25519', publicKeyPem } };
      },
    }),
  ];
}
