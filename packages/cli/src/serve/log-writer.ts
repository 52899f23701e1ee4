/** Lines of the log as they are for machines, and shorter ones for a person at a terminal. */
import type { OutputStream } from '../io.js'

export function logWriter(stream: OutputStream): (line: string) => void {
  if (!stream.isTTY) return (line) => void stream.write(line)
  return (line) => void stream.write(inWords(JSON.parse(line) as Record<string, unknown>))
}

const alreadySaid = new Set('level time msg method route status total_ms'.split(' '))

export function inWords(fields: Record<string, unknown>): string {
  const word = (name: string) => String(fields[name])
  const isRequest = 'route' in fields
  const head = isRequest
    ? ['method', 'route', 'status', 'total_ms'].map(word).concat('ms')
    : [word('level'), word('msg')]
  const rest = Object.entries(fields).filter(([name]) => !alreadySaid.has(name) && name !== 'request_id')
  const words = rest.map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return `${[word('time').slice(11, 19), ...head, ...words].join(' ')}\n`
}
