/** What a service has answered, or that it has not, in the words of the stores. */
import { StoreError } from '../errors.js'

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

const KEYS = 'Check the access key, its secret and what it may do.'
const BUCKET = 'Make the bucket, or name one that is there.'
const REGION = 'Name the region of the bucket.'

// what trying again does not help with
const fixes: Readonly<Record<string, string>> = {
  AccessDenied: KEYS,
  ExpiredToken: KEYS,
  InvalidAccessKeyId: KEYS,
  InvalidToken: KEYS,
  SignatureDoesNotMatch: KEYS,
  RequestTimeTooSkewed: 'Set the clock of this machine.',
  NoSuchBucket: BUCKET,
  InvalidBucketName: BUCKET,
  AuthorizationHeaderMalformed: REGION,
  PermanentRedirect: REGION,
  NotImplemented: 'Use a service that knows If-None-Match.',
}

/** `what` was asked, and this is why it was not done. */
export function fromAnswer(what: string, answer: Answer): StoreError {
  const code = codeOf(answer.body)
  const isFull = answer.status === 507 || /quota|StorageFull/i.test(code)
  const region = answer.headers.get('x-amz-bucket-region')
  const fix = region === null ? fixes[code] : `The bucket is in the region ${region}.`
  return new StoreError(isFull ? 'full' : 'unavailable', `S3: ${what}: ${`${answer.status} ${code}`.trim()}.`, { fix })
}

export function fromFailure(what: string, error: Error): StoreError {
  const { message, cause } = error
  const why = cause instanceof Error ? `${message}: ${cause.message}` : message
  return new StoreError('unavailable', `S3: ${what}: ${why}.`, { cause: error })
}

export function codeOf(body: Uint8Array): string {
  return /<Code>([A-Za-z0-9.]{1,80})<\/Code>/.exec(new TextDecoder().decode(body.subarray(0, 4096)))?.[1] ?? ''
}
