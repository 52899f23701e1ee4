/** What hangs on each connection: the requests that wait for their answer, and whether anybody still listens. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { ApiError } from '../api/api-error.js'
import type { RequestRecord } from '../observe/request-record.js'

/** Requests of one connection that may wait for their answer at the same time. */
const maxPipelined = 16

type Open = Map<ServerResponse, RequestRecord>

export class Connections {
  readonly #open = new WeakMap<Socket, Open>()

  /** The error to answer with, if there are too many already. */
  add({ socket }: IncomingMessage, outgoing: ServerResponse, record: RequestRecord): ApiError | null {
    const open = this.#open.get(socket) ?? this.#watch(socket)
    open.set(outgoing, record)
    record.onEnd(() => open.delete(outgoing))
    if (open.size <= maxPipelined) return null
    return new ApiError(429, 'too_many_pipelined', `A connection may have up to ${maxPipelined} requests open.`)
  }

  #watch(socket: Socket): Open {
    const open: Open = new Map()
    this.#open.set(socket, open)
    const probes = new Set<ReturnType<typeof setTimeout>>()
    socket.once('end', () => {
      for (const ms of probesMs) probes.add(setTimeout(() => probeAll(open), ms))
    })
    // an answer that has not had its turn on the connection does not hear of its end
    socket.once('close', () => {
      for (const timer of probes) clearTimeout(timer)
      for (const [outgoing, record] of open) {
        if (outgoing.socket === null) outgoing.emit('close')
        record.end(outgoing.statusCode, false)
      }
    })
    return open
  }
}

/** The first one brings the answer that the client is gone, the next one after that finds it. */
const probesMs = [0, 20, 200, 1000, 5000]

function probeAll(open: Open): void {
  for (const outgoing of open.keys()) probe(outgoing)
}

/**
 * A client that sends nothing more may wait for its answer, or be gone: one that is gone has its system say so as soon as something is
 * sent. What is sent here means nothing to one that waits: an interim answer, or a comment in a stream.
 */
function probe(outgoing: ServerResponse): void {
  if (outgoing.writableEnded || outgoing.destroyed) return
  if (!outgoing.headersSent) outgoing.writeProcessing()
  else if (String(outgoing.getHeader('content-type')).startsWith('text/event-stream')) outgoing.write(': ping\n\n')
}
