// Runs the statements on standard input as psql would, on the database that the first argument names, and prints rows.
import { text } from 'node:stream/consumers';
import pg from 'pg';

const client = new pg.Client({ connectionString: process.argv[2] });
await client.connect();
const results = [await client.query(await text(process.stdin))].flat();
for (const { command, rowCount, rows } of results)
  console.log(command, rowCount, JSON.stringify(rows));
await client.end();
