/**
 * The conformance suite on the GPU of this machine, at every level of the feature ladder that it offers: each case, each gradient, the
 * contract, and the reference models in fixtures/. Ends with code 1 when something failed.
 *
 *   node bench/conformance.mjs [--profiles matrix,f16,subgroups,basic] [--only text] [--no-models] [--fixtures folder] [--dawn flag]...
 *
 * --only keeps the checks whose name contains the text. Needs the built packages and, in Node, the package `webgpu`. For a machine
 * without an install `node bench/bundle.mjs` writes all of it into one file, bench/dist/conformance.mjs, that needs `webgpu` alone.
 */
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { FixtureModel, backendChecks, fixtures, missingEncoding, modelChecks, readFixture } from '@retnet/conformance'
import { nodeFolder, openCheckpoint, openFile, openSafetensors } from '@retnet/formats'
import { AdapterError, webgpu } from '@retnet/webgpu'

const { values: options } = parseArgs({
  options: {
    profiles: { type: 'string', default: 'matrix,f16,subgroups,basic' },
    only: { type: 'string', default: '' },
    models: { type: 'boolean', default: true },
    fixtures: { type: 'string', default: 'fixtures' },
    dawn: { type: 'string', multiple: true, default: [] },
  },
  allowNegative: true,
})

const total = { passed: 0, failed: 0, skipped: 0 }

for (const profile of options.profiles.split(',')) {
  const backend = await open(profile)
  if (!backend) continue
  console.log(`${profile}: ${backend.limits.description}`)
  for (const suite of new Set(backendChecks.map((check) => check.suite))) {
    const ofSuite = backendChecks.filter((check) => check.suite === suite)
    const checks = ofSuite.filter((check) => !missingEncoding(check, backend))
    if (checks.length < ofSuite.length) {
      skip(`of ${suite}`, `encodings other than ${backend.limits.encodings.join(', ')}`, ofSuite.length - checks.length)
    }
    await group(
      suite,
      checks.map(({ id, run }) => [id, () => run(backend)]),
    )
  }
  if (options.models) for (const fixture of fixtures) await checkModel(backend, fixture)
  else skip('reference models', '--no-models')
  backend.dispose()
}

console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0

/** The backend at this level, or null with the reason told. */
async function open(profile) {
  try {
    return await webgpu({ profile, poison: true, dawn: options.dawn })
  } catch (error) {
    if (!(error instanceof AdapterError) || !/lacks a feature/.test(error.message)) throw error
    skip(`profile ${profile}`, error.message)
    return null
  }
}

async function checkModel(backend, fixture) {
  const model = await FixtureModel.upload(await load(fixture.folder), backend)
  await group(
    fixture.folder,
    modelChecks(fixture).map(({ name, run }) => [`${fixture.folder}: ${name}`, () => run(model)]),
  )
  model.dispose()
}

async function load(folder) {
  const path = join(options.fixtures, folder)
  const checkpoint = await openCheckpoint(await nodeFolder(path))
  const expected = await openSafetensors(await openFile(join(path, 'expected.safetensors')))
  try {
    return await readFixture(checkpoint, expected)
  } finally {
    checkpoint.dispose()
    expected.dispose()
  }
}

async function group(name, checks) {
  const chosen = checks.filter(([id]) => id.includes(options.only))
  const before = total.failed
  for (const [id, run] of chosen) await hold(id, run)
  const failed = total.failed - before
  console.log(`  ${name}: ${chosen.length - failed} passed, ${failed} failed`)
  const left = checks.length - chosen.length
  if (left > 0) skip(`${left} of ${name}`, `--only ${options.only}`, left)
}

async function hold(id, run) {
  try {
    await run()
    total.passed++
  } catch (error) {
    total.failed++
    console.log(`  FAILED ${id}\n    ${String(error).replaceAll('\n', '\n    ')}`)
  }
}

function skip(what, reason, count = 1) {
  total.skipped += count
  console.log(`  skipped ${what}: ${reason}`)
}
