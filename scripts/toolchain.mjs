// The pinned Node and pnpm, fetched with npm into .tools/ when the machine does not have fitting ones.
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { root, step } from './step.mjs'

const folder = join(root, '.tools')
const windows = process.platform === 'win32'
const pinned = {
  node: readFileSync(join(root, '.node-version'), 'utf8').trim(),
  pnpm: /^pnpm@([\d.]+)/.exec(readJson(join(root, 'package.json')).packageManager)[1],
}

/** Node and pnpm to run everything with: { node, pnpm: script, environment }. */
export async function ensureToolchain() {
  const localNode = nodeFits(process.versions.node)
  const localPnpm = findPnpm()
  const wanted = { ...(!localNode && { node: pinned.node }), ...(!localPnpm && { pnpm: pinned.pnpm }) }
  if (!has(wanted)) await install(wanted)
  const node = localNode
    ? process.execPath
    : join(folder, 'node_modules', nodePackage(), 'bin', windows ? 'node.exe' : 'node')
  const pnpm = localPnpm ?? join(folder, 'node_modules/pnpm/bin/pnpm.cjs')
  const path = [dirname(node), join(folder, 'node_modules/.bin'), join(root, 'node_modules/.bin'), pathVariable()]
  const colours = process.stdout.isTTY || process.stderr.isTTY ? {} : { NO_COLOR: '1' }
  const environment = { ...process.env, ...colours, TURBO_TELEMETRY_DISABLED: '1' }
  for (const name of Object.keys(environment)) if (name.toLowerCase() === 'path') delete environment[name]
  environment[windows ? 'Path' : 'PATH'] = path.join(delimiter)
  return { node, pnpm, environment }
}

/** The range ^22.18 || >=24.11: type stripping, and what the tools ask for. */
export function nodeFits(version) {
  const [major, minor] = version.split('.').map(Number)
  return (major === 22 && minor >= 18) || (major === 24 && minor >= 11) || major > 24
}

function has(wanted) {
  try {
    const versions = readJson(join(folder, 'versions.json'))
    return Object.entries(wanted).every(([name, version]) => versions[name] === version)
  } catch {
    return Object.keys(wanted).length === 0
  }
}

// installs beside the final place and renames, so that an interrupted install leaves nothing half done
async function install(wanted) {
  const names = Object.entries(wanted).map(([name, version]) => `${name === 'node' ? nodePackage() : name}@${version}`)
  removeAbandoned()
  const temporary = mkdtempSync(join(root, '.tools-'))
  const removeTemporary = () => rmSync(temporary, { recursive: true, force: true })
  process.once('exit', removeTemporary)
  writeFileSync(join(temporary, 'package.json'), '{ "private": true }\n')
  const args = [
    'install',
    '--prefix',
    temporary,
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--save-exact',
    ...names,
  ]
  const [command, leading] = npmCommand()
  const title = `installing ${Object.entries(wanted)
    .map(([name, version]) => `${name} ${version}`)
    .join(' and ')} into .tools`
  await step(title, command, [...leading, ...args], { cwd: temporary })
  writeFileSync(join(temporary, 'versions.json'), `${JSON.stringify(wanted)}\n`)
  replaceFolder(temporary, wanted)
  process.off('exit', removeTemporary)
}

// what killed runs left behind; a younger one may belong to a run that is alive
function removeAbandoned() {
  const hourAgo = Date.now() - 3_600_000
  const found = readdirSync(root).filter(
    (name) => name.startsWith('.tools-') && statSync(join(root, name)).mtimeMs < hourAgo,
  )
  for (const name of found) rmSync(join(root, name), { recursive: true, force: true })
}

function replaceFolder(temporary, wanted) {
  // another run was faster; its result serves as well
  if (has(wanted)) {
    rmSync(temporary, { recursive: true, force: true })
    return
  }
  const old = `${temporary}-old`
  if (existsSync(folder)) renameSync(folder, old)
  try {
    renameSync(temporary, folder)
  } catch (error) {
    if (!has(wanted)) throw error
    rmSync(temporary, { recursive: true, force: true })
  }
  rmSync(old, { recursive: true, force: true })
}

// the packages that hold nothing but the executable: no install script is needed, which newer npm versions do not run
function nodePackage() {
  const prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'
  return `${prefix}-${windows ? 'win' : process.platform}-${process.arch}`
}

function npmCommand() {
  const script = process.env.npm_execpath
  return script?.endsWith('npm-cli.js') ? [process.execPath, [script]] : [windows ? 'npm.cmd' : 'npm', []]
}

// a pnpm of the right major on the PATH, by reading its package.json: running it could start a download (corepack)
function findPnpm() {
  if (windows) return undefined
  for (const entry of pathVariable().split(delimiter)) {
    try {
      const script = realpathSync(join(entry, 'pnpm'))
      const { name, version } = readJson(join(dirname(script), '../package.json'))
      if (name === 'pnpm' && version.split('.')[0] === pinned.pnpm.split('.')[0] && script.endsWith('js')) return script
    } catch {
      continue
    }
  }
  return undefined
}

function pathVariable() {
  return process.env.PATH ?? process.env.Path ?? ''
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}
