import { expect, test } from 'vitest'
import { createStopMatcher } from './stop-matcher.js'

function run(stops: string[], parts: string[]) {
  const matcher = createStopMatcher(stops)
  const shown: string[] = []
  for (const part of parts) {
    const { text, stopped } = matcher.push(part)
    shown.push(text)
    if (stopped) return { shown, stopped: true }
  }
  shown.push(matcher.flush())
  return { shown, stopped: false }
}

test('text that could begin a stop string waits until that is decided', () => {
  expect(run(['END'], ['a E', 'N', 'x EN', 'D b'])).toEqual({ shown: ['a ', '', 'ENx ', ''], stopped: true })
})

test('what was held back comes out at the end', () => {
  expect(run(['END'], ['a EN'])).toEqual({ shown: ['a ', 'EN'], stopped: false })
})

test('a stop string that begins inside a failed one is found', () => {
  expect(run(['aab'], ['aa', 'ab'])).toEqual({ shown: ['', 'a'], stopped: true })
  expect(run(['abcd', 'bc'], ['xab', 'c'])).toEqual({ shown: ['x', 'a'], stopped: true })
})

test('of two that end together the longer one ends the text', () => {
  expect(run(['b', 'ab'], ['xab'])).toEqual({ shown: ['x'], stopped: true })
})

test('what is found does not depend on how the text is cut', () => {
  const stops = ['abab', 'ba!', '😀']
  for (const text of ['xaabab', 'abaaba!x', 'ab😀', 'ababx', 'bbaab!', 'aba']) {
    const whole = run(stops, [text])
    const single = run(stops, Array.from(text))
    expect({ text: single.shown.join(''), stopped: single.stopped }).toEqual({
      text: whole.shown.join(''),
      stopped: whole.stopped,
    })
  }
})

test('an adversarial stop string costs no more than a plain one', () => {
  const stop = `${'a'.repeat(1023)}b`
  const { shown, stopped } = run([stop], Array.from(`${'a'.repeat(20_000)}b`))
  expect([shown.join('').length, stopped]).toEqual([20_000 - 1023, true])
})
