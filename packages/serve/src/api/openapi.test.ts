// What the server tells of itself: /openapi.json, and its pages.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Engine } from '../engine/engine.js'
import { type Service, createService } from '../service.js'
import { served, testApp, testContext, testModel } from '../testing.js'
import { validateLimits } from './limits.js'
import { pagePaths } from './pages.js'

interface OpenApi {
  readonly paths: Record<string, Record<string, { responses: object; 'x-example'?: object }>>
  readonly components: { schemas: object; securitySchemes: object }
}

let engine: Engine
let service: Service
let app: ReturnType<typeof testApp>

beforeAll(async () => {
  engine = await Engine.create(await testModel(), { rows: 2 })
  service = createService({ engine, served, limits: validateLimits({ queue: 8 }) })
  app = testApp(testContext(service))
})
afterAll(async () => {
  await service.worker?.stop()
  engine.dispose()
})

test('the document has every route that is no page, with what it takes, answers and refuses', async () => {
  const document = (await (await app.request('/openapi.json')).json()) as OpenApi
  const inHono = (path: string) => path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')
  const actual = app.routes.filter(({ method, path }) => method !== 'ALL' && !pagePaths.includes(path))
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method} ${path}`),
  )
  expect(described.toSorted()).toEqual(
    actual.map(({ method, path }) => `${method.toLowerCase()} ${inHono(path)}`).toSorted(),
  )
  const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name)
  expect(references.filter((name) => !(name in document.components.schemas))).toEqual([])
  expect(document.components.securitySchemes).toMatchObject({ key: { type: 'http', scheme: 'bearer' } })
  expect(document.paths['/livez'].get).toMatchObject({ security: [], responses: { 200: {} } })
  const { post } = document.paths['/v1/completions']
  const statuses = ['200', '400', '401', '404', '413', '415', '503']
  expect(Object.keys(post.responses)).toEqual(expect.arrayContaining(statuses))
})

test('the examples of the document are answered', async () => {
  const document = (await (await app.request('/openapi.json')).json()) as OpenApi
  const headers = { 'content-type': 'application/json' }
  for (const [path, { post }] of Object.entries(document.paths)) {
    const example = post?.['x-example']
    if (!example) continue
    const body = JSON.stringify(path === '/detokenize' ? { tokens: [1, 2] } : example)
    expect([path, (await app.request(path, { method: 'POST', headers, body })).status]).toEqual([path, 200])
  }
})

test('the pages load nothing from elsewhere, and may not', async () => {
  for (const path of pagePaths) {
    const response = await app.request(path)
    const body = await response.text()
    expect([path, response.status, response.headers.get('x-content-type-options')]).toEqual([path, 200, 'nosniff'])
    const policy = response.headers.get('content-security-policy')
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/)
    expect([path, body.match(/https?:|<style|style=|<script>|\bon[a-z]+="|innerHTML/)]).toEqual([path, null])
    for (const [, asset] of body.matchAll(/(?:src|href)="(\/pages\/[^"]*)"/g)) expect(pagePaths).toContain(asset)
  }
  expect((await app.request('/pages/../package.json')).status).toBe(404)
})
