// Brings node_modules and dist up to date, and knows from cheap stamps when there is nothing to do.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { lock } from './lock.mjs'
import { buildStamp, installStamp, stampMatches, writeStamp } from './stamps.mjs'
import { root, say, step } from './step.mjs'

const installFile = join(root, 'node_modules/.retnet-install')
const buildFile = join(root, 'node_modules/.retnet-build')

/** Installs dependencies and builds the packages if anything they depend on has changed. */
export async function prepare(toolchain) {
  if (upToDate()) return
  const unlock = await lock(join(root, '.cache/prepare.lock'), () =>
    say('waiting for another run to finish building ...'),
  )
  try {
    await installDependencies(toolchain)
    await buildPackages(toolchain)
  } finally {
    unlock()
  }
}

/** Whether the dependencies are as package.json and the lockfile want them. */
export function isInstalled() {
  return stampMatches(installFile, installStamp())
}

function upToDate() {
  return isInstalled() && stampMatches(buildFile, buildStamp())
}

async function installDependencies({ node, pnpm, environment }) {
  const stamp = installStamp()
  if (stampMatches(installFile, stamp)) return
  rmSync(installFile, { force: true })
  const args = ['install', '--frozen-lockfile', '--config.confirmModulesPurge=false']
  await step('installing dependencies', node, [pnpm, ...args], { cwd: root, environment })
  // taken again: it sees whether each package has its node_modules
  writeStamp(installFile, installStamp())
}

async function buildPackages({ node, pnpm, environment }) {
  const stamp = buildStamp()
  if (stampMatches(buildFile, stamp)) return
  rmSync(buildFile, { force: true })
  const args = ['exec', 'turbo', 'run', 'build', '--output-logs=errors-only', '--ui=stream']
  await step('building the packages', node, [pnpm, ...args], { cwd: root, environment })
  // taken again: a build may write generated sources
  writeStamp(buildFile, buildStamp())
}
