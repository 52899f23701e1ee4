/** Where a request comes from. What it says of itself counts only if a trusted proxy says it. */
import { BlockList, isIP } from 'node:net'
import { ServeArgumentError } from '../errors.js'

export interface Peer {
  /** Of the socket. */
  readonly remoteAddress: string | undefined
  readonly forwardedFor: string | null
}

/** `trusted`: addresses and networks, as in 10.0.0.0/8. */
export function createClientAddress(trusted: readonly string[]): (peer: Peer) => string {
  const list = new BlockList()
  for (const each of trusted) addTo(list, each)
  const isTrusted = (address: string) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  return ({ remoteAddress, forwardedFor }) => {
    let address = plain(remoteAddress ?? '')
    const hops = (forwardedFor ?? '').split(',').slice(-maxHops)
    // from the nearest on: each trusted one vouches for the one before it
    while (isIP(address) && isTrusted(address) && hops.length > 0) {
      const before = plain(hops.pop()!.trim())
      if (!isIP(before)) break
      address = before
    }
    return isIP(address) ? address : 'unknown'
  }
}

const maxHops = 16

/** Who has an address of IPv6 has the whole network of it: one budget for it. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address
  const [head, tail] = address.split('%')[0].split('::')
  const groups = head === '' ? [] : head.split(':')
  const rest = tail ? tail.split(':') : []
  const all = [...groups, ...Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0'), ...rest]
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}

/** IPv4 within IPv6 is IPv4. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

function addTo(list: BlockList, text: string): void {
  const [address, bits, more] = text.split('/')
  const family = isIP(address)
  const most = family === 6 ? 128 : 32
  const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Infinity
  if (family === 0 || more !== undefined || length > most) {
    throw new ServeArgumentError('trustedProxies', 'addresses or networks such as 10.0.0.0/8', text)
  }
  list.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4')
}
