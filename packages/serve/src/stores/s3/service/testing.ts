/** A service for S3 that is not ours: a bucket that the environment names, or a moto that tests start. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { S3StatesOptions } from '../s3-states.js'

export interface S3Service extends AsyncDisposable {
  readonly options: S3StatesOptions
  /** True if what tests leave there stays. */
  readonly lasts: boolean
}

const { RETNET_S3_BUCKET: named, AWS_REGION, AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = process.env

export const hasMoto = spawnSync('moto_server', ['--help']).status === 0
export const hasService = named !== undefined || hasMoto

/** Moto looks and then writes, with no lock between: what fails for that reason does not fail again. A service that is named may not. */
export const retry = named === undefined ? 2 : 0

/** The bucket that RETNET_S3_BUCKET names, for who wants to know whether a service does what is needed; else one of moto. */
export async function openService(): Promise<S3Service> {
  if (named === undefined) return startMoto()
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY }
  const options = { url: named, credentials, ...(AWS_REGION && { region: AWS_REGION }) }
  return { options, lasts: true, [Symbol.asyncDispose]: async () => {} }
}

/**
 * With `signatures` it looks at them as botocore makes them, but for one thing: it takes the encoding from what is asked in a query, so
 * that no client at all may list a prefix with a `/`.
 */
export async function startMoto({ signatures = false } = {}): Promise<S3Service> {
  const child = spawn('moto_server', ['-H', '127.0.0.1', '-p', '0'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const host = await hostOf(child)
  const credentials = await makeUser(host)
  // who asks without a key is let in until signatures count
  await fetch(`${host}/bucket`, { method: 'PUT' })
  if (signatures) await fetch(`${host}/moto-api/reset-auth`, { method: 'POST', body: '0' })
  return {
    options: { url: `${host}/bucket`, credentials },
    lasts: false,
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}

function hostOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    // to its end: it tells of every request, and would wait for a reader
    child.stderr!.on('data', (chunk: Buffer) => {
      output = (output + String(chunk)).slice(-4096)
      const [host] = /http:\/\/127\.0\.0\.1:\d+/.exec(output) ?? []
      if (host !== undefined) resolve(host)
    })
    child.once('exit', () => reject(new Error(`moto_server ended: ${output}`)))
  })
}

async function makeUser(host: string): Promise<S3StatesOptions['credentials']> {
  const all = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
  const user = { UserName: 'tests' }
  await iam(host, { Action: 'CreateUser', ...user })
  await iam(host, { Action: 'PutUserPolicy', ...user, PolicyName: 'all', PolicyDocument: JSON.stringify(all) })
  const xml = await iam(host, { Action: 'CreateAccessKey', ...user })
  const field = (name: string): string => new RegExp(`<${name}>([^<]+)<`).exec(xml)![1]
  return { accessKeyId: field('AccessKeyId'), secretAccessKey: field('SecretAccessKey') }
}

async function iam(host: string, form: Record<string, string>): Promise<string> {
  // by the scope of the key it knows which service is meant
  const headers = { authorization: 'AWS4-HMAC-SHA256 Credential=x/20200101/us-east-1/iam/aws4_request' }
  const body = new URLSearchParams({ Version: '2010-05-08', ...form })
  const answer = await fetch(host, { method: 'POST', headers, body })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`moto_server: ${form.Action}: ${text}`)
  return text
}
