import { execFileSync } from 'node:child_process'
import { appendFile, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { blobSource } from './blob-source.js'
import { openFile } from './file-source.js'
import { memorySource } from './memory-source.js'
import { openUrl } from './url-source.js'

const content = Uint8Array.from({ length: 1000 }, (_, i) => i % 251)

describe.each([
  ['memorySource', async () => memorySource(content)],
  ['blobSource', async () => blobSource(new Blob([content]))],
])('%s', (_, make) => {
  it('reads ranges exactly and refuses those outside', async () => {
    using source = await make()
    expect(source.size).toBe(1000)
    expect([...(await source.read(250, 3))]).toEqual([250, 0, 1])
    expect((await source.read(1000, 0)).length).toBe(0)
    for (const [offset, length] of [
      [999, 2],
      [-1, 1],
      [0, -1],
      [0.5, 1],
      [0, Number.NaN],
      [2 ** 53, 1],
    ]) {
      await expect(source.read(offset, length)).rejects.toMatchObject({ problem: 'out-of-range' })
    }
  })
})

describe('openFile', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'retnet-sources-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('reads by position', async () => {
    await writeFile(join(folder, 'a'), content)
    using source = await openFile(join(folder, 'a'))
    const [end, start] = await Promise.all([source.read(998, 2), source.read(0, 2)])
    expect([...start, ...end]).toEqual([0, 1, 245, 246])
    await expect(source.read(999, 2)).rejects.toMatchObject({ problem: 'out-of-range' })
  })

  it('refuses a folder, a device and a pipe without waiting for it', async () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    await symlink('/dev/zero', join(folder, 'zero'))
    for (const path of [folder, '/dev/zero', join(folder, 'zero'), pipe]) {
      await expect(openFile(path)).rejects.toMatchObject({ problem: 'not-a-file' })
    }
    await expect(openFile(join(folder, 'none'))).rejects.toMatchObject({ problem: 'not-found' })
  })

  it('notices that the file shrank, grew or was rewritten', async () => {
    const path = join(folder, 'changing')
    await writeFile(path, content)
    using shrunk = await openFile(path)
    await truncate(path, 500)
    await expect(shrunk.read(400, 200)).rejects.toMatchObject({ problem: 'short-read' })
    await expect(shrunk.read(0, 10)).rejects.toMatchObject({ problem: 'changed' })
    using grown = await openFile(path)
    await appendFile(path, 'x')
    await expect(grown.read(0, 10)).rejects.toMatchObject({ problem: 'changed' })
  })

  it('stops on abort and after dispose', async () => {
    await writeFile(join(folder, 'b'), content)
    const source = await openFile(join(folder, 'b'))
    await expect(source.read(0, 1, { signal: AbortSignal.abort() })).rejects.toThrow('abort')
    source.dispose()
    await expect(source.read(0, 1)).rejects.toThrow('dispose()')
  })
})

describe('openUrl', () => {
  let handler: (request: IncomingMessage, response: ServerResponse) => void
  const server = createServer((request, response) => handler(request, response))
  let url: string
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/w`
  })
  afterAll(() => server.close())
  const requests: Array<string | undefined> = []
  afterEach(() => void requests.splice(0))

  function ranges(options: { etag?: () => string; total?: () => number | string; shift?: number; cut?: number } = {}) {
    return (request: IncomingMessage, response: ServerResponse) => {
      requests.push(request.headers.range)
      const [first, last] = /(\d+)-(\d+)/
        .exec(request.headers.range ?? '')!
        .slice(1)
        .map(Number)
      const from = first + (requests.length > 1 ? (options.shift ?? 0) : 0)
      const body = content.subarray(from, last + 1)
      response.writeHead(206, {
        'content-range': `bytes ${from}-${last}/${options.total?.() ?? content.length}`,
        'content-length': body.length,
        ...(options.etag && { etag: options.etag() }),
      })
      if (options.cut !== undefined && requests.length > 1) {
        response.write(body.subarray(0, options.cut), () => response.destroy())
      } else response.end(body)
    }
  }

  it('reads by ranges only', async () => {
    handler = ranges()
    using source = await openUrl(url)
    expect(source.size).toBe(1000)
    expect([...(await source.read(998, 2))]).toEqual([245, 246])
    expect(requests).toEqual(['bytes=0-0', 'bytes=998-999'])
  })

  it.each([
    ['the ETag changes', { etag: () => `"${requests.length}"` }, 'changed'],
    ['the size changes', { total: () => 1000 + requests.length }, 'changed'],
    ['the server sends another range', { shift: 1 }, 'failed'],
    ['the connection is cut', { cut: 5 }, 'failed'],
  ])('refuses bytes when %s', async (_, options, problem) => {
    handler = ranges(options)
    using source = await openUrl(url)
    await expect(source.read(10, 20)).rejects.toMatchObject({ problem })
  })

  it('refuses an answer without a total size', async () => {
    handler = ranges({ total: () => '*' })
    await expect(openUrl(url)).rejects.toMatchObject({ problem: 'no-ranges' })
  })

  it('downloads a small file once when the server ignores ranges, and refuses a large one', async () => {
    let served = 0
    handler = (_, response) => {
      served++
      response.end(content)
    }
    using source = await openUrl(url)
    expect([...(await source.read(250, 2)), ...(await source.read(0, 2))]).toEqual([250, 0, 0, 1])
    expect(served).toBe(1)
    await expect(openUrl(url, { wholeFileBytes: 999 })).rejects.toMatchObject({ problem: 'no-ranges' })
  })

  it('stops an endless body at the limit', async () => {
    handler = (_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(content));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    }
    await expect(openUrl(url, { wholeFileBytes: 100_000 })).rejects.toMatchObject({ problem: 'no-ranges' })
  })

  it('opens an empty file and reports a missing one', async () => {
    handler = (_, response) => response.writeHead(416, { 'content-range': 'bytes */0' }).end()
    expect((await openUrl(url)).size).toBe(0)
    handler = (_, response) => response.writeHead(404).end()
    await expect(openUrl(url)).rejects.toMatchObject({ problem: 'not-found' })
  })
})
