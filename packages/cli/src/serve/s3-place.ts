/** `--states s3://bucket/prefix`, with what other programs for S3 read from the environment. */
import type { S3StatesOptions } from '@retnet/serve/s3'
import { CommandError, UsageError } from '../errors.js'
import type { Io } from '../io.js'

export function s3Options(place: string, env: Io['env']): S3StatesOptions {
  const [, bucket, path = ''] = /^s3:\/\/([\w.-]{3,255})(?:\/([\w./-]*))?$/.exec(place) ?? []
  if (bucket === undefined)
    throw new UsageError(`--states: expected s3://bucket/prefix of A-Z a-z 0-9 . _ -, got ${place}.`)
  const region = env.AWS_REGION || 'us-east-1'
  return { url: bucketUrl(bucket, region, env), region, prefix: prefixOf(path), credentials: credentialsOf(place, env) }
}

function bucketUrl(bucket: string, region: string, { AWS_ENDPOINT_URL: endpoint }: Io['env']): string {
  if (endpoint) return `${checkEndpoint(endpoint)}/${bucket}`
  const host = `s3.${region}.amazonaws.com`
  // a certificate for *.s3 does not hold for a name with more dots
  return bucket.includes('.') ? `https://${host}/${bucket}` : `https://${bucket}.${host}`
}

/** Without the slash that it may end with. */
function checkEndpoint(endpoint: string): string {
  if (/^https?:\/\/[^?#]+$/.test(endpoint) && URL.canParse(endpoint)) return endpoint.replace(/\/+$/, '')
  throw new CommandError(`AWS_ENDPOINT_URL: expected http://host or https://host, got ${endpoint}.`)
}

function credentialsOf(place: string, env: Io['env']): S3StatesOptions['credentials'] {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = env
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
    throw new CommandError(
      `${place}: AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is missing.`,
      'Set them in the environment.',
    )
  }
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
  }
}

/** `a/b` and `a/b/` to `a/b/`. */
function prefixOf(path: string): string {
  const words = path.split('/').filter((word) => word !== '')
  return words.map((word) => `${word}/`).join('')
}
