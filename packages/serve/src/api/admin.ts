/** What whoever runs the server may know of it. The edge lets administrators in alone. */
import type { ServerContext } from './context.js'

export function adminStatus({ engine, served, created }: ServerContext, ready: boolean): Response {
  const uptime = Math.floor(Date.now() / 1000) - created
  return Response.json({ model: served.id, ready, uptime_seconds: uptime, ...engine.status })
}
