import { describe, expect, test } from 'vitest'
import { bytes } from '../../test/codecs.js'
import { fakeModel, scrambler } from '../../test/fake-model.js'
import { GenerateArgumentError, LogitsError, SessionBusyError, SessionDisposedError } from '../errors.js'
import { createSession, restoreSession, type Session } from './session.js'

const vocabSize = 40
/** Every rule that looks at the past, so that a lost count or random number shows. */
const options = { seed: 11, frequencyPenalty: 0.7, presencePenalty: 0.3, repetitionPenalty: 1.3 }

async function idsOf(session: Session, maxTokens: number, more: object = {}): Promise<readonly number[]> {
  return (await session.generate({ ...options, ...more, maxTokens }).result).ids
}

async function sessionWith(ids: number[], model = scrambler(vocabSize)): Promise<Session> {
  const session = await createSession(model)
  await session.append(ids)
  return session
}

/** What an undisturbed session says after [1, 2, 3, 4, 5]. */
const undisturbed = await idsOf(await sessionWith([1, 2, 3, 4, 5]), 30)

test('the last token always waits, and the rest is taken in', async () => {
  const session = await sessionWith([1, 2, 3, 4, 5])
  expect([session.position, session.length]).toEqual([4, 5])
  await session.append([])
  expect([session.position, session.length]).toEqual([4, 5])
  await idsOf(session, 3)
  expect([session.position, session.length]).toEqual([7, 8])
})

test('how a prompt is cut into appends makes no difference', async () => {
  const session = await createSession(scrambler(vocabSize))
  for (const id of [1, 2, 3, 4, 5]) await session.append([id])
  expect(await idsOf(session, 30)).toEqual(undisturbed)
})

test('generating twice equals generating once for longer', async () => {
  const session = await sessionWith([1, 2, 3, 4, 5])
  expect([...(await idsOf(session, 7)), ...(await idsOf(session, 23))]).toEqual(undisturbed)
})

test('text before an append is prompt for the penalties on output', async () => {
  const model = fakeModel(3, () => [1, 0.9, -9])
  const session = await sessionWith([2], model)
  const greedy = { temperature: 0, repetitionPenalty: 1, frequencyPenalty: 0, presencePenalty: 0.5 }
  expect(await idsOf(session, 2, greedy)).toEqual([0, 1])
  expect(await idsOf(session, 1, greedy)).toEqual([0])
  await session.append([2])
  expect(await idsOf(session, 2, greedy)).toEqual([0, 1])
})

describe('a snapshot', () => {
  test.each([0, 1, 12])('continues id for id after %i tokens', async (before) => {
    const session = await sessionWith([1, 2, 3, 4, 5])
    const first = await idsOf(session, before)
    const copy = await restoreSession(scrambler(vocabSize), await session.snapshot())
    expect([...first, ...(await idsOf(copy, 30 - before))]).toEqual(undisturbed)
    expect([...first, ...(await idsOf(session, 30 - before))]).toEqual(undisturbed)
    expect([copy.position, copy.length]).toEqual([session.position, session.length])
  })

  test('of an empty session restores to an empty one', async () => {
    const copy = await restoreSession(
      scrambler(vocabSize),
      await (await createSession(scrambler(vocabSize))).snapshot(),
    )
    await copy.append([1, 2, 3, 4, 5])
    expect(await idsOf(copy, 30)).toEqual(undisturbed)
  })

  test('keeps tokens that an aborted append left pending', async () => {
    const model = scrambler(vocabSize)
    const session = await createSession(model)
    model.before = (_, tokens) => {
      if (tokens === 3) throw new Error('device lost')
    }
    await expect(session.append([1, 2, 3, 4, 5])).rejects.toThrow('device lost')
    expect([session.position, session.length]).toEqual([3, 5])
    const copy = await restoreSession(scrambler(vocabSize), await session.snapshot())
    expect(await idsOf(copy, 30)).toEqual(undisturbed)
  })

  test.each([
    ['one without session tensors', {}],
    ['an id outside the vocabulary', { 'session.pending': [vocabSize] }],
    ['a negative position', { 'session.position': [-1] }],
    ['an empty position', { 'session.position': [] }],
    ['counts that are no pairs', { 'session.counts': [1, 2, 3] }],
    ['a negative count', { 'session.counts': [1, -1] }],
    ['a count of an unknown id', { 'session.counts': [-1, 1] }],
  ] as [string, Record<string, number[]>][])('of %s is refused and leaves no state behind', async (name, wrong) => {
    const model = scrambler(vocabSize)
    const right = { 'session.position': [1], 'session.pending': [1], 'session.counts': [1, 0] }
    const extra = Object.entries(name.includes('without') ? {} : { ...right, ...wrong })
    const tensors = extra.map(([key, data]) => [key, { shape: [data.length], data: Int32Array.from(data) }] as const)
    const state = await model.createState()
    const saved = await model.saveState(state, Object.fromEntries(tensors))
    await expect(restoreSession(model, saved)).rejects.toThrow()
    expect(model.live()).toBe(1)
  })
})

describe('branches', () => {
  test('a fork continues like its origin and neither disturbs the other', async () => {
    const session = await sessionWith([1, 2, 3, 4, 5])
    const first = await idsOf(session, 9)
    const fork = session.fork()
    await fork.append([7, 7, 7])
    await idsOf(fork, 9)
    expect([...first, ...(await idsOf(session, 21))]).toEqual(undisturbed)
  })

  test('a fork between two tokens of an open stream is a whole session', async () => {
    const session = await sessionWith([1, 2, 3, 4, 5])
    const forks: Session[] = []
    let snapshot: Uint8Array = new Uint8Array()
    for await (const { id } of session.generate({ ...options, maxTokens: 30 })) {
      if (forks.length === 2 && id >= 0) snapshot = await session.snapshot()
      forks.push(session.fork())
    }
    expect(await idsOf(forks[9], 20)).toEqual(undisturbed.slice(10))
    expect(await idsOf(await restoreSession(scrambler(vocabSize), snapshot), 27)).toEqual(undisturbed.slice(3))
  })

  test('rewind goes back to a mark as often as wanted', async () => {
    const session = await sessionWith([1, 2, 3, 4, 5])
    session.mark('asked')
    await idsOf(session, 30)
    await session.append([9, 9])
    for (let times = 0; times < 2; times++) {
      session.rewind('asked')
      expect([session.position, session.length]).toEqual([4, 5])
      expect(await idsOf(session, 30)).toEqual(undisturbed)
    }
  })

  test('marks are replaced, forgotten, and missing ones are named', async () => {
    const model = scrambler(vocabSize)
    const session = await sessionWith([1], model)
    session.mark('a')
    session.mark('a')
    session.mark('b')
    expect([session.marks, model.live()]).toEqual([['a', 'b'], 3])
    session.unmark('a')
    expect([session.marks, model.live()]).toEqual([['b'], 2])
    expect(() => session.rewind('a')).toThrow('name: expected one of b, got "a".')
    expect(() => session.unmark('a')).toThrow(GenerateArgumentError)
    session.rewind('b')
    session.dispose()
    expect(model.live()).toBe(0)
  })

  test('reset is as before the first token', async () => {
    const session = await sessionWith([7, 8, 9])
    await idsOf(session, 5)
    session.reset()
    expect([session.position, session.length]).toEqual([0, 0])
    await session.append([1, 2, 3, 4, 5])
    expect(await idsOf(session, 30)).toEqual(undisturbed)
  })
})

describe('interruptions', () => {
  test.each([0, 3])('an append that is aborted after %i tokens keeps the rest for later', async (after) => {
    const model = scrambler(vocabSize)
    const session = await createSession(model)
    const controller = new AbortController()
    model.before = (_, tokens) => {
      if (tokens === after) controller.abort(new Error('enough'))
    }
    await expect(session.append([1, 2, 3, 4, 5], { signal: controller.signal })).rejects.toThrow('enough')
    expect([session.position, session.length]).toEqual([after, 5])
    expect(await idsOf(session, 30)).toEqual(undisturbed)
  })

  test('an append with a signal that is already aborted changes nothing', async () => {
    const session = await createSession(scrambler(vocabSize))
    await expect(session.append([1], { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i)
    expect(session.length).toBe(0)
  })

  test('a progress callback that throws loses no token', async () => {
    const session = await createSession(scrambler(vocabSize))
    const onProgress = (tokens: number, total: number) => {
      throw new Error(`at ${tokens} of ${total}`)
    }
    await expect(session.append([1, 2, 3, 4, 5], { onProgress })).rejects.toThrow('at 3 of 4')
    expect(await idsOf(session, 30)).toEqual(undisturbed)
  })

  test.each(['break', 'abort while predicting', 'abort between', 'failure'])(
    'generation goes on after: %s',
    async (how) => {
      const model = scrambler(vocabSize)
      const session = await sessionWith([1, 2, 3, 4, 5], model)
      const controller = new AbortController()
      const ids: number[] = []
      model.before = (_, tokens) => {
        if (tokens !== 14) return
        if (how === 'abort while predicting') controller.abort()
        if (how === 'failure') throw new Error('device lost')
      }
      const read = async () => {
        for await (const { id } of session.generate({ ...options, maxTokens: 30, signal: controller.signal })) {
          ids.push(id)
          if (ids.length === 10 && how === 'break') break
          if (ids.length === 10 && how === 'abort between') controller.abort()
        }
      }
      if (how === 'break') await read()
      else await expect(read()).rejects.toThrow()
      expect(ids).toEqual(undisturbed.slice(0, 10))
      model.before = () => {}
      expect(await idsOf(session, 20)).toEqual(undisturbed.slice(10))
    },
  )

  test('after a stop string the session holds all generated ids', async () => {
    const recite = [...new TextEncoder().encode('ab##c')]
    const model = fakeModel(256, (tokens) =>
      Array.from({ length: 256 }, (_, id) => (id === recite[tokens.length - 1] ? 9 : -99)),
    )
    const session = await createSession(model, { codec: bytes })
    await session.append('x')
    const { text, ids } = await session.generate({ stop: '##' }).result
    expect([text, ids.length, session.length]).toEqual(['ab', 4, 5])
    expect((await session.generate({ maxTokens: 1 }).result).text).toBe('c')
  })

  test('broken logits are reported, and the session can go back', async () => {
    let broken = false
    const model = fakeModel(3, () => (broken ? [NaN, 0, 0] : [0, 5, 0]))
    const session = await sessionWith([1, 2], model)
    session.mark('good')
    broken = true
    await expect(session.generate().result).rejects.toThrow(LogitsError)
    await expect(session.generate().result).rejects.toThrow('The last prediction failed: append text, reset or rewind.')
    broken = false
    session.rewind('good')
    expect(await idsOf(session, 1, { temperature: 0 })).toEqual([1])
  })
})

describe('use at the same time', () => {
  test('a second generation throws and the first one is not disturbed', async () => {
    const session = await sessionWith([1, 2, 3, 4, 5])
    const first = idsOf(session, 30)
    await expect(idsOf(session, 30)).rejects.toThrow(SessionBusyError)
    expect(await first).toEqual(undisturbed)
  })

  test('while a stream is open nothing else may change the session', async () => {
    const session = await sessionWith([1, 2, 3, 4, 5])
    session.mark('a')
    let tried = false
    for await (const { id } of session.generate({ ...options, maxTokens: 3 })) {
      tried ||= id >= 0
      await expect(session.append([1])).rejects.toThrow('session: append was called while generate is running.')
      expect(() => session.rewind('a')).toThrow(SessionBusyError)
      expect(() => session.reset()).toThrow(SessionBusyError)
    }
    expect([tried, session.length]).toEqual([true, 8])
  })

  test('while the state is in use it cannot be copied', async () => {
    const session = await sessionWith([1, 2, 3, 4, 5])
    const running = idsOf(session, 30)
    expect(() => session.fork()).toThrow(SessionBusyError)
    expect(() => session.mark('a')).toThrow(SessionBusyError)
    await expect(session.snapshot()).rejects.toThrow(SessionBusyError)
    expect(await running).toEqual(undisturbed)
  })

  test('dispose ends an open stream, frees every state once, and what follows says so', async () => {
    const model = scrambler(vocabSize)
    const session = await sessionWith([1, 2, 3], model)
    session.mark('a')
    const running = idsOf(session, 30)
    session.dispose()
    session.dispose()
    await expect(running).rejects.toThrow(SessionDisposedError)
    expect(model.live()).toBe(0)
    await expect(session.append([1])).rejects.toThrow(SessionDisposedError)
    expect(() => session.generate()).toThrow(SessionDisposedError)
    expect(() => session.fork()).toThrow(SessionDisposedError)
    await expect(session.snapshot()).rejects.toThrow(SessionDisposedError)
  })
})

test('an id outside the vocabulary changes nothing', async () => {
  const session = await sessionWith([1, 2])
  await expect(session.append([3, vocabSize])).rejects.toThrow(`no token ${vocabSize}`)
  expect(session.length).toBe(2)
})

test('unknown session options throw', async () => {
  await expect(createSession(scrambler(9), { bos: 1 } as object)).rejects.toThrow(
    'only names among codec, bosToken, got "bos"',
  )
})
