import { describe, expect, it } from 'vitest'
import { Allocator } from './allocator.js'

describe('Allocator', () => {
  it('reuses what was freed and joins neighbours', () => {
    let end = 0
    const allocator = new Allocator(64, (wanted) => (end = Math.max(end, wanted)))
    const [a, b, c] = [allocator.allocate(100), allocator.allocate(1), allocator.allocate(64)]
    expect([a, b, c]).toEqual([64, 192, 256])
    allocator.free(a)
    allocator.free(b)
    expect(allocator.allocate(192)).toBe(64)
    allocator.free(c)
    expect(allocator.allocate(1000)).toBe(256)
    expect(end).toBe(256 + 1024)
    expect(allocator.used).toBe(192 + 1024)
  })

  it('never overlaps, and returns to nothing, over a random history', () => {
    const allocator = new Allocator(0, () => {})
    const held: { start: number; end: number }[] = []
    let seed = 1
    const random = (limit: number) => (seed = (seed * 48271) % 2147483647) % limit
    for (let step = 0; step < 2000; step++) {
      if (held.length > 0 && random(2)) allocator.free(held.splice(random(held.length), 1)[0].start)
      else {
        const bytes = random(2000)
        const start = allocator.allocate(bytes)
        expect(held.every((range) => start + bytes <= range.start || start >= range.end)).toBe(true)
        held.push({ start, end: start + bytes })
      }
    }
    for (const { start } of held) allocator.free(start)
    expect(allocator.used).toBe(0)
  })

  it('changes nothing when memory cannot grow', () => {
    const allocator = new Allocator(0, (end) => {
      if (end > 1024) throw new RangeError('full')
    })
    const a = allocator.allocate(512)
    expect(() => allocator.allocate(1024)).toThrow('full')
    expect(allocator.allocate(512)).toBe(512)
    allocator.free(a)
    expect(allocator.allocate(512)).toBe(0)
  })
})
