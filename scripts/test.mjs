// `npm test`: build, types, lint, format and every test; the last line counts them.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { foreground } from './process.mjs'
import { isInstalled, prepare } from './prepare.mjs'
import { ensureDebianPackages } from './debian-packages.mjs'
import { root, say, step, StepFailed } from './step.mjs'

const resultFile = join(root, '.cache/vitest.json')

const checks = [
  ['checking types', ['tsc', '-p', 'tsconfig.json']],
  ['linting', ['oxlint', '--deny-warnings']],
  ['checking the format', ['oxfmt', '--check']],
]

/** Arguments go to vitest: a path filters the tests, `-t name` too. Every check runs even if an earlier one failed. */
export async function runTests(toolchain, args) {
  const failures = []
  const attempt = async (run) => {
    try {
      await run()
      return true
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error
      failures.push(error.message)
      process.stderr.write(`${error.message}\n`)
      return false
    }
  }
  // most checks read the sources: a build that fails does not keep them from running, missing dependencies do
  const ready = await attempt(() => prepare(toolchain))
  if (!ready && !isInstalled()) return finish({ passed: 0, failed: 0, skipped: 0 }, failures)
  for (const [title, [tool, ...options]] of checks) await attempt(() => step(title, ...local(toolchain, tool, options)))
  await ensureDebianPackages(toolchain)
  const { counts, code } = await runVitest(toolchain, args)
  // said again, for the reader who sees the end first
  for (const message of failures) say(message.slice(message.lastIndexOf('retnet: ') + 'retnet: '.length))
  return finish(counts, failures, code)
}

async function runVitest({ node, pnpm, environment }, args) {
  mkdirSync(dirname(resultFile), { recursive: true })
  rmSync(resultFile, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${resultFile}`]
  const { code, signal } = await foreground(node, [pnpm, 'exec', 'vitest', 'run', ...reporters, ...args], environment)
  return { counts: countTests(), code: signal === null ? code : 1 }
}

// a test file that could not be loaded has no tests to count, so it counts as one failure itself
function countTests() {
  try {
    const result = JSON.parse(readFileSync(resultFile, 'utf8'))
    const unloaded = result.testResults.filter(
      (file) => file.status === 'failed' && !file.assertionResults.some(failed),
    )
    const skipped = result.numPendingTests + (result.numTodoTests ?? 0)
    return { passed: result.numPassedTests, failed: result.numFailedTests + unloaded.length, skipped }
  } catch {
    say(`the test runner left no result in ${resultFile}`)
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

function failed(test) {
  return test.status === 'failed'
}

// failed checks are counted too: the last line never says "0 failed" when the exit code is not 0
function finish(counts, failures, code = 0) {
  const failedCount = counts.failed + failures.length
  const failedTotal = failedCount === 0 && code !== 0 ? 1 : failedCount
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
  process.stdout.write(`${counts.passed} passed, ${failedTotal} failed${skipped}\n`)
  return { code: failedTotal > 0 ? 1 : 0, signal: null }
}

function local({ node, pnpm, environment }, tool, options) {
  return [node, [pnpm, 'exec', tool, ...options], { cwd: root, environment }]
}
