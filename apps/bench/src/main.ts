/** `npm run bench [-- --json]`: one run, one machine, every number beside its baseline. `-- sweep` and the like: the server under load. */
import { cpus, loadavg } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { measureBandwidth } from './bandwidth.ts'
import { baseline, type Candidate, loadCandidates } from './candidates.ts'
import { modes, runLoad } from './load/main.ts'
import { checkCandidates } from './gate.ts'
import { faults } from './faults/main.ts'
import { compare, decodeTask, positionTasks, prefillTasks } from './measure.ts'
import { type DecodeRow, markdown, type PrefillRow, type Report } from './report.ts'

const folder = resolve(import.meta.dirname, '../../../models/novels-7m')
const repetitions = 5

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
  const say = (line: string) => process.stderr.write(`bench: ${line}\n`)
  const load = loadavg()[0]
  say('bandwidth ...')
  const bandwidth = [await measureBandwidth(1), await measureBandwidth(2)]
  say('loading, and the correctness gate ...')
  const candidates = await loadCandidates(folder)
  const gate = await checkCandidates(folder, candidates)
  say('decode, prefill, position ...')
  const decode = await decodeRows(candidates, Math.max(...bandwidth.map(({ bytesPerSecond }) => bytesPerSecond)))
  const report: Report = {
    machine: machineOf(load, candidates),
    bandwidth,
    gate,
    decode,
    prefill: await prefillRows(
      candidates.filter(({ name }) => name !== baseline),
      decode,
    ),
    position: await positionRows(candidates.find(({ name }) => name === 'cpu f32')!),
  }
  for (const { loaded, backend } of candidates) {
    loaded.dispose()
    backend.dispose()
  }
  process.stdout.write(`${values.json ? JSON.stringify(report, null, 2) : markdown(report)}\n`)
}

function machineOf(load: number, candidates: readonly Candidate[]): Report['machine'] {
  const cores = cpus()
  const backend = candidates.at(-1)!.backend.limits.description
  return { processor: cores[0].model.trim(), cores: cores.length, load, node: process.versions.node, backend }
}

async function decodeRows(candidates: readonly Candidate[], bytesPerSecond: number): Promise<DecodeRow[]> {
  const rates = await compare(await Promise.all(candidates.map(decodeTask)), repetitions)
  return candidates.map(({ name, loaded: { model } }) => {
    const tokensPerSecond = rates.get(name)!
    const traffic = (model.weightBytes + 2 * model.stateBytes) * tokensPerSecond
    return {
      name,
      tokensPerSecond,
      ratio: tokensPerSecond / rates.get(baseline)!,
      weightBytes: model.weightBytes,
      shareOfBandwidth: name === baseline ? null : traffic / bytesPerSecond,
    }
  })
}

async function prefillRows(candidates: readonly Candidate[], decode: readonly DecodeRow[]): Promise<PrefillRow[]> {
  const pairs = await Promise.all(candidates.map(prefillTasks))
  const rates = await compare(pairs.flat(), repetitions)
  return candidates.flatMap(({ name }, index) => {
    const decoding = decode.find((row) => row.name === name)!.tokensPerSecond
    const single = rates.get(pairs[index][1].name)!
    return pairs[index].map((task) => {
      const tokensPerSecond = rates.get(task.name)!
      return {
        name: task.name,
        tokensPerSecond,
        ratio: tokensPerSecond / single,
        ratioToDecode: tokensPerSecond / decoding,
      }
    })
  })
}

async function positionRows(candidate: Candidate): Promise<Report['position']> {
  const tasks = await positionTasks(candidate, [1000, 20_000])
  const rates = await compare(tasks, repetitions * 3)
  const first = rates.get(tasks[0].name)!
  return tasks.map(({ name, stateBytes }) => {
    const rate = rates.get(name)!
    return { name, msPerToken: 1000 / rate, ratio: first / rate, stateBytes }
  })
}

const mode = modes.find((name) => name === process.argv[2])
if (process.argv[2] === 'faults') process.exitCode = await faults(process.argv.slice(3))
else if (mode) process.exitCode = await runLoad(mode, process.argv.slice(3))
else await main()
