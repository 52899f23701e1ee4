/** The name under which a request is found in the logs of both sides: its own if it is harmless, else a new one. */
export function requestIdOf(given: string | null | undefined): string {
  if (given && /^[\w.:-]{1,128}$/.test(given)) return given
  return `req_${crypto.randomUUID().replaceAll('-', '')}`
}
