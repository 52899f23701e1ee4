// The files of deploy/ against the command as it is: flags, paths, metrics and versions that do not exist would be found by nobody else.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { addServe } from '../commands/serve.js'
import { memoryIo } from '../memory-io.js'

const root = resolve(import.meta.dirname, '../../../..')
const folder = join(root, 'deploy')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const files = [
  'deploy/compose.yaml',
  ...readdirSync(join(folder, 'kubernetes')).map((name) => `deploy/kubernetes/${name}`),
]
const documents = files.flatMap((file) => {
  return parseAllDocuments(read(file), { merge: true, uniqueKeys: true }).map((document) => {
    expect(document.errors, file).toEqual([])
    return { file, value: document.toJS() as unknown }
  })
})

/** All values in a document that hold `key`, with those that hold them. */
function find(value: unknown, key: string): unknown[] {
  if (typeof value !== 'object' || value === null) return []
  const own = Object.hasOwn(value, key) ? [(value as Record<string, unknown>)[key]] : []
  return [...own, ...Object.values(value).flatMap((inner) => find(inner, key))]
}

const all = (key: string): unknown[] => documents.flatMap(({ value }) => find(value, key))

const commands = [...all('command'), ...all('args')].filter(
  (words): words is string[] => Array.isArray(words) && words[0] === 'serve',
)

describe.each(commands.map((words) => [words.join(' '), words] as const))('retnet %s', (_, words) => {
  test('is a command that exists', () => {
    const program = new Command().exitOverride()
    addServe(program, memoryIo())
    const [serve] = program.commands
    serve.exitOverride().configureOutput({ writeErr: () => {} })
    expect(
      words.every((word) => typeof word === 'string'),
      'numbers need quotes',
    ).toBe(true)
    expect(serve.parseOptions(words.slice(1))).toEqual({ operands: [], unknown: [] })
    expect(serve.opts()).toMatchObject({ host: '0.0.0.0', states: expect.stringMatching(/^s3:\/\/\w+/) })
  })
})

test('there are gateways and workers, in both', () => {
  const roles = commands.map((words) => words[words.indexOf('--role') + 1])
  expect(roles.toSorted()).toEqual(['gateway', 'gateway', 'worker', 'worker'])
})

test('what is set in the environment is read by the command', () => {
  const sources = ['place', 's3-place', 'edge-options'].map((name) => read(`packages/cli/src/serve/${name}.ts`)).join()
  const names = [...all('environment'), ...all('data'), ...all('stringData')].flatMap((value) =>
    Object.keys(value as object),
  )
  const own = [...new Set(names)].filter((name) => !name.startsWith('MINIO_'))
  expect(own.length).toBeGreaterThan(4)
  expect(own.filter((name) => !sources.includes(name))).toEqual([])
})

test('probes ask paths that answer without a key, and scaling asks for metrics that there are', () => {
  const probes = [...all('path'), ...read('deploy/compose.yaml').matchAll(/8080(\/\w+)'/g)].map(String)
  expect(probes.length).toBeGreaterThan(3)
  expect(probes.filter((path) => !/\/(livez|readyz)\b/.test(path))).toEqual([])
  const metrics = read('packages/serve/src/observe/metrics.ts')
  for (const name of all('valueLocation')) expect(metrics).toContain(`'${String(name)}'`)
})

test('pods are given longer to end than they are told to take', () => {
  for (const [key, words] of documents.flatMap(({ value }) => graces(value)))
    expect(key, words.join(' ')).toBeGreaterThan(Number(words[words.indexOf('--grace') + 1]))
  expect(documents.flatMap(({ value }) => graces(value))).toHaveLength(4)
})

function graces(value: unknown): [seconds: number, words: string[]][] {
  if (typeof value !== 'object' || value === null) return []
  const { terminationGracePeriodSeconds, containers, stop_grace_period, command } = value as Record<string, unknown>
  if (typeof terminationGracePeriodSeconds === 'number')
    return [[terminationGracePeriodSeconds, (containers as { args: string[] }[])[0].args]]
  if (typeof stop_grace_period === 'string') return [[Number.parseInt(stop_grace_period, 10), command as string[]]]
  return Object.values(value).flatMap(graces)
}

test('the image has the Node and the pnpm of the repository', () => {
  const dockerfile = read('deploy/Dockerfile')
  const { packageManager } = JSON.parse(read('package.json')) as { packageManager: string }
  expect(dockerfile.match(/^FROM node:(\S+)-slim/gm)).toEqual([
    `FROM node:${read('.node-version').trim()}-slim`,
    `FROM node:${read('.node-version').trim()}-slim`,
  ])
  expect(dockerfile).toContain(`npm install --global ${packageManager.split('+')[0]} `)
  expect(dockerfile).toContain('packages/cli/dist/bin.js')
})

test('the image has the command, and the client of Redis, which is none of its dependencies', () => {
  const dockerfile = read('deploy/Dockerfile')
  const manifest = (name: string) => JSON.parse(read(`packages/${name}/package.json`)) as Record<string, unknown>
  expect(dockerfile).toContain(`--prod --filter '${String(manifest('cli').name)}...'`)
  expect(dockerfile).toContain('packages/serve/node_modules/@redis ')
  expect(manifest('serve').devDependencies).toHaveProperty('@redis/client')
})

test('the list of resources is that of the files', () => {
  const [resources] = all('resources').filter(Array.isArray) as [string[]]
  const names = readdirSync(join(folder, 'kubernetes')).filter((name) => !/^(kustomization|secret)/.test(name))
  expect(resources.toSorted()).toEqual(names.toSorted())
})
