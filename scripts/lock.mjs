// A lock between processes of one machine: a file that names its owner, ignored when the owner is gone.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves to a function that releases the lock; calls onWait once if somebody else holds it. */
export async function lock(file, onWait) {
  mkdirSync(dirname(file), { recursive: true })
  for (let told = false; !take(file); told = true) {
    if (!told) onWait()
    await sleep(200)
  }
  const release = () => rmSync(file, { force: true })
  process.once('exit', release)
  return () => {
    process.off('exit', release)
    release()
  }
}

function take(file) {
  try {
    writeFileSync(file, `${process.pid}`, { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  }
  if (ownerRuns(file)) return false
  rmSync(file, { force: true })
  return take(file)
}

function ownerRuns(file) {
  try {
    const owner = Number(readFileSync(file, 'utf8'))
    if (owner === 0) return true
    process.kill(owner, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
