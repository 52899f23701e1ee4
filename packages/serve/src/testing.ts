/** A model and a codec small enough to read: every id is one character. */
import { tinyModel } from '@retnet/conformance'
import type { Model } from '@retnet/core'
import { cpu } from '@retnet/cpu'
import { type App, type AppOptions, createApp } from './api/app.js'
import type { ServerContext } from './api/context.js'
import { validateLimits } from './api/limits.js'
import type { ServedCodec, ServedModel } from './api/served-model.js'
import { validateTimeouts } from './api/timeouts.js'
import type { EdgeOptions } from './edge/edge.js'
import { createKeys } from './edge/keys.js'
import { MemoryRateLimiter } from './edge/memory-rate-limiter.js'
import { createMetrics } from './observe/metrics.js'
import type { Service } from './service.js'

const characters = 'abcdefghijklmnopqrstuvwxyz .,!#'
/** The id of "#", whose embedding is broken in `brokenModel`. */
export const brokenId = 30

function codecOf(table: string): ServedCodec {
  return {
    encode: (text) => Int32Array.from(text, (character) => Math.max(0, table.indexOf(character))),
    decode: (ids) => Array.from(ids, (id) => table[id]).join(''),
    createDecodeStream: () => ({ push: (id) => table[id], flush: () => '' }),
  }
}

export const codec = codecOf(characters)
/** Its characters are those of JSON; "$" ends a text. */
export const jsonCodec = codecOf('{}[]":,0123456789.-truefalsn $b')
export const jsonEnd = jsonCodec.encode('$')[0]

export async function testModel(change?: (name: string, data: Float32Array) => void): Promise<Model> {
  return tinyModel(await cpu({ threads: 1 }), change)
}

/** Whoever reads "#" gets no numbers. */
export function brokenModel(): Promise<Model> {
  return testModel((name, data) => {
    if (name.includes('embed')) data.fill(NaN, brokenId * 12, (brokenId + 1) * 12)
  })
}

export const served: ServedModel = {
  id: 'tiny',
  codec,
  encodeChat: (messages) => codec.encode(messages.map(({ role, content }) => `${role} ${content}.`).join('')),
}

export const servedJson: ServedModel = {
  id: 'tiny',
  codec: jsonCodec,
  eosTokens: [jsonEnd],
  encodeChat: (messages) => jsonCodec.encode(messages.map(({ content }) => content).join('')),
}

/** A text of `length` ids without the broken one. */
export function someIds(length: number, from = 0): Int32Array {
  return Int32Array.from({ length }, (_, at) => (from + at * 7 + (at >> 3)) % brokenId)
}

/** What the routes work with, without a server around them. */
export function testContext(service: Service, model: ServedModel = served, limits = validateLimits()): ServerContext {
  return { ...service, served: model, limits, timeouts: validateTimeouts(), created: 1 }
}

/** The routes for everybody. */
export function openEdge(): EdgeOptions {
  const keys = createKeys({ keys: [] })
  return { keys, limiter: new MemoryRateLimiter(), anonymousBudget: null, cors: null, publicMetrics: false }
}

export function testApp(context: ServerContext, options: Partial<AppOptions> = {}): App {
  const metrics = createMetrics(context.served.id, () => context)
  return createApp(context, { edge: openEdge(), metrics, isReady: () => true, onError: () => {}, ...options })
}
