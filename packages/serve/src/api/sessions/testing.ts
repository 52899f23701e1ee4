/** A service over memory with its routes, and what a client says to it. */
import type { Model } from '@retnet/core'
import { expect } from 'vitest'
import { Engine } from '../../engine/engine.js'
import { type Service, createService } from '../../service.js'
import { systemClock } from '../../stores/common/clock.js'
import { memoryStores } from '../../stores/memory/memory-stores.js'
import { nobody } from '../../edge/caller.js'
import { openEdge, served, someIds, testApp, testContext, testModel } from '../../testing.js'
import { type Limits, validateLimits } from '../limits.js'
import { sessionResponse, snapshotResponse } from './session-responses.js'

export interface Answer {
  readonly status: number
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any
}

export class Desk {
  readonly model: Model
  readonly engine: Engine
  readonly stores = memoryStores()
  readonly service: Service
  readonly app: ReturnType<typeof testApp>
  /** Errors that nobody foresaw. */
  readonly errors: unknown[] = []
  /** Of the clock by which sessions expire. */
  now = Date.now()
  readonly #limits = validateLimits({ sessions: 40, snapshots: 30 })

  private constructor(model: Model, engine: Engine) {
    this.model = model
    this.engine = engine
    ;({ service: this.service, app: this.app } = this.start())
  }

  static async open(): Promise<Desk> {
    const model = await testModel()
    return new Desk(model, await Engine.create(model, { rows: 3 }))
  }

  async close(): Promise<void> {
    await this.service.worker!.stop()
    this.engine.dispose()
    expect(this.errors).toEqual([])
  }

  /** Another service over the same engine and stores. */
  start(options: Partial<Parameters<typeof createService>[0]> = {}, caller = nobody) {
    const { engine, stores } = this
    const limits = this.#limits
    const onError = (error: unknown) => this.errors.push(error)
    const clock = { ...systemClock, now: () => this.now }
    const service = createService({ engine, served, limits, stores, clock, onError, ...options })
    const open = openEdge()
    const edge = { ...open, keys: { ...open.keys, callerOf: () => caller } }
    return { service, app: testApp(testContext(service, options.served, limits), { onError, edge }) }
  }

  /** The routes of the service under other limits. */
  appWith(limits: Partial<Limits>) {
    return testApp(testContext(this.service, served, validateLimits(limits)))
  }

  async ask(method: string, path: string, body?: object, app = this.app): Promise<Answer> {
    const json = { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const response = await app.request(path, { method, ...(body && json) })
    const answer = { status: response.status, body: await response.json() } as Answer
    const schema = { session: sessionResponse, snapshot: snapshotResponse }[answer.body.object as string]
    if (schema && !answer.body.deleted) schema.strict().parse(answer.body)
    return answer
  }

  post(path: string, body: object = {}): Promise<Answer> {
    return this.ask('POST', path, body)
  }

  /** The id of a new session. */
  async begin(body: object = {}): Promise<string> {
    const { status, body: session } = await this.post('/v1/sessions', body)
    expect([status, session.object]).toEqual([200, 'session'])
    return session.id
  }

  write(session: string, more: object = {}): Promise<Answer> {
    return this.post('/v1/completions', { session, max_tokens: 8, seed: 3, ...more })
  }

  async remove(...ids: string[]): Promise<void> {
    for (const id of ids) expect((await this.ask('DELETE', `/v1/sessions/${id}`)).status).toBe(200)
  }
}

export const ids = (length: number, from = 0) => [...someIds(length, from)]
