/** What whoever runs the server may know of it. The edge lets administrators in alone. */
import type { ServerContext } from './context.js'

export async function adminStatus({ load, turns, served, created }: ServerContext, ready: boolean): Promise<Response> {
  const { rows, running, waiting, oldestMs } = await load()
  return Response.json({
    model: served.id,
    ready,
    uptime_seconds: Math.floor(Date.now() / 1000) - created,
    rows,
    running,
    waiting,
    oldest_ms: Math.round(oldestMs),
    open_requests: turns.open,
  })
}
