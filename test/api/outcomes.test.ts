import { createOutcomes } from '../../src/api/outcomes';
import type { Database } from '../../src/db/database';

/** A database in which the message 7 is handled after so many looks. */
function databaseThatHandles(afterLooks: number): Database {
  let looks = 0;
  const rows = async () => (++looks > afterLooks ? [{ id: 7, outcome: 'confirmed' }] : []);
  return { rows } as unknown as Database;
}

describe('Of requests that wait for one outcome', () => {
  it('each gets it', async () => {
    const outcomes = createOutcomes(databaseThatHandles(3));
    const waits = [1, 2, 3].map(() => outcomes.wait(7, 10_000));
    expect(await Promise.all(waits)).toEqual(['confirmed', 'confirmed', 'confirmed']);
  });

  it('one that gives up leaves the others waiting', async () => {
    const outcomes = createOutcomes(databaseThatHandles(10));
    const impatient = outcomes.wait(7, 30);
    const patient = outcomes.wait(7, 10_000);
    expect(await impatient).toBeNull();
    expect(await patient).toBe('confirmed');
  });

  it('one that comes after the answer to another waits for its own', async () => {
    const outcomes = createOutcomes(databaseThatHandles(2));
    expect(await outcomes.wait(7, 10_000)).toBe('confirmed');
    expect(await outcomes.wait(7, 10_000)).toBe('confirmed');
  });
});
