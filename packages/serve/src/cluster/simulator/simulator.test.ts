// What must hold whatever dies: see `simulate`. A failure names the moment or the seed, with which the same run can be had again.
import { expect, test } from 'vitest'
import { deadly, freeze, kill, lose, randomSimulation, small } from './scenarios.js'
import { type Outcome, type Simulation, simulate } from './simulate.js'

async function run(what: string, simulation: Simulation): Promise<Outcome> {
  try {
    return await simulate(simulation)
  } catch (cause) {
    throw new Error(`${what}: ${(cause as Error).message}`, { cause })
  }
}

test('without a fault all is read, and nothing goes wrong on the way', async () => {
  const { cluster, seen } = await run('no fault', small)
  expect(cluster.errors).toEqual([])
  const read = seen.filter(({ outcome }) => outcome === 'read').map(({ turn }) => turn.id)
  expect(read.toSorted()).toEqual(['first', 'instead', 'regretted', 'second', 'texts'])
})

test.each([
  ['killed', kill, false],
  ['stopped for longer than its lease', freeze, false],
  ['left without an answer', lose, true],
])('a process is %s at each moment of each of its calls', async (what, fault, leavesCheckpoints) => {
  const { moments } = await run('no fault', small)
  for (let at = 0; at < moments; at += 1)
    await run(`${what} at ${at}`, {
      ...small,
      leavesCheckpoints,
      faultAt: (moment) => (moment === at ? fault : undefined),
    })
})

test('a turn that no worker survives is given up, and said to be', async () => {
  const { seen } = await run('deadly', deadly)
  const error = expect.objectContaining({ code: 'turn_failed' })
  expect(seen.find(({ turn }) => turn.id === 'deadly')!.entries.at(-1)).toMatchObject({ kind: 'end', error })
  expect(seen.find(({ turn }) => turn.id === 'beside')!.entries.at(-1)).toMatchObject({ kind: 'end', error: null })
})

test('many processes are killed, stopped, and delayed, and clocks jump, at random', async () => {
  for (let seed = 1; seed <= 200; seed += 1) await run(`seed ${seed}`, randomSimulation(seed))
})
