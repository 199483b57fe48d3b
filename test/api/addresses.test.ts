import type { Context } from 'koa';
import { createProxyNotice, networkOf, networkOfRequest } from '../../src/api/addresses';

describe('An address counts', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:1234', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['[::ffff:203.0.113.7]:443', '203.0.113.7'],
  ])('%s as itself, however it is written', (text, network) => {
    expect(networkOf(text)).toBe(network);
  });

  it.each([
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1:1:1:1', '2001:db8:0:0::/64'],
    ['2001:0db8:0000:0000:0001:0001:0001:0002', '2001:db8:0:0::/64'],
    ['[2001:db8::1]:8080', '2001:db8:0:0::/64'],
    ['2001:db8::203.0.113.7', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s as the network of one subscriber', (text, network) => {
    expect(networkOf(text)).toBe(network);
  });

  it.each(['', 'unknown', '203.0.113', '203.0.113.7:', '[::1', 'a'.repeat(500), '1:2:3'])(
    'nothing when it is none: %j',
    (text) => {
      expect(networkOf(text)).toBeNull();
    },
  );

  it('as what the proxies of ours say, and as its own where they say nothing', () => {
    const from = (forwarded: string) =>
      ({
        get: () => forwarded,
        req: { socket: { remoteAddress: '::ffff:10.0.0.1' } },
      }) as unknown as Context;
    expect(networkOfRequest(from('198.51.100.9, 203.0.113.7:99'), 1)).toBe('203.0.113.7');
    expect(networkOfRequest(from('198.51.100.9, 203.0.113.7'), 2)).toBe('198.51.100.9');
    expect(networkOfRequest(from('203.0.113.7'), 0)).toBe('10.0.0.1');
    expect(networkOfRequest(from(''), 1)).toBe('10.0.0.1');
    expect(networkOfRequest(from('<script>'), 1)).toBe('10.0.0.1');
  });
});

describe('A proxy that no setting counts', () => {
  const request = (header: string, value: string) =>
    ({ get: (name: string) => (name === header ? value : '') }) as unknown as Context;

  it('is noticed, once', () => {
    const said: string[] = [];
    const notice = createProxyNotice(0, (message) => said.push(message));
    notice(request('host', 'holdfast'));
    expect(said).toEqual([]);
    for (let i = 0; i < 3; i++) notice(request('x-forwarded-for', '203.0.113.7'));
    expect(said).toEqual([expect.stringContaining('set TRUSTED_PROXIES')]);
  });

  it('is no news where it is counted', () => {
    const said: string[] = [];
    createProxyNotice(1, (message) => said.push(message))(request('forwarded', 'for=203.0.113.7'));
    expect(said).toEqual([]);
  });
});
