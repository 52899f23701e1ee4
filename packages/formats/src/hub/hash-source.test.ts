import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { memorySource } from '../sources/memory-source.js'
import { blobSha256, gitBlobId, sha256 } from './hash-source.js'

describe('sha256', () => {
  it('gives the published value of "abc" on both paths', async () => {
    const abc = new TextEncoder().encode('abc')
    const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    expect(await sha256(memorySource(abc))).toBe(expected)
    expect(await blobSha256(new Blob([abc]))).toBe(expected)
  })

  it('reads files of more than one piece', async () => {
    const large = new Uint8Array(9_000_001).map((_, i) => i % 253)
    expect(await sha256(memorySource(large))).toBe(createHash('sha256').update(large).digest('hex'))
  })

  it('stops when aborted', async () => {
    const signal = AbortSignal.abort()
    await expect(sha256(memorySource(new Uint8Array(5)), { signal })).rejects.toThrow('abort')
    await expect(blobSha256(new Blob(['x']), { signal })).rejects.toThrow('abort')
  })
})

describe('gitBlobId', () => {
  it('gives the id that git gives', async () => {
    expect(await gitBlobId(memorySource(new TextEncoder().encode('hello\n')))).toBe(
      'ce013625030ba8dba906f756967f9e9ca394464a',
    )
    expect(await gitBlobId(memorySource(new Uint8Array(0)))).toBe('e69de29bb2d1d6434b8b29ae775ad8c2e48c5391')
  })
})
