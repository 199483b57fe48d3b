import { isPublicAddress } from '../../src/webhooks/public-address';
import { faultOfUrl } from '../../src/webhooks/url';

describe('An address that webhooks may be sent to', () => {
  it.each([
    '1.1.1.1',
    '93.184.216.34',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700:4700::1111',
    '2a00:1450:4001:82b::200e',
    // NAT64 of a public one.
    '64:ff9b::101:101',
  ])('is %s', (address) => expect(isPublicAddress(address)).toBe(true));

  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '192.0.0.170',
    '192.88.99.1',
    '198.18.0.1',
    '203.0.113.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    // IPv4, mapped, compatible and translated.
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:1.1.1.1',
    '::127.0.0.1',
    '::ffff:0:127.0.0.1',
    // NAT64 of private ones, and a network's own NAT64.
    '64:ff9b::127.0.0.1',
    '64:ff9b::a00:1',
    '64:ff9b:1::a00:1',
    // 6to4, Teredo.
    '2002:7f00:1::',
    '2002:101:101::1',
    '2001:0:4136:e378:8000:63bf:3fff:fdd2',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '100::1',
    '2001:db8::1',
    'localhost',
    '',
    '1.1.1',
  ])('is not %s', (address) => expect(isPublicAddress(address)).toBe(false));
});

describe('The URL of an endpoint', () => {
  const production = { allowPrivate: false, requireTls: true };
  const trial = { allowPrivate: true, requireTls: false };

  it.each([
    'https://shop.example/hooks?a=b',
    'https://1.1.1.1:8443/',
    'https://[2606:4700:4700::1111]/',
  ])('may be %s', (url) => expect(faultOfUrl(url, production)).toBeNull());

  it.each([
    'http://shop.example/',
    'ftp://shop.example/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'shop.example',
    '',
    'https://user:secret@shop.example/',
    'https://shop.example/#part',
    'https://127.0.0.1/',
    // Other ways to write it.
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://[::ffff:127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://localhost/',
    'https://api.localhost./',
  ])('may not be %s', (url) => expect(faultOfUrl(url, production)).toEqual(expect.any(String)));

  it('may be private and without TLS where that is allowed', () => {
    expect(faultOfUrl('http://localhost:4000/hooks', trial)).toBeNull();
    expect(faultOfUrl('http://[::1]:4000/', trial)).toBeNull();
  });
});
