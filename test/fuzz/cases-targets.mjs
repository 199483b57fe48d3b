// Odd paths, queries and methods. A case: see cases-http.mjs.
import { randomUUID } from 'node:crypto';

const METHODS = [
  'TRACE',
  'OPTIONS',
  'HEAD',
  'PUT',
  'PATCH',
  'DELETE',
  'GET',
  'POST',
  'PROPFIND',
  'M-SEARCH',
  'QUERY',
];

export function targetCases({ key, event, reservation }) {
  const headers = [['Authorization', `Bearer ${key}`]];
  const parts = [
    '%00',
    '%ff',
    '%',
    '%2',
    '%zz',
    '..%2f',
    '%2e%2e',
    '..',
    '.',
    '%c0%af',
    '%0d%0aX:1',
    'a'.repeat(7_000),
    '%F0%9F%98%80',
    "'",
    '%22',
    '*',
    ':id',
    '{id}',
    '\xff',
    '__proto__',
    'constructor',
  ];
  const templates = [
    '/v1/events/{x}',
    '/v1/events/{x}/seats',
    '/v1/events/{x}/stream',
    '/v1/reservations/{x}',
    '/v1/reservations/{x}/tickets.pdf',
    '/v1/reservations/{x}/history',
    '/api/assets/{x}',
    '/{x}',
    '/v1/{x}',
  ];
  const paths = templates.flatMap((template) => parts.map((part) => template.replace('{x}', part)));
  paths.push(
    '//v1/events',
    '/v1//events',
    '/v1/events//',
    `/v1/events/${event}/`,
    '/V1/EVENTS',
    '/v1/events;x=1',
    '/v1/events#x',
    '//',
    '/'.repeat(7_000),
    '*',
  );
  const names = [
    'limit',
    'cursor',
    'event',
    'status',
    'email',
    'reservation',
    '__proto__',
    'constructor',
    'toString',
    'limit[]',
    'limit[$gt]',
    '',
  ];
  const values = [
    '',
    '%',
    '%ff',
    '%00',
    '1&{n}=2',
    '[]',
    '0x10',
    '1e1',
    ' 5',
    '1.0',
    '-1',
    '9'.repeat(400),
    'NaN',
    'null',
    '%F0%9F%98%80',
    "'--",
    'a@%00.org',
    'x'.repeat(7_000),
  ];
  const queries = names.flatMap((name) =>
    values.map((value) => `?${name}=${value.replace('{n}', name)}`.replaceAll(' ', '%20')),
  );
  const lists = [
    '/v1/events',
    '/v1/reservations',
    '/v1/payments',
    `/v1/reservations/${reservation}/history`,
  ];
  const cursors = ['000000000000000000', '999999999999999999'].flatMap((time) =>
    [randomUUID(), '00000000', '0', '999999999999999', 'AA', '____', 'x'.repeat(1_000)].map(
      (id) => `?cursor=${time}.${id}`,
    ),
  );
  return [
    ...paths.map((target) => [
      `GET ${target.slice(0, 60)}`,
      { target, headers },
      { status: [200, 301, 302, 400, 404] },
    ]),
    ...lists.flatMap((path) =>
      [...queries, ...cursors].map((query) => [
        `GET ${path}${query.slice(0, 40)}`,
        { target: path + query, headers },
        { status: [200, 422] },
      ]),
    ),
  ];
}

export function methodCases({ document, key, event, reservation }) {
  const headers = [['Authorization', `Bearer ${key}`]];
  return [
    ...Object.keys(document.paths),
    '/openapi.json',
    '/api/docs/',
    '/api/redoc/',
    '/nowhere',
  ].flatMap((path) => {
    const target = path.replace('{event}', event).replace('{id}', reservation);
    const documented = Object.keys(document.paths[path] ?? {}).map((method) =>
      method.toUpperCase(),
    );
    return METHODS.filter(
      (method) =>
        !documented.includes(method) &&
        !(method === 'GET' && path.startsWith('/api')) &&
        !(method === 'GET' && path === '/openapi.json'),
    ).map((method) => [
      `${method} ${path}`,
      { method, target, headers },
      { status: [200, 204, 404, 405, 409, 415] },
    ]);
  });
}
