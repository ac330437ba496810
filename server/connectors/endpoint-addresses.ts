import { BlockList, isIP } from 'node:net';

/** An endpoint of which a connection is refused: its host is, or resolves to, an address that is not public. */
export class RefusedAddress extends Error {
  override readonly name = 'RefusedAddress';
}

/** Special-purpose addresses: IANA's registries for IPv4 and IPv6 (RFC 6890, 8190), and multicast. */
const reserved: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
];

/** Which hosts notifications may go to. What is public is allowed; the rest only as the operator says. */
export interface EndpointRules {
  /** @throws RefusedAddress unless connections from `host`, as the URL has it, to the address are allowed */
  requireAllowed(host: string, address: string): void;
}

/**
 * @param allowed entries of GAPLESS_ALLOWED_HOSTS: names of hosts (`hooks.internal`), addresses, ranges (`10.1.0.0/16`)
 */
export function endpointRules(allowed: readonly string[]): EndpointRules {
  const names = new Set(allowed.filter((entry) => !isRange(entry)).map((entry) => entry.toLowerCase()));
  const ranges = blockList(allowed.filter(isRange));
  const special = blockList(reserved);
  return {
    requireAllowed(host, address) {
      if (names.has(bare(host)) || has(ranges, address)) return;
      if (!isPublic(special, address))
        throw new RefusedAddress(
          `${host} is not at a public address: an operator can allow it by GAPLESS_ALLOWED_HOSTS`,
        );
    },
  };
}

/** Is it an address or a range of addresses, rather than a name? */
export function isRange(entry: string): boolean {
  const [address = '', bits, ...more] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** The host of a URL in lower case, an IPv6 address without its brackets, a name without its final dot. */
export function bare(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}

function isPublic(special: BlockList, address: string): boolean {
  const v4 = embeddedV4(address);
  if (v4 !== null) return !special.check(v4, 'ipv4');
  // Of IPv6, only 2000::/3 is given to hosts that all can reach.
  return globalUnicast.check(address, 'ipv6') && !special.check(address, 'ipv6');
}

const globalUnicast = blockList(['2000::/3']);

/** An IPv4 address, also in the form `::ffff:10.0.0.1` (RFC 4291, 2.5.5.2); null for any other. */
function embeddedV4(address: string): string | null {
  if (isIP(address) === 4) return address;
  const [, dotted, high, low] = /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([\da-f]{1,4}):([\da-f]{1,4}))$/i.exec(address) ?? [];
  if (dotted !== undefined) return dotted;
  if (high === undefined || low === undefined) return null;
  const [h, l] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [h >> 8, h & 255, l >> 8, l & 255].join('.');
}

function has(list: BlockList, address: string): boolean {
  const v4 = embeddedV4(address);
  if (v4 !== null) return list.check(v4, 'ipv4');
  return isIP(address) === 6 && list.check(address, 'ipv6');
}

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}
