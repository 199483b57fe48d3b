import { BlockList, isIP } from 'node:net';

/** What is not a public address of IPv4, by IANA's registry of special addresses. */
const NOT_PUBLIC_4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** Global unicast addresses of IPv6; and what among them is not public, or leads elsewhere (Teredo, 6to4). */
const GLOBAL_6 = ['2000::/3'];
const NOT_PUBLIC_6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];
/** Through NAT64 the last four bytes are an address of IPv4. */
const NAT64 = '64:ff9b::';
const NAT64_GROUPS = 6;

function listOf(family: 'ipv4' | 'ipv6', networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address, bits] = network.split('/');
    list.addSubnet(address!, Number(bits), family);
  }
  return list;
}
const notPublic4 = listOf('ipv4', NOT_PUBLIC_4);
const global6 = listOf('ipv6', GLOBAL_6);
const notPublic6 = listOf('ipv6', NOT_PUBLIC_6);

/** The eight groups of an address of IPv6, in the form that URLs give to it. */
function groupsOf(address: string): number[] {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const parse = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const first = parse(head);
  const last = parse(tail ?? '');
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
}

/**
 * Whether an address is one of the public internet, so that a stranger's webhook may be sent there. Not
 * private, loopback, link-local, shared, multicast or reserved ones, in none of their forms.
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !notPublic4.check(address, 'ipv4');
  if (isIP(address) !== 6 || address.includes('%')) return false;
  const groups = groupsOf(address);
  const nat64 = groupsOf(NAT64);
  if (groups.slice(0, NAT64_GROUPS).every((group, index) => group === nat64[index])) {
    const [high, low] = groups.slice(NAT64_GROUPS) as [number, number];
    return isPublicAddress([high >> 8, high & 255, low >> 8, low & 255].join('.'));
  }
  // Mapped, compatible and translated addresses of IPv4 are not among the global ones.
  return global6.check(address, 'ipv6') && !notPublic6.check(address, 'ipv6');
}
