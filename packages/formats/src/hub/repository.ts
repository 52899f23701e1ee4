/** Which repository is meant: `owner/name`, or the address of its page. */
import { OptionError, quote } from '../errors.js'

export interface Repository {
  /** Without a slash at the end. */
  readonly hubUrl: string
  /** `owner/name`, or `name` for the oldest repositories. */
  readonly id: string
  readonly revision: string
}

const defaultHubUrl = 'https://huggingface.co'

/** Accepts `owner/name`, `hf://owner/name` and `https://host/owner/name[/tree/revision]`. */
export function parseRepository(
  text: string,
  options: { hubUrl?: string | undefined; revision?: string | undefined },
): Repository {
  const named = /^https?:/.test(text) ? parsePage(text) : { id: text.replace(/^hf:\/\//, '') }
  const hubUrl = checkHubUrl(named.hubUrl ?? options.hubUrl ?? defaultHubUrl)
  if (named.revision !== undefined && options.revision !== undefined && named.revision !== options.revision) {
    throw new OptionError(
      'revision',
      `the address says ${quote(named.revision)}, the option ${quote(options.revision)}.`,
      'Give one of them.',
    )
  }
  const revision = named.revision ?? options.revision ?? 'main'
  checkId(named.id)
  checkRevision(revision)
  return { hubUrl, id: named.id, revision }
}

/** Full commit hashes name their content for ever, branches and tags do not. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision)
}

function parsePage(text: string): { hubUrl?: string; id: string; revision?: string } {
  const url = new URL(text)
  const parts = url.pathname.split('/').filter(Boolean).map(decodeURIComponent)
  const tree = parts.indexOf('tree')
  const id = (tree === -1 ? parts : parts.slice(0, tree)).join('/')
  return { hubUrl: url.origin, id, ...(tree !== -1 && { revision: parts.slice(tree + 1).join('/') }) }
}

function checkHubUrl(hubUrl: string): string {
  const url = URL.canParse(hubUrl) ? new URL(hubUrl) : undefined
  if (url && /^https?:$/.test(url.protocol)) return url.href.replace(/\/+$/, '')
  throw new OptionError('hubUrl', `expected an http(s) address, got ${quote(hubUrl)}.`)
}

function checkId(id: string): void {
  const part = '[A-Za-z0-9_][A-Za-z0-9._-]{0,95}'
  const valid = new RegExp(`^${part}(/${part})?$`).test(id) && !id.includes('..') && !id.includes('--')
  if (valid) return
  throw new OptionError(
    'repository',
    `expected owner/name, got ${quote(id)}.`,
    'For a folder on disk use nodeFolder(path).',
  )
}

function checkRevision(revision: string): void {
  const valid = /^[\w.][\w./+-]{0,199}$/.test(revision) && !revision.split('/').some((part) => /^\.*$/.test(part))
  if (!valid) throw new OptionError('revision', `expected a branch, tag or commit, got ${quote(revision)}.`)
}
