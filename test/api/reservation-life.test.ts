import { ApiClient, eventually } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

describe('A reservation', () => {
  it('is held, paid by webhook, and delivered as a PDF', async () => {
    const event = await api.event();
    const held = await api.held(event, ['A-1', 'A-2']);
    expect(held).toMatchObject({
      status: 'held',
      total: { amount: 9000, currency: 'EUR' },
      payment: null,
    });

    expect((await api.pay(held, `ref-${held.id}`)).status).toBe(200);
    const confirmed = await api.until(held.id, 'confirmed');
    expect(confirmed.payment).toEqual({
      reference: `ref-${held.id}`,
      amount: 9000,
      currency: 'EUR',
      status: 'captured',
    });

    const tickets = await eventually(async () => {
      const answer = await api.call<{ data: { seat: string; status: string }[] }>(
        'GET',
        `/v1/reservations/${held.id}/tickets`,
      );
      expect(answer.status).toBe(200);
      return answer.body.data;
    });
    expect(tickets).toMatchObject([
      { seat: 'A-1', status: 'valid' },
      { seat: 'A-2', status: 'valid' },
    ]);
    const pdf = await api.call('GET', `/v1/reservations/${held.id}/tickets.pdf`);
    expect(pdf.headers.get('content-type')).toBe('application/pdf');
  });
});
